/** Tell the agent that a citizen is there: a soft two-tone ring, and a system notification when the tab is hidden. */

const EVERY_MS = 2_000;

export class Ring {
  private context: AudioContext | null = null;
  private timer: number | undefined;
  private notification: Notification | null = null;

  start(title: string, body: string): void {
    this.stop();
    this.tone();
    this.timer = window.setInterval(() => this.tone(), EVERY_MS);
    if (document.hidden) this.notify(title, body);
  }

  stop(): void {
    window.clearInterval(this.timer);
    this.notification?.close();
    this.notification = null;
  }

  /** Ask once, on a click of the person; browsers refuse to be asked otherwise. */
  askPermission(): void {
    if ("Notification" in window && Notification.permission === "default") void Notification.requestPermission();
  }

  private notify(title: string, body: string): void {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const notification = new Notification(title, { body, tag: "hotline-offer", requireInteraction: true });
    notification.onclick = () => window.focus();
    this.notification = notification;
  }

  private tone(): void {
    this.context ??= new AudioContext();
    const { context } = this;
    if (context.state === "suspended") void context.resume();
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
