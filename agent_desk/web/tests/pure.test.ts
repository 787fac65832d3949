import { describe, expect, it } from "vitest";
import { delayBefore } from "../src/backoff";
import { isNew, readsLikeBoilerplate, step } from "../src/department/inbox";
import type { LiveSeat as Seat, TicketSummary } from "../src/api/types";
import { momentOf, percent, phone, secondsSince, shareGone, stopwatch, timeLeft } from "../src/format";
import { mark, speak } from "../src/parts/marking";
import { countersOf, qualityBetween } from "../src/quality";
import { doingOf, selectSeats } from "../src/supervisor/liveState";

const NOW = Date.parse("2026-11-22T09:00:00+08:00");
const later = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

describe("times as people read them", () => {
  it.each([[0, "00:00"], [133, "02:13"], [3733, "1:02:13"], [-4, "00:00"]])("%i s is %s", (seconds, text) => expect(stopwatch(seconds)).toBe(text));
  it("never counts backwards", () => expect(secondsSince(later(5), NOW)).toBe(0));
  it.each([
    [59, { over: false, unit: "minutes", count: 59 }],
    [61, { over: false, unit: "hours", count: 1 }],
    [47 * 60, { over: false, unit: "hours", count: 47 }],
    [49 * 60, { over: false, unit: "days", count: 2 }],
    [-90, { over: true, unit: "hours", count: 1 }],
  ] as const)("%i minutes left", (minutes, left) => expect(timeLeft(later(minutes), NOW)).toEqual(left));
  it("tells how much of the time is gone", () => {
    expect(shareGone(later(-60), later(60), NOW)).toBe(0.5);
    expect(shareGone(later(0), later(0), NOW)).toBe(1);
  });
  it("groups mobile numbers and leaves others", () => {
    expect(phone("13800000001")).toBe("138 0000 0001");
    expect(phone("138****0001")).toBe("138 **** 0001");
    expect(phone("05392100000")).toBe("05392100000");
  });
  it("shows a dash for nothing", () => {
    expect(momentOf(null, NOW)).toBe("—");
    expect(percent(null)).toBe("—");
    expect(percent(0.98123)).toBe("98.1 %");
  });
});

describe("trying again", () => {
  it("doubles up to a ceiling and spreads", () => {
    const rule = { firstMs: 500, maximumMs: 8_000 };
    expect(delayBefore(0, rule, () => 0)).toBe(250);
    expect(delayBefore(2, rule, () => 1)).toBe(2_000);
    expect(delayBefore(99, rule, () => 1)).toBe(8_000);
  });
});

describe("marking words", () => {
  it("longer words win, the text stays whole", () => {
    const runs = mark("路灯坏了，路灯", ["路灯", "路灯坏了"]);
    expect(runs.filter((run) => run.marked).map((run) => run.text)).toEqual(["路灯坏了", "路灯"]);
    expect(runs.map((run) => run.text).join("")).toBe("路灯坏了，路灯");
  });
  it("cuts out what is heard now, across runs", () => {
    const runs = mark("路灯坏了半个月", ["坏了"]);
    expect(speak(runs, 2, 4)).toEqual([
      { text: "路灯", marked: false }, { text: "坏了", marked: true, spoken: true }, { text: "半个月", marked: false },
    ]);
    expect(speak(runs, 1, 3).map((run) => [run.text, run.spoken ?? false])).toEqual([
      ["路", false], ["灯", true], ["坏", true], ["了", false], ["半个月", false],
    ]);
    expect(speak(runs, 9, 9)).toEqual(runs);
  });
  it("marks nothing for nothing", () => expect(mark("好", ["", "坏"])).toEqual([{ text: "好", marked: false }]));
});

