/** What the live room shows, and how the feed changes it. No I/O. */
import type { Alarm, Call, FeedMessage, Live, LiveFigures, LiveGroup, Seat, SeatState, SeatStatus } from "../api/types";

export interface LiveState {
  known: boolean;
  groups: LiveGroup[];
  waiting: Call[];
  /** By id, so that one seat's change touches one tile. */
  seats: Record<string, Seat>;
  figures: LiveFigures;
  /** Limits that are crossed now. */
  alarms: Alarm[];
}

export function emptyLive(): LiveState {
  return {
    known: false,
    groups: [],
    waiting: [],
    seats: {},
    figures: { arrived: 0, answered: 0, abandoned: 0, within_15s: 0 },
    alarms: [],
  };
}

export function applyToLive(live: LiveState, message: FeedMessage): void {
  switch (message.type) {
    case "live":
      return takeSnapshot(live, message.data);
    case "live.seat":
      live.seats[message.data.id] = message.data;
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
  live.figures = snapshot.figures;
  live.alarms = snapshot.alarms ?? [];
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

export interface SeatFilter {
  doing: Doing | null;
  words: string;
  group: string | null;
}

export function selectSeats(seats: readonly Seat[], filter: SeatFilter, order: SeatOrder): Seat[] {
  const words = filter.words.trim().toLowerCase();
  const chosen = seats.filter(
    (seat) =>
      (filter.doing === null || doingOf(seat) === filter.doing) &&
      (filter.group === null || seat.groups.includes(filter.group)) &&
      (words === "" || `${seat.id} ${seat.name} ${seat.agent_name ?? ""}`.toLowerCase().includes(words)),
  );
  const byId = (a: Seat, b: Seat): number => a.id.localeCompare(b.id, undefined, { numeric: true });
  if (order === "doing") {
    return chosen.sort((a, b) => DOINGS.indexOf(doingOf(a)) - DOINGS.indexOf(doingOf(b)) || byId(a, b));
  }
  if (order === "longest") return chosen.sort((a, b) => Date.parse(a.since) - Date.parse(b.since) || byId(a, b));
  return chosen.sort(byId);
}
