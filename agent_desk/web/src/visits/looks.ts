/** Which colour and shape the states of return visits and campaigns have. */
import type { Look } from "../parts/looks";

const LOOKS: Record<string, Look> = {
  due: { tone: "idle", shape: "ring" },
  claimed: { tone: "warn", shape: "half" },
  dialling: { tone: "warn", shape: "half" },
  answered: { tone: "talk", shape: "play" },
  by_hand: { tone: "talk", shape: "play" },
  human: { tone: "wrap", shape: "diamond" },
  closed: { tone: "ok", shape: "check" },
  draft: { tone: "idle", shape: "ring" },
  running: { tone: "talk", shape: "play" },
  paused: { tone: "warn", shape: "bars" },
  stopped: { tone: "alarm", shape: "square" },
  done: { tone: "ok", shape: "check" },
  sent: { tone: "ok", shape: "check" },
  given_up: { tone: "alarm", shape: "cross" },
};

export const lookOf = (state: string): Look => LOOKS[state] ?? { tone: "idle", shape: "ring" };

const GOOD = ["surveyed", "connected"];
const OPEN_ENDS = ["refused", "withdrawn", "wrong_person"];

export function endLook(disposition: string | null): Look {
  if (disposition === null) return { tone: "idle", shape: "ring" };
  if (GOOD.includes(disposition)) return { tone: "ok", shape: "check" };
  return OPEN_ENDS.includes(disposition) ? { tone: "idle", shape: "square" } : { tone: "warn", shape: "triangle" };
}