describe("voice quality", () => {
  const stats = (received: number, lost: number, jitter: number, rtt: number): [string, unknown][] => [
    ["a", { type: "inbound-rtp", kind: "audio", packetsReceived: received, packetsLost: lost, jitter }],
    ["b", { type: "candidate-pair", nominated: true, currentRoundTripTime: rtt }],
  ];
  it("grades by the worst of loss, jitter and round trip", () => {
    const before = countersOf(stats(100, 0, 0.001, 0.01));
    expect(qualityBetween(before, countersOf(stats(200, 0, 0.001, 0.01))).grade).toBe("good");
    expect(qualityBetween(before, countersOf(stats(197, 3, 0.001, 0.01))).grade).toBe("fair");
    expect(qualityBetween(before, countersOf(stats(200, 0, 0.001, 0.6))).grade).toBe("poor");
  });
  it("what the citizen does not hear counts as what the agent does not hear", () => {
    const told = (fractionLost: number) => countersOf([...stats(200, 0, 0.001, 0.01), ["c", { type: "remote-inbound-rtp", kind: "audio", fractionLost }]]);
    expect(qualityBetween(null, told(0.01)).grade).toBe("good");
    expect(qualityBetween(null, told(0.07))).toMatchObject({ sentLoss: 0.07, grade: "poor" });
  });
  it("a parked leg that hears nothing is not bad", () => {
    const quiet = countersOf(stats(0, 0, 0, 0.002));
    expect(qualityBetween(quiet, quiet)).toMatchObject({ loss: null, grade: "good" });
  });
});

describe("the inbox", () => {
  const items = ["a", "b", "c"].map((id) => ({ id, state: "dispatched" }) as TicketSummary);
  it("steps and stops at the ends", () => {
    expect(step(items, null, 1)).toBe("a");
    expect(step(items, "a", 1)).toBe("b");
    expect(step(items, "c", 1)).toBe("c");
    expect(step([], "a", 1)).toBeNull();
  });
  it("a work order is new only where it belongs", () => {
    const moved = { id: "d", state: "dispatched" } as TicketSummary;
    expect(isNew(items, moved, "dispatched")).toBe(true);
    expect(isNew(items, moved, "closed")).toBe(false);
    expect(isNew(items, { ...moved, id: "a" }, "")).toBe(false);
  });
  it("notices empty phrases, not real answers", () => {
    expect(readsLikeBoilerplate("已收到，正在处理。")).toBe(true);
    expect(readsLikeBoilerplate("11月23日上午更换6盏路灯光源和2处断线，晚间试亮正常，已电话告知市民。")).toBe(false);
    expect(readsLikeBoilerplate("")).toBe(false);
  });
});

describe("seats of the room", () => {
  const seat = (id: string, status: Seat["status"], state: Seat["state"], since = later(0)): Seat => ({
    id, name: id, account: null, agent_name: `人${id}`, status, reason: null, state, since, call_id: null, groups: ["g"], caller: "",
  });
  it("what happens counts more than what was chosen", () => {
    expect(doingOf(seat("1", "not_ready", "talking"))).toBe("talking");
    expect(doingOf(seat("1", "ready", "unreachable"))).toBe("unreachable");
    expect(doingOf(seat("1", "offline", "unreachable"))).toBe("offline");
    expect(doingOf(seat("1", "not_ready", "idle"))).toBe("not_ready");
  });
  it("filters and sorts without touching the input", () => {
    const seats = [seat("1010", "ready", "idle", later(-1)), seat("1002", "ready", "talking", later(-9)), seat("999", "not_ready", "idle")];
    const all = { doing: null, words: "", group: null };
    expect(selectSeats(seats, all, "id").map((s) => s.id)).toEqual(["999", "1002", "1010"]);
    expect(selectSeats(seats, all, "longest").map((s) => s.id)).toEqual(["1002", "1010", "999"]);
    expect(selectSeats(seats, { ...all, doing: "ready" }, "doing").map((s) => s.id)).toEqual(["1010"]);
    expect(selectSeats(seats, { ...all, words: "人1002" }, "id")).toHaveLength(1);
    expect(seats[0]?.id).toBe("1010");
  });
});
