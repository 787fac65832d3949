/** The desk while an agent is signed in: fed by the live feed, it keeps the leg up and carries out what is clicked. */
import { computed, reactive, watch } from "vue";
import { api } from "../api/endpoints";
import type { CallState, Control, FeedMessage, SeatKind, SeatStatus, TargetKind } from "../api/types";
import { feed } from "../feed";
import { softphone } from "../softphone";
import { applyToDesk, emptyDesk, letGo } from "./deskState";

export const desk = reactive(emptyDesk());

export const isTalking = computed(() => desk.call !== null && desk.call.state !== "ended");
/** The agent talks by a desk phone that is rung per call; the browser's own leg stays down. */
export const usesPhone = computed(() => desk.seat?.kind === "rung");
export const isMuted = computed(() => (usesPhone.value ? (desk.control?.muted ?? false) : softphone.leg.muted));
/** One word for what the desk is doing; "none" when nobody is on the line. */
export const callState = computed<CallState | "none" | "wrap_up">(() => {
  if (desk.seat?.state === "wrap_up") return "wrap_up";
  return desk.call === null || desk.call.state === "ended" ? "none" : desk.call.state;
});

let forget: (() => void) | null = null;

export function startDesk(): void {
  if (forget !== null) return;
  const unlisten = feed.listen((message) => applyToDesk(desk, message));
  const unwatch = watch(
    () => [desk.sip, usesPhone.value] as const,
    ([account, phone]) => {
      if (account === null) return;
      if (phone) softphone.stop();
      else softphone.start({ ...account });
    },
  );
  // Who was muted for one citizen is heard by the next.
  const unmute = watch(
    () => desk.seat?.call_id ?? null,
    (callId) => callId === null && softphone.leg.muted && softphone.setMuted(false),
  );
  forget = () => {
    unlisten();
    unwatch();
    unmute();
  };
}

export function stopDesk(): void {
  forget?.();
  forget = null;
  softphone.stop();
  Object.assign(desk, emptyDesk());
}

/**
 * What an act was answered. While the feed is open it alone tells what is so: an answer takes another way, and one that
 * comes late would undo what the feed has told since (a party "rings" who has picked up, an offer vanishes).
 */
function answered(message: FeedMessage): void {
  if (!feed.state.connected) applyToDesk(desk, message);
}

function controlIs(control: Control): void {
  answered({ type: "control", data: control });
}

export async function controlCall(act: string): Promise<void> {
  const callId = desk.control?.call_id ?? desk.call?.call_id;
  if (callId !== undefined && callId !== null) controlIs(await api.controlCall(callId, act));
}

export async function reach(how: "consult" | "conference" | "transfer", kind: TargetKind, target: string): Promise<void> {
  if (desk.call !== null) controlIs(await api.reach(desk.call.call_id, how, kind, target));
}

/** 110, 119, 120 …: one action rings the platform into the call and sends the call's data along. */
export async function callEmergency(code: string): Promise<void> {
  if (desk.call !== null) controlIs(await api.emergency(desk.call.call_id, code));
}

export async function pickUp(callId: string): Promise<void> {
  controlIs(await api.pickUp(callId));
}

export async function raiseHand(): Promise<void> {
  controlIs(await api.raiseHand(!(desk.control?.hand_raised ?? false)));
}

export async function chooseStatus(status: SeatStatus, reason?: string): Promise<void> {
  answered({ type: "seat", data: await api.setStatus(status, reason) });
}

export async function chooseKind(kind: SeatKind): Promise<void> {
  answered({ type: "seat", data: await api.setKind(kind) });
}

/** A desk phone is muted where the citizen's and its voice meet; the browser's microphone at its source. */
export async function setMuted(muted: boolean): Promise<void> {
  if (!usesPhone.value) softphone.setMuted(muted);
  else if (desk.call !== null) controlIs(await api.mute(desk.call.call_id, muted));
}

export async function askRest(reason: string | null): Promise<void> {
  answered({ type: "seat", data: await api.askRest(reason) });
}

export async function acceptOffer(): Promise<void> {
  const offer = desk.offer;
  if (offer === null) return;
  answered({ type: "call", data: await api.acceptOffer(offer.offer_id) });
}

export async function rejectOffer(): Promise<void> {
  const offer = desk.offer;
  if (offer === null) return;
  const seat = await api.rejectOffer(offer.offer_id);
  answered({ type: "offer_ended", data: { offer_id: offer.offer_id, outcome: "rejected" } });
  answered({ type: "seat", data: seat });
}

export async function hangUp(): Promise<void> {
  if (desk.call === null || !isTalking.value) return;
  answered({ type: "call", data: await api.hangUp(desk.call.call_id) });
}

export async function endWrapUp(): Promise<void> {
  const seat = await api.endWrapUp();
  letGo(desk);
  answered({ type: "seat", data: seat });
}
