/** The live room's data while a supervisor is signed in, on whatever page they are. */
import { reactive } from "vue";
import { feed } from "../feed";
import { applyToLive, emptyLive } from "./liveState";

export const live = reactive(emptyLive());

let unlisten: (() => void) | null = null;

export function startLive(): void {
  unlisten ??= feed.listen((message) => applyToLive(live, message));
}

export function stopLive(): void {
  unlisten?.();
  unlisten = null;
  Object.assign(live, emptyLive());
}
