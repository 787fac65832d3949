/** What the desk knows, and how each message of the feed changes it. No I/O, so that every order can be tested. */
import type {
  Call,
  CallSummary,
  Control,
  DeskSnapshot,
  Draft,
  EmergencyNews,
  EmergencyPlatform,
  FeedMessage,
  Offer,
  ParkedCall,
  Recording,
  Seat,
  SipAccount,
  Speaker,
  TicketSummary,
  Utterance,
} from "../api/types";

export interface DeskState {
  /** False until the first snapshot. */
  known: boolean;
  seat: Seat | null;
  offer: Offer | null;
  call: Call | null;
  transcript: Utterance[];
  partials: Record<Speaker, string>;
  draft: Draft | null;
  control: Control | null;
  parked: ParkedCall[];
  reasons: string[];
  /** A ready agent must ask before going to rest. */
  restApproval: boolean;
  /** Where one action sends a citizen in need, and how far the last such act has come. */
  platforms: EmergencyPlatform[];
  emergency: EmergencyNews | null;
  sip: SipAccount | null;
  recent: CallSummary[];
  /** What supervisors wrote and the agent has not put away, newest last. */
  messages: { id: number; text: string; by: string }[];
  /** Recordings that became ready while we watched, newest last. */
  recordings: Recording[];
  /** Work orders that moved while we watched, by id. */
  tickets: Record<string, TicketSummary>;
}

const RECENT_KEPT = 30;
const MESSAGES_KEPT = 5;
let messageNumber = 0;

export function emptyDesk(): DeskState {
  return {
    known: false,
    seat: null,
    offer: null,
    call: null,
    transcript: [],
    partials: { citizen: "", agent: "" },
    draft: null,
    control: null,
    parked: [],
    reasons: [],
    restApproval: false,
    platforms: [],
    emergency: null,
    sip: null,
    recent: [],
    messages: [],
    recordings: [],
    tickets: {},
  };
}

export function applyToDesk(desk: DeskState, message: FeedMessage): void {
  switch (message.type) {
    case "desk":
      return takeSnapshot(desk, message.data);
    case "seat":
      return takeSeat(desk, message.data);
    case "offer":
      desk.offer = message.data;
      return;
    case "offer_ended":
      if (desk.offer?.offer_id === message.data.offer_id) desk.offer = null;
      return;
    case "call":
      return takeCall(desk, message.data);
    case "partial":
      if (message.data.call_id === desk.call?.call_id) desk.partials[message.data.who] = message.data.text;
      return;
    case "utterance":
      return takeUtterance(desk, message.data);
    case "draft":
      if (message.data.call_id === desk.call?.call_id) desk.draft = message.data;
      return;
    case "ticket":
      desk.tickets[message.data.id] = message.data;
      return;
    case "emergency":
      desk.emergency = withNews(desk.emergency, message.data);
      return;
    case "control":
      desk.control = message.data;
      return;
    case "message":
      desk.messages = [...desk.messages, { id: ++messageNumber, ...message.data }].slice(-MESSAGES_KEPT);
      return;
    case "parked":
      desk.parked = message.data;
      return;
    case "recording":
      desk.recordings.push(message.data);
      return;
    default:
      return;
  }
}

/** The last hand-over with what is new about it; empty words change nothing. */
function withNews(known: EmergencyNews | null, news: EmergencyNews): EmergencyNews {
  const same = known !== null && known.call_id === news.call_id && known.platform === news.platform;
  return same ? { ...news, stage: news.stage || known.stage, push: news.push || known.push } : news;
}

function takeSnapshot(desk: DeskState, snapshot: DeskSnapshot): void {
  if (snapshot.call === null && isUnfinished(desk)) {
    snapshot = { ...snapshot, call: desk.call, transcript: desk.transcript, draft: desk.draft };
  }
  const sameCall = desk.call !== null && desk.call.call_id === snapshot.call?.call_id;
  Object.assign(desk, {
    known: true,
    seat: snapshot.seat,
    offer: snapshot.offer,
    call: snapshot.call,
    transcript: inOrder(snapshot.transcript),
    draft: snapshot.draft,
    reasons: snapshot.reasons,
    restApproval: snapshot.rest_approval ?? false,
    platforms: snapshot.emergency ?? [],
    sip: snapshot.sip,
    recent: snapshot.recent,
  });
  if (!sameCall) desk.partials = { citizen: "", agent: "" };
}

