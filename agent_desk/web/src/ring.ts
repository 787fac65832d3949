/**
 * Tell the agent that a citizen is there: a soft two-tone ring on the chosen device, and a system notification whenever
 * the tab is hidden while it rings, also when it is hidden only later.
 */
import { chosen, playOn } from "./audio";

const EVERY_MS = 2_000;

export class Ring {
  private context: AudioContext | null = null;
  private timer: number | undefined;
  private device = "";
  private notification: Notification | null = null;
  private words: [title: string, body: string] | null = null;

  constructor() {
    document.addEventListener("visibilitychange", () => this.show());
  }

  start(title: string, body: string): void {
    this.stop();
    this.tone();
    this.timer = window.setInterval(() => this.tone(), EVERY_MS);
    this.words = [title, body];
    this.show();
  }

  stop(): void {
    window.clearInterval(this.timer);
    this.words = null;
    this.notification?.close();
    this.notification = null;
  }

  /** Ask once, on a click of the person; browsers refuse to be asked otherwise. */
  askPermission(): void {
    if ("Notification" in window && Notification.permission === "default") void Notification.requestPermission();
  }

  private show(): void {
    if (this.words === null) return;
    if (document.hidden) this.notify(...this.words);
    else this.notification?.close();
  }

  private notify(title: string, body: string): void {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const notification = new Notification(title, { body, tag: "hotline-offer", requireInteraction: true });
    notification.onclick = () => window.focus();
    this.notification = notification;
  }

  /** One ring, to hear where it comes out. */
  tone(): void {
    this.context ??= new AudioContext();
    const { context } = this;
    if (context.state === "suspended") void context.resume();
    if (this.device !== chosen.ringer.value) {
      this.device = chosen.ringer.value;
      void playOn(context, this.device);
    }
    for (const [at, hertz] of [[0, 660], [0.22, 880]] as const) {
      const from = context.currentTime + at;
      const gain = new GainNode(context, { gain: 0 });
      const oscillator = new OscillatorNode(context, { type: "sine", frequency: hertz });
      gain.gain.linearRampToValueAtTime(0.18, from + 0.02);
      gain.gain.linearRampToValueAtTime(0, from + 0.2);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(from);
      oscillator.stop(from + 0.22);
    }
  }
}

export const ring = new Ring();
