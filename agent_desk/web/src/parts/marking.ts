/** Cutting a sentence at the words that matter. Pure. */

export interface Run {
  text: string;
  marked: boolean;
  /** It is heard now. */
  spoken?: boolean;
}

/** The runs cut anew, so that the signs from `from` to `to` (not in) are runs of their own that are heard now. */
export function speak(runs: readonly Run[], from: number, to: number): Run[] {
  let at = 0;
  return runs.flatMap((run) => {
    const [first, last] = [Math.max(from - at, 0), Math.min(to - at, run.text.length)];
    at += run.text.length;
    if (first >= last) return [run];
    const pieces: Run[] = [
      { ...run, text: run.text.slice(0, first) },
      { ...run, text: run.text.slice(first, last), spoken: true },
      { ...run, text: run.text.slice(last) },
    ];
    return pieces.filter((piece) => piece.text !== "");
  });
}

/** The text in runs; those that are one of `words` are marked. Longer words win over shorter ones inside them. */
export function mark(text: string, words: readonly string[]): Run[] {
  const known = [...new Set(words)].filter((word) => word !== "").sort((a, b) => b.length - a.length);
  const runs: Run[] = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const word = known.find((candidate) => text.startsWith(candidate, at));
    if (word === undefined) {
      plain += text[at++];
      continue;
    }
    if (plain !== "") runs.push({ text: plain, marked: false });
    plain = "";
    runs.push({ text: word, marked: true });
    at += word.length;
  }
  if (plain !== "") runs.push({ text: plain, marked: false });
  return runs;
}
