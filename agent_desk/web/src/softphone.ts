/**
 * The seat's leg: one WebRTC call to the parking extension, up for the whole shift. The engine bridges citizens to
 * it inside Asterisk, so this file knows nothing of calls: it only keeps the leg up, and keeps it up also while the
 * engine is away. It drops → it is dialled again, for as long as the agent is signed in.
 */
import JsSIP from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import { shallowReactive } from "vue";
import type { SipAccount } from "./api/types";
import { chosen, playOn, readDevices } from "./audio";
import { delayBefore } from "./backoff";
import { type Counters, type Quality, countersOf, qualityBetween } from "./quality";

/**
 * off: not wanted · registering: reaching Asterisk · dialling: leg being set up · up: parked or talking ·
 * lost: dropped, will be dialled again · blocked: the browser gives us no microphone, a person must act ·
 * elsewhere: another tab of this browser holds the seat's leg; it comes here when that one closes.
 */
export type LegState = "off" | "registering" | "dialling" | "up" | "lost" | "blocked" | "elsewhere";

export interface Leg {
  state: LegState;
  muted: boolean;
  quality: Quality | null;
  /** How many measurements in a row were poor. */
  poorFor: number;
  /** Why it is lost or blocked, as Asterisk or the browser put it. */
  cause: string | null;
  /** True when the browser refuses to play sound until the person clicks somewhere. */
  silent: boolean;
}

const REDIAL = { firstMs: 500, maximumMs: 8_000 };
const STATS_EVERY_MS = 3_000;
/** Candidates come within milliseconds on a LAN; do not wait for ones that never come. */
const ICE_WAIT_MS = 400;
/**
 * After Asterisk was reached again, media that breaks within this time may have broken with it: Asterisk has restarted
 * and the old leg is gone. (Without such a sign a break is the network's, and heals by itself; then we wait.)
 */
const SUSPECT_MS = 15_000;
/** A network that is back heals the media in less; a leg that Asterisk no longer knows is still broken then. */
const HEAL_MS = 3_000;

export class Softphone {
  readonly leg: Leg = shallowReactive({ state: "off", muted: false, quality: null, poorFor: 0, cause: null, silent: false });

  private account: SipAccount | null = null;
  private agent: JsSIP.UA | null = null;
  private session: RTCSession | null = null;
  private readonly audio = new Audio();
  private attempts = 0;
  private redialTimer: number | undefined;
  private statsTimer: number | undefined;
  private counters: Counters | null = null;
  /** When the signalling socket last opened. */
  private reachedAt = 0;
  /** Asterisk is being asked because of this leg. */
  private suspected: RTCSession | null = null;
  /** Ends our turn at the seat's phone, or our waiting for it. */
  private giveUp: (() => void) | null = null;

  constructor() {
    this.audio.autoplay = true;
  }

  /** Bring the leg up and keep it up. Called again with the same account it does nothing. */
  start(account: SipAccount): void {
    if (sameAccount(this.account, account)) return;
    this.stop();
    this.account = account;
    if (navigator.mediaDevices === undefined) {
      // Browsers give a microphone only to HTTPS pages (or localhost).
      Object.assign(this.leg, { state: "blocked", cause: "insecure_page" });
      return;
    }
    this.leg.state = "elsewhere";
    this.takeTurn(account);
  }

  /** Two tabs must not fight over one seat: the browser's lock lets one hold the phone, the next one inherits it. */
  private takeTurn(account: SipAccount): void {
    const waiting = new AbortController();
    this.giveUp = () => waiting.abort();
    const turn = (): Promise<void> =>
      new Promise((done) => {
        this.giveUp = done;
        this.register(account);
      });
    navigator.locks.request(`hotline.leg.${account.uri}`, { signal: waiting.signal }, turn).catch(() => undefined);
  }

