import { describe, expect, it } from "vitest";
import type { Call, DeskSnapshot, Draft, FeedMessage, Seat, Utterance } from "../src/api/types";
import { type DeskState, applyToDesk, emptyDesk, letGo } from "../src/desk/deskState";

const AT = "2026-11-22T09:00:00+08:00";
const seat = (state: Seat["state"]): Seat => ({
  id: "1001", name: "1001", account: "wang", agent_name: "王", status: "ready", reason: null, state, since: AT, call_id: null, groups: [],
});
const call = (id: string, state: Call["state"]): Call => ({
  call_id: id, caller: "13800000001", dialled: "12345", line: "主线", group: "g", state, arrived_at: AT, connected_at: AT,
  ended_at: null, end_reason: null, seat: "1001",
});
const said = (id: string, seconds: number, text: string, callId = "c1"): Utterance => ({
  id, call_id: callId, who: "citizen", text, started_at: new Date(Date.parse(AT) + seconds * 1000).toISOString(), seconds: 1, confidence: null,
});
const draftOf = (changes: Partial<Draft>): Draft => ({
  call_id: "c1", title: null, description: null, type: null, category: null, place: null, urgency: null, phone: null, unit: null,
  typed: [], because: {}, ticket_id: null, ...changes,
});
const offer = { offer_id: 7, call_id: "c1", caller: "1", line: "", waited_seconds: 1, expires_at: AT, reason: "", history: [] };

function after(...messages: FeedMessage[]): DeskState {
  const desk = emptyDesk();
  desk.seat = seat("idle");
  for (const message of messages) applyToDesk(desk, message);
  return desk;
}
const talking: FeedMessage = { type: "call", data: call("c1", "talking") };
const ended: FeedMessage = { type: "call", data: call("c1", "ended") };

describe("the desk", () => {
  it("shows an offer until that very offer ends", () => {
    expect(after({ type: "offer", data: offer }, { type: "offer_ended", data: { offer_id: 6, outcome: "late" } }).offer?.offer_id).toBe(7);
    expect(after({ type: "offer", data: offer }, { type: "offer_ended", data: { offer_id: 7, outcome: "accepted" } }).offer).toBeNull();
    expect(after({ type: "offer", data: offer }, talking).offer).toBeNull();
  });

  it("orders utterances by when they began, replaces repaired ones, drops the partial", () => {
    const desk = after(
      talking,
      { type: "partial", data: { call_id: "c1", who: "citizen", text: "路灯" } },
      { type: "utterance", data: said("u2", 5, "两") },
      { type: "utterance", data: said("u1", 1, "一") },
      { type: "utterance", data: said("u2", 5, "两个") },
    );
    expect(desk.transcript.map((u) => u.text)).toEqual(["一", "两个"]);
    expect(desk.partials.citizen).toBe("");
  });

  it("takes nothing of another call", () => {
    const desk = after(talking, { type: "utterance", data: said("u", 1, "他人", "c9") }, { type: "draft", data: draftOf({ call_id: "c9", title: "x" }) });
    expect(desk.transcript).toEqual([]);
    expect(desk.draft).toBeNull();
  });

  it("keeps the call through wrap-up, then clears it and remembers it", () => {
    const desk = after(talking, ended, { type: "seat", data: seat("wrap_up") });
    expect(desk.call?.state).toBe("ended");
    applyToDesk(desk, { type: "seat", data: seat("idle") });
    expect(desk.call).toBeNull();
    expect(desk.recent.map((c) => [c.call_id, c.state])).toEqual([["c1", "ended"]]);
  });

  it("does not take a begun work order from under the agent's hands when wrap-up runs out", () => {
    const desk = after(talking, { type: "draft", data: draftOf({ title: "x", typed: ["title"] }) }, ended, { type: "seat", data: seat("idle") });
    expect(desk.draft?.title).toBe("x");
    applyToDesk(desk, { type: "desk", data: { ...(desk as unknown as DeskSnapshot), call: null, draft: null, transcript: [] } });
    expect(desk.draft?.title).toBe("x");
    letGo(desk);
    expect(desk.call).toBeNull();
  });

  it("starts afresh with the next citizen", () => {
    const desk = after(talking, { type: "utterance", data: said("u1", 1, "一") }, ended, { type: "call", data: call("c2", "talking") });
    expect(desk.call?.call_id).toBe("c2");
    expect(desk.transcript).toEqual([]);
  });
});
