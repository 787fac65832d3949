import { describe, expect, it } from "vitest";
import { outline, signsAt, spokenAt, wordAt } from "../src/parts/waveform";

describe("waveform", () => {
  it("draws up and down from the middle line", () => {
    expect(outline([0, 100])).toBe("M0 20L0.5 20.0L1.5 0.0L2 20Z");
    expect(outline([50], true)).toBe("M0 20L0.5 30.0L1 20Z");
    expect(outline([])).toBe("");
  });
  it("finds the word under a click by its share of the text", () => {
    const words = [["路灯", 0, 0.4], ["坏了", 0.5, 0.4], ["半个月", 1.2, 0.6]] as const;
    expect([0, 0.3, 0.5, 0.99, 1].map((share) => wordAt(words, share))).toEqual([0, 0.5, 0.5, 1.2, 1.2]);
    expect(wordAt([], 0.5)).toBe(0);
  });
  it("finds the word that is heard, until the next one", () => {
    const words = [["路灯", 0, 0.4], ["坏了", 0.5, 0.4], ["半个月", 1.2, 0.6]] as const;
    const text = "路灯坏了，半个月。";
    const heard = (into: number) => { const at = signsAt(text, words, into); return at && text.slice(...at); };
    expect([0.45, 0.5, 1.19, 1.25, 2].map(heard)).toEqual(["路灯", "坏了", "坏了", "半个月", null]);
    expect(signsAt("电话138", [["电话", 0, 1], ["幺三八", 1, 1]], 1.5)).toEqual([2, 5]);
    expect(signsAt("", [], 0)).toBeNull();
  });
  it("knows what is being said", () => {
    const said = [
      { id: "a", started_at: "2026-03-02T04:00:01Z", seconds: 2 },
      { id: "b", started_at: "2026-03-02T04:00:05Z", seconds: 1 },
    ];
    const began = Date.parse("2026-03-02T04:00:00Z");
    expect([0, 1, 2.9, 4, 5.5].map((at) => spokenAt(said, began, at)?.id)).toEqual([undefined, "a", "a", undefined, "b"]);
    expect(spokenAt(said, began, 5.5)?.into).toBeCloseTo(0.5);
  });
});
