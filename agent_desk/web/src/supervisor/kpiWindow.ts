/** The windows of the figures. Pure. */
export type WindowName = "day" | "today" | "custom";
export interface Window { from?: string; to?: string }

const DAY_MS = 86_400_000;

/** The window's ends for the engine, in UTC; null while a custom one is incomplete or runs backwards. */
export function windowOf(name: WindowName, now: number, from: string, to: string): Window | null {
  if (name === "custom") {
    const [begins, ends] = [Date.parse(from), Date.parse(to)];
    return begins < ends ? { from: new Date(begins).toISOString(), to: new Date(ends).toISOString() } : null;
  }
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  return { from: new Date(name === "today" ? midnight : now - DAY_MS).toISOString(), to: new Date(now).toISOString() };
}

/** Which figures are shown, in this order, and how. */
export const KPI_FIGURES = [
  ["answer_rate", "share"],
  ["prompt_rate", "share"],
  ["abandon_rate", "share"],
  ["average_wait", "time"],
  ["wait_error", "time"],
  ["occupancy", "share"],
] as const;

/** The formula in the reader's language: the engine prints "中文 / English". */
export function formulaOf(printed: string | undefined, language: string): string {
  const at = (printed ?? "").search(/ \/ (?=[a-z])/);
  if (printed === undefined || at < 0) return printed ?? "";
  return language === "zh" ? printed.slice(0, at) : printed.slice(at + 3);
}
