import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Call, Control, FeedMessage, Seat } from "../src/api/types";

const feed = vi.hoisted(() => ({ state: { connected: true }, tell: (_: unknown) => undefined as void }));
vi.mock("../src/feed", () => ({
  feed: { state: feed.state, listen: (listener: typeof feed.tell) => ((feed.tell = listener), () => undefined) },
}));
vi.mock("../src/softphone", () => ({ softphone: { leg: { muted: false }, start: () => undefined, stop: () => undefined } }));
const api = vi.hoisted(() => ({ reach: vi.fn(), setStatus: vi.fn() }));
vi.mock("../src/api/endpoints", () => ({ api }));

import { chooseStatus, desk, reach, startDesk, stopDesk } from "../src/desk/deskStore";

const AT = "2026-11-22T09:00:00+08:00";
const call: Call = {
  call_id: "c1", caller: "13800000001", dialled: "12345", line: "主线", group: "g", state: "talking", arrived_at: AT, connected_at: AT,
  ended_at: null, end_reason: null, seat: "1001",
};
const seat = (state: Seat["state"]): Seat => ({
  id: "1001", name: "1001", account: "wang", agent_name: "王", status: "ready", reason: null, state, since: AT, call_id: null, groups: [],
});
const control = (stage: Control["stage"]): Control => ({
  seat: "1001", call_id: "c1", stage, party: null, held_since: null, muted: false, may: [], watched: [], hand_raised: false, hand_note: "",
});
const offer = { offer_id: 7, call_id: "c2", caller: "1", line: "", waited_seconds: 1, expires_at: AT, reason: "", history: [] };
const told = (message: FeedMessage): void => feed.tell(message);

/** The engine answers an act only after the feed has told what came next. */
function answersLate<T>(answer: T, ...meanwhile: FeedMessage[]): () => Promise<T> {
  return () => {
    meanwhile.forEach(told);
    return Promise.resolve(answer);
  };
}

describe("acts and the feed", () => {
  beforeEach(() => {
    stopDesk();
    feed.state.connected = true;
    startDesk();
    told({ type: "seat", data: seat("idle") });
  });

  it("a department that picks up before the wish is answered stays picked up", async () => {
    told({ type: "call", data: call });
    api.reach.mockImplementation(answersLate(control("calling"), { type: "control", data: control("consulting") }));
    await reach("consult", "phone", "6001");
    expect(desk.control?.stage).toBe("consulting");
  });

  it("a citizen offered before the status is answered stays offered", async () => {
    api.setStatus.mockImplementation(answersLate(seat("idle"), { type: "seat", data: seat("offered") }, { type: "offer", data: offer }));
    await chooseStatus("ready");
    expect(desk.offer?.offer_id).toBe(7);
  });

  it("without the feed the answer is what there is", async () => {
    told({ type: "call", data: call });
    feed.state.connected = false;
    api.reach.mockImplementation(answersLate(control("calling")));
    await reach("consult", "phone", "6001");
    expect(desk.control?.stage).toBe("calling");
  });
});
