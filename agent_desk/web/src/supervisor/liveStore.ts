/**
 * The live room's data while a supervisor is signed in, on whatever page they are. Messages that come within one frame
 * are applied together: three hundred seats that change at once are drawn once.
 */
import { computed, reactive } from "vue";
import { api } from "../api/endpoints";
import type { FeedMessage, WatchMode } from "../api/types";
import { feed } from "../feed";
import { me } from "../session";
import { applyToLive, emptyLive } from "./liveState";

export const live = reactive(emptyLive());

/** A page that is not looked at draws no frames; its data must still be right when somebody looks again. */
const HIDDEN_MS = 250;

let unlisten: (() => void) | null = null;
let waiting: FeedMessage[] = [];

function apply(): void {
  const messages = waiting;
  waiting = [];
  for (const message of messages) applyToLive(live, message);
}

function take(message: FeedMessage): void {
  if (!message.type.startsWith("live")) return;
  if (waiting.push(message) > 1) return;
  if (document.hidden) window.setTimeout(apply, HIDDEN_MS);
  else requestAnimationFrame(apply);
}

function hurry(): void {
  if (waiting.length > 0) apply();
}

export function startLive(): void {
  if (unlisten !== null) return;
  const forget = feed.listen(take);
  document.addEventListener("visibilitychange", hurry);
  unlisten = () => {
    forget();
    document.removeEventListener("visibilitychange", hurry);
  };
}

export function stopLive(): void {
  unlisten?.();
  unlisten = null;
  waiting = [];
  Object.assign(live, emptyLive());
}

/** Whose call my own seat is at, and how. */
export const watching = computed(() => {
  const seat = me.value?.seat;
  return seat ? (live.controls[seat]?.watching ?? null) : null;
});

export async function watchSeat(seat: string, mode: WatchMode, reason: string): Promise<void> {
  await api.watch(seat, mode, reason);
}
