/** The picture of two voices as SVG paths: the citizen above the line, the agent below it. Pure. */

export const HALF = 20;

/** A closed path over `peaks` (0–100), `HALF` high; below the line when `down`. One unit wide per peak. */
export function outline(peaks: readonly number[], down = false): string {
  if (peaks.length === 0) return "";
  const sign = down ? 1 : -1;
  const points = peaks.map((peak, at) => `L${at + 0.5} ${(HALF + (sign * Math.min(peak, 100) * HALF) / 100).toFixed(1)}`);
  return `M0 ${HALF}${points.join("")}L${peaks.length} ${HALF}Z`;
}

/** Which of the heard words stands at `share` (0–1) of a line's text; its start in seconds. */
export function wordAt(words: readonly (readonly [string, number, number])[], share: number): number {
  const whole = words.reduce((sum, [text]) => sum + text.length, 0);
  let passed = 0;
  for (const [text, start] of words) {
    passed += text.length;
    if (passed > share * whole) return start;
  }
  return words.at(-1)?.[1] ?? 0;
}

/** Signs between two words that may be punctuation. */
const REACH = 6;

/** Which signs of `text` are heard `into` seconds from its start: from and to (not in); null in a pause. What is written
 * otherwise than it was heard (numbers, corrections) is found by its length. */
export function signsAt(text: string, words: readonly (readonly [string, number, number])[], into: number): [number, number] | null {
  let cursor = 0;
  for (const [at, [word, start, seconds]] of words.entries()) {
    const found = text.indexOf(word, cursor);
    const from = found >= 0 && found - cursor <= REACH ? found : Math.min(cursor, text.length);
    const next = words[at + 1]?.[1] ?? 0;
    const end = Math.max(start + seconds, Math.min(next, start + seconds + 0.3)); // a word stays until the next one
    if (into >= start - 0.05 && into < end) return [from, Math.min(from + word.length, text.length)];
    cursor = from + word.length;
  }
  return null;
}

/** What is heard now: an utterance, and how many seconds into it. */
export interface HeardNow {
  id: string;
  into: number;
}

/** What is being said `seconds` into a recording that began at `began` (ms since 1970); null in a pause. */
export function spokenAt(
  utterances: readonly { id: string; started_at: string; seconds: number }[],
  began: number,
  seconds: number,
): HeardNow | null {
  const at = began + seconds * 1000;
  const line = utterances.findLast((u) => {
    const start = Date.parse(u.started_at);
    return at >= start - 150 && at <= start + u.seconds * 1000 + 250;
  });
  return line ? { id: line.id, into: (at - Date.parse(line.started_at)) / 1000 } : null;
}
