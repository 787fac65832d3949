/** Short notices at the top of the page: what failed and what to do, or that something was done. */
import { ElMessage } from "element-plus";
import { asApiError } from "./api/client";
import { sentenceOf } from "./i18n";

export function tellError(error: unknown): void {
  ElMessage({ type: "error", message: sentenceOf(asApiError(error)), duration: 6_000, showClose: true, grouping: true });
}

export function tell(message: string, type: "success" | "info" | "warning" = "success"): void {
  ElMessage({ type, message, duration: 3_000, grouping: true });
}

/** Run what a click asked for; a failure becomes a sentence instead of a lost promise. True when it worked. */
export async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    tellError(error);
    return false;
  }
}
