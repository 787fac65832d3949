/** The words of one seat's call, read along by a supervisor. The engine is told whose; it sends them by the live feed. */
import { reactive } from "vue";
import { api } from "../api/endpoints";
import type { Call, FeedMessage, Speaker, Utterance } from "../api/types";
import { withUtterance } from "../desk/deskState";
import { feed } from "../feed";

interface Followed {
  seat: string | null;
  call: Call | null;
  transcript: Utterance[];
  partials: Record<Speaker, string>;
}

const nothing = (): Followed => ({ seat: null, call: null, transcript: [], partials: { citizen: "", agent: "" } });
export const followed = reactive(nothing());

let unlisten: (() => void) | null = null;
let asked = 0;

/** Read along at this seat; again when its call changed, or after the feed was away. */
export async function followSeat(seat: string): Promise<void> {
  const mine = ++asked;
  unlisten ??= feed.listen(take);
  if (followed.seat !== seat) Object.assign(followed, nothing(), { seat });
  const found = await api.follow(seat);
  if (mine !== asked) return;
  const same = followed.call?.call_id === found.call?.call_id;
  const heard = same ? followed.transcript : [];
  Object.assign(followed, { call: found.call, transcript: found.transcript });
  for (const one of heard) followed.transcript = withUtterance(followed.transcript, one);
  if (!same) followed.partials = { citizen: "", agent: "" };
}

export function stopFollowing(): void {
  if (followed.seat === null) return;
  asked += 1;
  unlisten?.();
  unlisten = null;
  Object.assign(followed, nothing());
  void api.endFollow().catch(() => undefined); // the session's end ends it too
}

function take(message: FeedMessage): void {
  if (message.type === "live" && followed.seat !== null) void followSeat(followed.seat).catch(() => undefined);
  if (message.type !== "live.partial" && message.type !== "live.utterance") return;
  if (message.data.call_id !== followed.call?.call_id) return;
  followed.partials[message.data.who] = message.type === "live.partial" ? message.data.text : "";
  if (message.type === "live.utterance") followed.transcript = withUtterance(followed.transcript, message.data);
}
