/** What was typed and could not be sent yet, kept in this browser so that a reload or a crash loses nothing. */
import type { DraftFields } from "../api/types";

const PREFIX = "hotline.draft.";

export function keepUnsent(callId: string, changes: Partial<DraftFields>): void {
  try {
    if (Object.keys(changes).length === 0) localStorage.removeItem(PREFIX + callId);
    else localStorage.setItem(PREFIX + callId, JSON.stringify(changes));
  } catch {
    // Storage full or forbidden: the page still holds it, which is all that can be done.
  }
}

export function unsentFor(callId: string): Partial<DraftFields> {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + callId) ?? "{}") as Partial<DraftFields>;
  } catch {
    return {};
  }
}

/** On signing out nothing personal stays behind on the PC. */
export function forgetUnsent(): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  }
}
