import { describe, expect, it } from "vitest";
import type { Control, Live, LiveSeat } from "../src/api/types";
import { applyToLive, emptyLive, handsUp } from "../src/supervisor/liveState";
import { linePoints } from "../src/supervisor/trend";
import { devicesOf, loudness } from "../src/headset";
import { complaints } from "../src/quality";
import { wallFigures } from "../src/supervisor/wallFigures";

const NOW = Date.parse("2026-11-20T04:00:00Z");
const seat = (id: string, status: LiveSeat["status"], state: LiveSeat["state"]): LiveSeat => ({
  id, name: id, account: null, agent_name: null, status, reason: null, state, since: "2026-11-20T03:59:00Z", call_id: null, groups: ["g"], caller: "",
});
const control = (id: string, raised: boolean): Control => ({
  seat: id, call_id: null, stage: "talking", party: null, held_since: null, muted: false, may: [], watched: [], hand_raised: raised, hand_note: "",
});

describe("the headset", () => {
  it("shows the devices of each use, without the system's doubles", () => {
    const all = [["audioinput", "default"], ["audioinput", "mic"], ["audiooutput", "ear"], ["audiooutput", "communications"], ["videoinput", "cam"]] as const;
    const infos = all.map(([kind, deviceId]) => ({ kind, deviceId, label: deviceId }));
    expect(devicesOf("microphone", infos).map((one) => one.id)).toEqual(["mic"]);
    expect(devicesOf("ringer", infos).map((one) => one.id)).toEqual(["ear"]);
  });

  it("silence is nothing, a full tone nearly everything", () => {
    expect(loudness(new Float32Array(128))).toBe(0);
    expect(loudness(new Float32Array(128).fill(1))).toBe(1);
    expect(loudness(new Float32Array(128).fill(0.03))).toBeCloseTo(0.49, 1);
    expect(loudness([])).toBe(0);
  });

  it("complains of what is wrong with the line, and of nothing else", () => {
    expect(complaints({ grade: "good", loss: 0, jitterMs: 5, rttMs: 40, sentLoss: 0.01 })).toEqual([]);
    expect(complaints({ grade: "poor", loss: 0.2, jitterMs: 61, rttMs: null, sentLoss: 0.08 })).toEqual([["loss", 20], ["sentLoss", 8], ["jitter", 61]]);
  });
});

describe("the live room", () => {
  it("a snapshot brings raised hands, and the feed lowers them", () => {
    const live = emptyLive();
    const snapshot: Live = { groups: [], waiting: [], seats: [seat("1002", "ready", "talking")], figures: live.figures, at: "", controls: [control("1010", true), control("1002", true)] };
    applyToLive(live, { type: "live", data: snapshot });
    expect(handsUp(live).map((one) => one.seat)).toEqual(["1002", "1010"]);
    applyToLive(live, { type: "live.control", data: control("1002", false) });
    expect(handsUp(live).map((one) => one.seat)).toEqual(["1010"]);
    applyToLive(live, { type: "live", data: { ...snapshot, controls: undefined } });
    expect(handsUp(live)).toEqual([]);
  });

  it("how transcription fares comes with the snapshot and by the feed", () => {
    const live = emptyLive();
    const snapshot: Live = { groups: [], waiting: [], seats: [], figures: live.figures, at: "" };
    const fares = { on: true, reason: null, live: 2, limit: 80, skipped: 0, moved: 0, hosts: [] };
    applyToLive(live, { type: "live", data: { ...snapshot, recognition: fares } });
    expect(live.recognition?.live).toBe(2);
    applyToLive(live, { type: "live.recognition", data: { ...fares, live: 3, skipped: 1 } });
    expect(live.recognition).toMatchObject({ live: 3, skipped: 1 });
    applyToLive(live, { type: "live", data: snapshot });
    expect(live.recognition).toBeNull();
  });

  it("the wall shows the same seats in big figures", () => {
    const seats = Object.fromEntries([seat("1", "ready", "idle"), seat("2", "ready", "wrap_up"), seat("3", "not_ready", "talking"), seat("4", "not_ready", "idle"), seat("5", "offline", "unreachable")].map((one) => [one.id, one]));
    const call = { call_id: "c", caller: "", dialled: "", line: "", group: "g", state: "waiting" as const, arrived_at: "2026-11-20T03:59:40Z", connected_at: null, ended_at: null, end_reason: null, seat: null, because: "" };
    const figures = { arrived: 5, answered: 4, abandoned: 1, within_15s: 3 };
    expect(wallFigures({ seats, waiting: [call], figures }, NOW)).toEqual({ waiting: 1, longest: 20, ready: 1, busy: 2, notReady: 1, promptRate: 0.75 });
    expect(wallFigures({ seats: {}, waiting: [], figures: { ...figures, answered: 0 } }, NOW)).toEqual({ waiting: 0, longest: 0, ready: 0, busy: 0, notReady: 0, promptRate: null });
  });

  it("a line of zeros lies on the ground, the most touches the top", () => {
    expect(linePoints([0, 0], 10, 10)).toBe("0.0,9.0 10.0,9.0");
    expect(linePoints([0, 4], 10, 10)).toBe("0.0,9.0 10.0,1.0");
    expect(linePoints([], 10, 10)).toBe("");
  });
});