function takeSeat(desk: DeskState, seat: Seat): void {
  if (desk.seat !== null && seat.id !== desk.seat.id) return;
  desk.seat = seat;
  if (seat.state !== "offered") desk.offer = null;
  if (isOutOf(desk, seat)) turnTo(desk, null);
  const done = desk.call?.state === "ended" && seat.state !== "talking" && seat.state !== "wrap_up";
  if (done && !isUnfinished(desk)) turnTo(desk, null);
}

/**
 * The seat lost its citizen without the call's end: its leg broke and did not come back in time, or it was passed on.
 * (Who has left two others together, or holds somebody, is still in it by call control.)
 */
function isOutOf(desk: DeskState, seat: Seat): boolean {
  if (desk.call === null || desk.call.state === "ended" || seat.call_id !== null) return false;
  const controlled = desk.control !== null && desk.control.stage !== "talking";
  return !controlled && (seat.state === "idle" || seat.state === "unreachable");
}

/**
 * A call that is over while its work order was begun and not submitted. Wrap-up may run out by itself; the form
 * must not vanish under the agent's hands, so it stays until the agent lets go or the next citizen comes.
 */
export function isUnfinished(desk: DeskState): boolean {
  return desk.call?.state === "ended" && desk.draft !== null && desk.draft.ticket_id === null && desk.draft.typed.length > 0;
}

/** The agent is done with the call on the page. */
export function letGo(desk: DeskState): void {
  if (desk.call?.state === "ended") turnTo(desk, null);
}

function takeCall(desk: DeskState, call: Call): void {
  remember(desk, call);
  if (call.call_id === desk.call?.call_id) {
    desk.call = call;
    if (call.state === "ended") desk.partials = { citizen: "", agent: "" };
  } else if (call.state === "talking" || call.state === "fallback") {
    turnTo(desk, call);
    if (desk.offer?.call_id === call.call_id) desk.offer = null;
  }
}

/** Another citizen (or none) is in front of us: the page's call things start afresh. */
function turnTo(desk: DeskState, call: Call | null): void {
  desk.call = call;
  desk.transcript = [];
  desk.partials = { citizen: "", agent: "" };
  desk.draft = null;
  desk.emergency = null;
}

function remember(desk: DeskState, call: Call): void {
  const known = desk.recent.findIndex((other) => other.call_id === call.call_id);
  if (known >= 0) desk.recent[known] = { ...desk.recent[known], ...call };
  else if (call.state === "talking" || call.state === "fallback" || call.state === "ended") {
    desk.recent = [call, ...desk.recent].slice(0, RECENT_KEPT);
  }
}

function takeUtterance(desk: DeskState, utterance: Utterance): void {
  if (utterance.call_id !== desk.call?.call_id) return;
  desk.partials[utterance.who] = "";
  desk.transcript = withUtterance(desk.transcript, utterance);
}

/** The transcript with one more (or a repaired) utterance, in the order they began. */
export function withUtterance(transcript: readonly Utterance[], utterance: Utterance): Utterance[] {
  return inOrder([...transcript.filter((other) => other.id !== utterance.id), utterance]);
}

/** The transcript as it is stored, with word times; what came since stays. */
export function withStored(transcript: readonly Utterance[], stored: readonly Utterance[]): Utterance[] {
  const known = new Set(stored.map((utterance) => utterance.id));
  return inOrder([...stored, ...transcript.filter((utterance) => !known.has(utterance.id))]);
}

function inOrder(transcript: readonly Utterance[]): Utterance[] {
  return [...transcript].sort((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at));
}
