/** Which colour and shape each state has, the same on every page. */
import type { LegState } from "../softphone";
import type { Doing } from "../supervisor/liveState";
import type { Lamp } from "../api/types";
import type { Shape } from "./StateMark.vue";

export type Tone = "ok" | "talk" | "warn" | "alarm" | "wrap" | "idle";

export interface Look {
  tone: Tone;
  shape: Shape;
}

export const SEAT_LOOKS: Record<Doing, Look> = {
  talking: { tone: "talk", shape: "play" },
  offered: { tone: "warn", shape: "diamond" },
  wrap_up: { tone: "wrap", shape: "half" },
  ready: { tone: "ok", shape: "dot" },
  not_ready: { tone: "idle", shape: "bars" },
  unreachable: { tone: "alarm", shape: "cross" },
  offline: { tone: "idle", shape: "ring" },
};

export const LEG_LOOKS: Record<LegState, Look> = {
  off: { tone: "idle", shape: "ring" },
  registering: { tone: "warn", shape: "half" },
  dialling: { tone: "warn", shape: "half" },
  up: { tone: "ok", shape: "dot" },
  lost: { tone: "alarm", shape: "cross" },
  blocked: { tone: "alarm", shape: "cross" },
  elsewhere: { tone: "warn", shape: "ring" },
};

export const LAMP_LOOKS: Record<Lamp, Look> = {
  green: { tone: "ok", shape: "dot" },
  yellow: { tone: "warn", shape: "triangle" },
  red: { tone: "alarm", shape: "square" },
  none: { tone: "idle", shape: "ring" },
};

const WAITS_FOR_UNIT: Look = { tone: "warn", shape: "diamond" };
const BEING_DONE: Look = { tone: "talk", shape: "play" };
const WAITS_FOR_US: Look = { tone: "wrap", shape: "half" };
const DONE: Look = { tone: "ok", shape: "check" };
const OUT: Look = { tone: "idle", shape: "ring" };

const TICKET_LOOKS: Record<string, Look> = {
  pending: WAITS_FOR_US,
  to_dispatch: WAITS_FOR_US,
  dispatched: WAITS_FOR_UNIT,
  rework: { tone: "alarm", shape: "triangle" },
  in_progress: BEING_DONE,
  return_review: WAITS_FOR_US,
  arbitration: WAITS_FOR_US,
  reply_review: WAITS_FOR_US,
  to_callback: WAITS_FOR_US,
  suspended: { tone: "idle", shape: "bars" },
  closed: DONE,
  closed_direct: DONE,
  archived: DONE,
};

export function ticketLook(state: string): Look {
  return TICKET_LOOKS[state] ?? OUT;
}

export const isOpen = (state: string): boolean => !["ok", "idle"].includes(ticketLook(state).tone) || state === "suspended";
