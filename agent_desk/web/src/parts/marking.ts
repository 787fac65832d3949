/** Cutting a sentence at the words that matter. Pure. */

export interface Run {
  text: string;
  marked: boolean;
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