  private register(account: SipAccount): void {
    this.leg.state = "registering";
    const agent = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(account.ws_url)],
      uri: account.uri,
      authorization_user: account.authorization_user,
      password: account.password,
      register: true,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 8,
      user_agent: "hotline12345 desk",
    });
    agent.on("registered", () => (this.session === null ? this.dial() : this.answered(this.session)));
    agent.on("connected", () => (this.reachedAt = Date.now()));
    agent.on("registrationFailed", (event) => this.failed(event.cause ?? "registration"));
    agent.on("disconnected", () => this.unregistered());
    agent.on("newRTCSession", (event: { originator: string; session: RTCSession }) => {
      // Nobody rings a seat; its one leg goes out.
      if (event.originator === "remote") event.session.terminate({ status_code: 486 });
    });
    this.agent = agent;
    agent.start();
  }

  /** The agent leaves: hang the leg up. */
  stop(): void {
    window.clearTimeout(this.redialTimer);
    window.clearInterval(this.statsTimer);
    const { session, agent } = this;
    this.session = null;
    this.agent = null;
    this.account = null;
    this.attempts = 0;
    if (session !== null && !session.isEnded()) session.terminate();
    agent?.stop();
    this.giveUp?.();
    this.giveUp = null;
    this.audio.srcObject = null;
    Object.assign(this.leg, { state: "off", muted: false, quality: null, cause: null, silent: false });
  }

  /** The microphone's track of the leg that is up, for the level meter. */
  get microphone(): MediaStreamTrack | null {
    return this.sender()?.track ?? null;
  }

  /** Change the microphone under the living leg; nothing is dialled anew and nobody drops. */
  async useMicrophone(id: string): Promise<void> {
    chosen.microphone.value = id;
    const sender = this.sender();
    if (sender === null) return;
    const stream = await navigator.mediaDevices.getUserMedia({ audio: wanted(id), video: false });
    const [track] = stream.getAudioTracks();
    if (track === undefined) return;
    const before = sender.track;
    track.enabled = !this.leg.muted;
    await sender.replaceTrack(track);
    before?.stop();
  }

  async useSpeaker(id: string): Promise<void> {
    chosen.speaker.value = id;
    await playOn(this.audio, id);
  }

  private sender(): RTCRtpSender | null {
    return this.session?.connection?.getSenders().find((one) => one.track?.kind === "audio") ?? null;
  }

  setMuted(muted: boolean): void {
    if (this.session === null) return;
    if (muted) this.session.mute({ audio: true });
    else this.session.unmute({ audio: true });
    this.leg.muted = muted;
  }

  /** A click or key happened: sound may start now. Also tries again after the microphone was refused. */
  wake(): void {
    if (this.leg.silent) void this.play();
    if (this.leg.state === "blocked" && this.leg.cause !== "insecure_page") this.redialNow();
  }

  redialNow(): void {
    if (this.agent === null || this.session !== null) return;
    window.clearTimeout(this.redialTimer);
    if (this.agent.isRegistered()) this.dial();
    else this.agent.register();
  }

  private dial(): void {
    if (this.agent === null || this.account === null || this.session !== null) return;
    window.clearTimeout(this.redialTimer);
    this.leg.state = "dialling";
    const session = this.agent.call(this.account.extension, {
      mediaConstraints: { audio: wanted(chosen.microphone.value), video: false },
      pcConfig: { iceServers: [] },
    });
    this.session = session;
    this.watchMedia(session);
    session.on("confirmed", () => this.came(session));
    session.on("ended", (event: { cause?: string }) => this.dropped(session, event.cause));
    session.on("failed", (event: { cause?: string }) => this.dropped(session, event.cause));
  }

  private watchMedia(session: RTCSession): void {
    let timer: number | undefined;
    session.on("icecandidate", (event: { ready: () => void }) => {
      timer ??= window.setTimeout(() => event.ready(), ICE_WAIT_MS);
    });
    const attach = (connection: RTCPeerConnection): void => {
      connection.addEventListener("track", (event) => {
        this.audio.srcObject = event.streams[0] ?? new MediaStream([event.track]);
        void this.play();
      });
      connection.addEventListener("iceconnectionstatechange", () => {
        // "failed" never heals, and SIP alone would not notice.
        if (connection.iceConnectionState === "failed" && session === this.session) session.terminate();
        this.suspect(session);
      });
    };
    if (session.connection) attach(session.connection);
    else session.on("peerconnection", (event: { peerconnection: RTCPeerConnection }) => attach(event.peerconnection));
  }

  /** Is this leg one that Asterisk no longer knows? Ask whether it is there; a network that is away does not answer. */
  private suspect(session: RTCSession): void {
    if (!this.isBroken(session) || Date.now() - this.reachedAt > SUSPECT_MS) return;
    this.suspected = session;
    this.agent?.register();
  }

  /** Asterisk answers, so the network is there. */
  private answered(session: RTCSession): void {
    if (session !== this.suspected && Date.now() - this.reachedAt > SUSPECT_MS) return;
    this.suspected = null;
    if (this.isBroken(session)) window.setTimeout(() => this.isBroken(session) && session.terminate(), HEAL_MS);
  }

  private isBroken(session: RTCSession): boolean {
    return session === this.session && session.connection?.iceConnectionState === "disconnected";
  }

  private came(session: RTCSession): void {
    if (session !== this.session) return;
    this.attempts = 0;
    Object.assign(this.leg, { state: "up", cause: null });
    void readDevices().then(() => playOn(this.audio, chosen.speaker.value));
    if (this.leg.muted) session.mute({ audio: true });
    this.counters = null;
    window.clearInterval(this.statsTimer);
    this.statsTimer = window.setInterval(() => void this.measure(), STATS_EVERY_MS);
    void this.measure();
  }

  private dropped(session: RTCSession, cause: string | undefined): void {
    if (session !== this.session) return;
    this.session = null;
    window.clearInterval(this.statsTimer);
    Object.assign(this.leg, { quality: null, poorFor: 0 });
    if (cause === JsSIP.C.causes.USER_DENIED_MEDIA_ACCESS) {
      Object.assign(this.leg, { state: "blocked", cause: "microphone" });
      return;
    }
    this.failed(cause ?? "dropped");
  }

  private failed(cause: string): void {
    if (this.agent === null || this.session !== null) return;
    Object.assign(this.leg, { state: "lost", cause });
    window.clearTimeout(this.redialTimer);
    this.redialTimer = window.setTimeout(() => this.redialNow(), delayBefore(this.attempts++, REDIAL));
  }

  /** The signalling socket went; the voice of a leg that is up goes on, JsSIP reconnects by itself. */
  private unregistered(): void {
    if (this.agent !== null && this.session === null) Object.assign(this.leg, { state: "lost", cause: "signalling" });
  }

  private async play(): Promise<void> {
    try {
      await this.audio.play();
      this.leg.silent = false;
    } catch (error) {
      this.leg.silent = error instanceof DOMException && error.name === "NotAllowedError";
    }
  }

  private async measure(): Promise<void> {
    const connection = this.session?.connection;
    if (!connection || connection.connectionState === "closed") return;
    const now = countersOf(await connection.getStats());
    this.leg.quality = qualityBetween(this.counters, now);
    this.leg.poorFor = this.leg.quality.grade === "poor" ? this.leg.poorFor + 1 : 0;
    this.counters = now;
  }
}

/** An exact device, but no failure when it is gone: `ideal` falls back to the default. */
function wanted(id: string): MediaTrackConstraints {
  const clean = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return id === "" ? clean : { ...clean, deviceId: { ideal: id } };
}

function sameAccount(a: SipAccount | null, b: SipAccount): boolean {
  return a !== null && a.ws_url === b.ws_url && a.uri === b.uri && a.password === b.password && a.extension === b.extension;
}

export const softphone = new Softphone();
