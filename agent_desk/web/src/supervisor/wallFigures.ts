/** The big figures on the wall, from the same data as the live room. Pure. */
import { secondsSince } from "../format";
import { type LiveState, doingOf } from "./liveState";

export interface WallFigures {
  waiting: number;
  /** Seconds that the oldest citizen in the line has waited. */
  longest: number;
  ready: number;
  busy: number;
  notReady: number;
  /** Of those answered, how many within 15 s; null before the first answer. */
  promptRate: number | null;
}

export function wallFigures(live: Pick<LiveState, "waiting" | "seats" | "figures">, now: number): WallFigures {
  const doings = Object.values(live.seats).map(doingOf);
  const count = (...wanted: string[]): number => doings.filter((doing) => wanted.includes(doing)).length;
  return {
    waiting: live.waiting.length,
    longest: Math.max(0, ...live.waiting.map((call) => secondsSince(call.arrived_at, now))),
    ready: count("ready"),
    busy: count("talking", "offered", "wrap_up"),
    notReady: count("not_ready"),
    promptRate: live.figures.answered > 0 ? live.figures.within_15s / live.figures.answered : null,
  };
}
