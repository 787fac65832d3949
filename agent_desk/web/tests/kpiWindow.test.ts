import { describe, expect, it } from "vitest";
import { formulaOf, windowOf } from "../src/supervisor/kpiWindow";
import { applyToLive, emptyLive } from "../src/supervisor/liveState";

const NOON = Date.parse("2026-11-22T12:00:00Z");

describe("windows of figures", () => {
  it("the last 24 hours end now", () => {
    expect(windowOf("day", NOON, "", "")).toEqual({ from: "2026-11-21T12:00:00.000Z", to: "2026-11-22T12:00:00.000Z" });
  });
  it("a custom one that is incomplete or runs backwards asks nothing", () => {
    expect(windowOf("custom", NOON, "2026-11-22T08:00", "")).toBeNull();
    expect(windowOf("custom", NOON, "2026-11-22T08:00", "2026-11-22T07:00")).toBeNull();
    expect(windowOf("custom", NOON, "2026-11-22T07:00", "2026-11-22T08:00")).not.toBeNull();
  });
  it("a formula is shown in one language", () => {
    const printed = "人工接通率 = 接通 / 进入排队 / answered ÷ queued";
    expect(formulaOf(printed, "zh")).toBe("人工接通率 = 接通 / 进入排队");
    expect(formulaOf(printed, "en")).toBe("answered ÷ queued");
  });
});

describe("alarms", () => {
  it("come once and go", () => {
    const live = emptyLive();
    const alarm = { name: "等候过久", figure: "longest_wait", group: null, value: 150, threshold: 120, since: "2026-11-22T12:00:00Z", raised: true };
    applyToLive(live, { type: "live.alarm", data: alarm });
    applyToLive(live, { type: "live.alarm", data: alarm });
    expect(live.alarms).toHaveLength(1);
    applyToLive(live, { type: "live.alarm", data: { ...alarm, raised: false } });
    expect(live.alarms).toEqual([]);
  });
});
