/** What the live room shows, and how the feed changes it. No I/O. */
import type { Alarm, Control, FeedMessage, Live, LiveFigures, LiveGroup, LiveSeat, Recognition, SeatState, SeatStatus, WaitingCall } from "../api/types";

export interface LiveState {
  known: boolean;
  groups: LiveGroup[];
  waiting: WaitingCall[];
  /** By id, so that one seat's change touches one tile. */
  seats: Record<string, LiveSeat>;
  /** What goes on at seats besides the plain talk, by seat: hands raised, supervisors there, holds and parties. */
  controls: Record<string, Control>;
  figures: LiveFigures;
  /** Limits that are crossed now. */
  alarms: Alarm[];
  /** How live transcription fares; null where there is none. */
  recognition: Recognition | null;
}

export function emptyLive(): LiveState {
  return {
    known: false,
    groups: [],
    waiting: [],
    seats: {},
    controls: {},
    figures: { arrived: 0, answered: 0, abandoned: 0, within_15s: 0 },
    alarms: [],
    recognition: null,
  };
}

export function applyToLive(live: LiveState, message: FeedMessage): void {
  switch (message.type) {
    case "live":
      return takeSnapshot(live, message.data);
    case "live.seat":
      live.seats[message.data.id] = message.data;
      return;
    case "live.control":
      live.controls[message.data.seat] = message.data;
      return;
    case "live.waiting":
      live.waiting = message.data;
      return;
    case "live.group": {
      const at = live.groups.findIndex((group) => group.id === message.data.id);
      if (at >= 0) live.groups[at] = message.data;
      else live.groups.push(message.data);
      return;
    }
    case "live.alarm":
      return takeAlarm(live, message.data);
    case "live.recognition":
      live.recognition = message.data;
      return;
    case "live.figures":
      live.figures = message.data;
      return;
    default:
      return;
  }
}

function takeSnapshot(live: LiveState, snapshot: Live): void {
  live.known = true;
  live.groups = snapshot.groups;
  live.waiting = snapshot.waiting;
  live.seats = Object.fromEntries(snapshot.seats.map((seat) => [seat.id, seat]));
  live.controls = Object.fromEntries((snapshot.controls ?? []).map((control) => [control.seat, control]));
  live.figures = snapshot.figures;
  live.alarms = snapshot.alarms ?? [];
  live.recognition = snapshot.recognition ?? null;
}

function takeAlarm(live: LiveState, alarm: Alarm): void {
  const others = live.alarms.filter((one) => one.name !== alarm.name || one.figure !== alarm.figure || one.group !== alarm.group);
  live.alarms = alarm.raised ? [...others, alarm] : others;
}

/** What a seat is doing, in one word: its state where something happens, else the status that was chosen. */
export type Doing = "talking" | "offered" | "wrap_up" | "ready" | "not_ready" | "unreachable" | "offline";

export const DOINGS: readonly Doing[] = ["talking", "offered", "wrap_up", "ready", "not_ready", "unreachable", "offline"];

export function doingOf(seat: { status: SeatStatus; state: SeatState }): Doing {
  if (seat.state === "talking" || seat.state === "offered" || seat.state === "wrap_up") return seat.state;
  if (seat.status === "offline") return "offline";
  if (seat.state === "unreachable") return "unreachable";
  return seat.status;
}

export type SeatOrder = "id" | "doing" | "longest";

/** The type under which a dragged citizen's call travels. */
export const DRAGGED_CALL = "application/x-hotline-call";

/** Seats whose agents ask for help, who asked first on top. */
export function handsUp(live: Pick<LiveState, "controls">): Control[] {
  return Object.values(live.controls)
    .filter((control) => control.hand_raised)
    .sort((a, b) => (a.hand_since ?? "").localeCompare(b.hand_since ?? "") || a.seat.localeCompare(b.seat, undefined, { numeric: true }));
}

export interface SeatFilter {
  doing: Doing | null;
  words: string;
  group: string | null;
}

export function selectSeats(seats: readonly LiveSeat[], filter: SeatFilter, order: SeatOrder): LiveSeat[] {
  const words = filter.words.trim().toLowerCase();
  const chosen = seats.filter(
    (seat) =>
      (filter.doing === null || doingOf(seat) === filter.doing) &&
      (filter.group === null || seat.groups.includes(filter.group)) &&
      (words === "" || `${seat.id} ${seat.name} ${seat.agent_name ?? ""} ${seat.caller}`.toLowerCase().includes(words)),
  );
  const byId = (a: LiveSeat, b: LiveSeat): number => a.id.localeCompare(b.id, undefined, { numeric: true });
  if (order === "doing") {
    return chosen.sort((a, b) => DOINGS.indexOf(doingOf(a)) - DOINGS.indexOf(doingOf(b)) || byId(a, b));
  }
  if (order === "longest") return chosen.sort((a, b) => Date.parse(a.since) - Date.parse(b.since) || byId(a, b));
  return chosen.sort(byId);
}
