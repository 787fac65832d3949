/** The time of the engine, as screens need it: one shared tick per second, corrected when this PC's clock is wrong. */
import { type Ref, onScopeDispose, shallowRef } from "vue";

/** Below this the `Date` header (whole seconds) says nothing about our clock. */
const TRUSTED_SKEW_MS = 2_000;

let skewMs = 0;
const tick = shallowRef(Date.now());
let users = 0;
let timer: number | undefined;

/** Learn from an answer's `Date` header how far this PC's clock is off. */
export function noteServerDate(header: string | null): void {
  const server = header === null ? Number.NaN : Date.parse(header);
  if (Number.isNaN(server)) return;
  const skew = server - Date.now();
  skewMs = Math.abs(skew) > TRUSTED_SKEW_MS ? skew : 0;
}

/** Now, in ms since 1970, by the engine's clock. */
export function serverNow(): number {
  return Date.now() + skewMs;
}

/** A ref that ticks once a second for as long as the component lives; all of them tick together. */
export function useNow(): Readonly<Ref<number>> {
  if (users++ === 0) {
    tick.value = serverNow();
    timer = window.setInterval(() => (tick.value = serverNow()), 1_000);
  }
  onScopeDispose(() => {
    if (--users === 0) window.clearInterval(timer);
  });
  return tick;
}
