/**
 * The live feed: one WebSocket per page, for as long as somebody is signed in. Every (re)connection starts with a
 * snapshot, so a page that was cut off has nothing to catch up on by itself. While it is down, `state` says so and
 * the banner tells the person what still works.
 */
import { shallowReactive } from "vue";
import type { FeedMessage } from "./api/types";
import { delayBefore } from "./backoff";

const BACKOFF = { firstMs: 500, maximumMs: 8_000 };
/** The engine pings every 15 s; silence for longer than this means a dead line that TCP has not noticed. */
const SILENCE_MS = 40_000;
/** A drop shorter than this is not worth a banner. */
const GRACE_MS = 1_500;

export const CLOSED_NOT_SIGNED_IN = 4401;
export const CLOSED_TOO_SLOW = 4008;
/** Another account's screen is open at this agent's seat. */
export const CLOSED_SEAT_TAKEN = 4409;
const TAKEN_RETRY_MS = 5_000;

export interface FeedState {
  connected: boolean;
  /** True once the feed has been down for longer than a blink. */
  lost: boolean;
  /** Somebody else sits at our seat. */
  taken: boolean;
  attempts: number;
  /** Seconds until the next try, for the banner. */
  retryAt: number | null;
}

type Listener = (message: FeedMessage) => void;

export class LiveFeed {
  readonly state: FeedState = shallowReactive({ connected: false, lost: false, taken: false, attempts: 0, retryAt: null });
  onSignedOut: () => void = () => undefined;

  private readonly listeners = new Set<Listener>();
  private socket: WebSocket | null = null;
  private wanted = false;
  private retryTimer: number | undefined;
  private silenceTimer: number | undefined;
  private graceTimer: number | undefined;

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.graceTimer = window.setTimeout(() => (this.state.lost = !this.state.connected), GRACE_MS);
    window.addEventListener("online", this.retryNow);
    this.open();
  }

  stop(): void {
    this.wanted = false;
    window.removeEventListener("online", this.retryNow);
    for (const timer of [this.retryTimer, this.silenceTimer, this.graceTimer]) window.clearTimeout(timer);
    this.socket?.close(1000);
    this.socket = null;
    Object.assign(this.state, { connected: false, lost: false, taken: false, attempts: 0, retryAt: null });
  }

  /** Do not wait for the timer: the person pressed the button, or the network came back. */
  readonly retryNow = (): void => {
    if (!this.wanted || this.state.connected) return;
    window.clearTimeout(this.retryTimer);
    this.open();
  };

  private open(): void {
    this.socket?.close();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/feed`);
    this.socket = socket;
    socket.onopen = () => this.opened(socket);
    socket.onmessage = (event) => this.take(socket, String(event.data));
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code);
    };
    this.watchSilence(socket);
  }

  private opened(socket: WebSocket): void {
    if (socket !== this.socket) return;
    window.clearTimeout(this.graceTimer);
    Object.assign(this.state, { connected: true, lost: false, retryAt: null });
  }

  private take(socket: WebSocket, text: string): void {
    if (socket !== this.socket) return;
    this.watchSilence(socket);
    // Only a word from the engine proves it well: one that accepts and closes at once must not be asked ever faster.
    Object.assign(this.state, { attempts: 0, taken: false });
    const message = JSON.parse(text) as FeedMessage;
    if (message.type === "ping") return;
    for (const listener of this.listeners) listener(message);
  }

  private closed(code: number): void {
    window.clearTimeout(this.silenceTimer);
    if (!this.wanted) return;
    if (code === CLOSED_NOT_SIGNED_IN) {
      this.stop();
      this.onSignedOut();
      return;
    }
    if (this.state.connected) {
      this.state.connected = false;
      this.graceTimer = window.setTimeout(() => (this.state.lost = !this.state.connected), GRACE_MS);
    }
    this.state.taken = code === CLOSED_SEAT_TAKEN;
    const delay = this.delayAfter(code);
    this.state.attempts += 1;
    this.state.retryAt = Date.now() + delay;
    this.retryTimer = window.setTimeout(() => this.open(), delay);
  }

  private delayAfter(code: number): number {
    if (code === CLOSED_TOO_SLOW) return 200;
    return code === CLOSED_SEAT_TAKEN ? TAKEN_RETRY_MS : delayBefore(this.state.attempts, BACKOFF);
  }

  private watchSilence(socket: WebSocket): void {
    window.clearTimeout(this.silenceTimer);
    this.silenceTimer = window.setTimeout(() => {
      // close() waits for the other side's answer, which a dead line never gives: move on at once.
      socket.onclose = null;
      socket.close();
      this.closed(1006);
    }, SILENCE_MS);
  }
}

export const feed = new LiveFeed();
