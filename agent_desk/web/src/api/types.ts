/** The shapes of the engine's HTTP API and live feed, word for word. The engine decides; this file only names. */
import type { HandNews, RobotView } from "./visits";

export type Role = "agent" | "supervisor" | "department" | "inspector" | "admin" | "discipline";

/** ISO 8601 with offset. */
export type Instant = string;

export interface Me {
  account: string;
  name: string;
  roles: Role[];
  seat: string | null;
  unit: string | null;
  /** A language model may be asked for summaries of calls. */
  summaries?: boolean;
}

export interface Health {
  status: "ok" | "degraded";
  asterisk: "up" | "down";
  recognition: "on" | "off";
  reason?: string | null;
}

export interface ApiErrorBody {
  error: { code: string; zh: string; en: string };
}

export type SeatStatus = "ready" | "not_ready" | "offline";
/** By what the agent talks: the browser's leg that is up all shift, or a desk phone that is rung per call. */
export type SeatKind = "nailed" | "rung";
export type SeatState = "unreachable" | "idle" | "offered" | "talking" | "wrap_up";

export interface Seat {
  id: string;
  name: string;
  account: string | null;
  agent_name: string | null;
  status: SeatStatus;
  reason: string | null;
  state: SeatState;
  since: Instant;
  call_id: string | null;
  groups: string[];
  kind?: SeatKind;
  /** Whether the seat's desk phone can be rung. */
  phone_registered?: boolean;
  /** When the rest that goes on is meant to end; past: overdue. */
  rest_until?: Instant | null;
  /** The reason for which the agent asks to be let go to rest. */
  rest_asked?: string | null;
  /** A rest begins when the work at hand is done. */
  rest_owed?: boolean;
}

export interface Offer {
  offer_id: number;
  call_id: string;
  caller: string;
  line: string;
  waited_seconds: number;
  expires_at: Instant;
  reason: string;
  /** The desk phone rings for it: whoever picks it up talks with the citizen. */
  ringing?: boolean;
  /** Accepted already; only the phone is still to be picked up. */
  accepted?: boolean;
  history: TicketSummary[];
  about?: CallerShown | null;
}

export type CallState = "waiting" | "offered" | "talking" | "fallback" | "ended";

export interface Call {
  call_id: string;
  caller: string;
  dialled: string;
  line: string;
  group: string | null;
  state: CallState;
  arrived_at: Instant;
  connected_at: Instant | null;
  ended_at: Instant | null;
  end_reason: string | null;
  seat: string | null;
}

/** A call in the list of recent ones. */
export interface CallSummary extends Call {
  ticket_id?: string | null;
  ticket_number?: string | null;
}

export type Speaker = "citizen" | "agent";

export interface Utterance {
  id: string;
  call_id: string;
  who: Speaker;
  text: string;
  started_at: Instant;
  seconds: number;
  confidence: number | null;
  /** As it is read: corrected, or with digits and punctuation. `text` is what was heard. */
  display?: string;
  /** Missed live, transcribed from the recording after the call. */
  repaired?: boolean;
  /** The words that a bigger model heard otherwise by night; they stand in `display`. */
  reread?: string[];
  corrected_by?: string | null;
  /** Each word, seconds after `started_at`, its length. */
  words?: [string, number, number][];
}

/** What a language model wrote; `text` begins with a mark that says so. */
export interface MachineText {
  text: string;
  model: string;
}

/** Live transcription since the engine's start. */
export interface Recognition {
  on: boolean;
  reason: string | null;
  live: number;
  limit: number;
  /** Voices left to transcription after the call: there were too many. */
  skipped: number;
  moved: number;
  hosts: { address: string; up: boolean; streams: number; voices: number }[];
}

export interface Partial {
  call_id: string;
  who: Speaker;
  text: string;
}

/** Fields of a draft that a person may type. */
export interface DraftFields {
  title: string;
  description: string;
  type: string;
  category: string;
  place: string;
  urgency: string;
  phone: string;
  unit: string;
}

export type DraftField = keyof DraftFields;

export interface Draft extends Record<DraftField, string | null> {
  call_id: string;
  /** Fields that the agent typed; speech never changes them again. */
  typed: string[];
  /** The words heard that made each suggestion. */
  because: Record<string, string[]>;
  ticket_id: string | null;
  /** Marks, such as 转接 119 消防. */
  tags?: string[];
}

export interface SipAccount {
  ws_url: string;
  uri: string;
  authorization_user: string;
  password: string;
  extension: string;
}

/** What is known of the number that calls. */
export interface CallerShown {
  calls_this_month: number;
  last_at: Instant | null;
  last_account: string | null;
  gave_up_at: Instant | null;
  open_orders: number;
  listed_until: Instant | null;
  listed_because: string[];
}

export type NuisanceState = "proposed" | "listed" | "declined" | "removed" | "expired";

export interface NuisanceListing {
  id: string;
  phone_masked: string;
  state: NuisanceState;
  marks: { call_id: string; at: Instant; by: string; reason: string }[];
  created_at: Instant;
  decided_by: string | null;
  decided_at: Instant | null;
  note: string;
  until: Instant | null;
  removed_by: string | null;
  removed_at: Instant | null;
  removed_because: string;
  treated: number;
  treated_at: Instant | null;
}

export interface NuisancePage {
  items: NuisanceListing[];
  total: number;
  treatment: "show" | "last" | "notice";
  days: number;
}

export interface EmergencyPlatform {
  code: string;
  label: string;
}

/** How far a hand-over to 110, 119, 120 … has come; an empty word means: as before. */
export interface EmergencyNews {
  call_id: string;
  platform: string;
  label: string;
  stage: string;
  push: string;
}

export interface EmergencyPush {
  id: string;
  call_id: string;
  platform: string;
  label: string;
  target: string;
  seat: string | null;
  by: string;
  state: "due" | "sent" | "given_up";
  attempts: number;
  created_at: Instant;
  sent_at: Instant | null;
  failure: string | null;
  outcome: string | null;
}

export interface DeskSnapshot {
  seat: Seat;
  offer: Offer | null;
  call: Call | null;
  transcript: Utterance[];
  draft: Draft | null;
  reasons: string[];
  rest_approval?: boolean;
  emergency?: EmergencyPlatform[];
  sip: SipAccount | null;
  recent: CallSummary[];
}

export type Lamp = "green" | "yellow" | "red" | "none";

export interface TicketSummary {
  id: string;
  number: string;
  title: string;
  type: string;
  category: string;
  place: string;
  urgency: string;
  state: string;
  state_zh: string;
  unit: string | null;
  unit_name: string | null;
  created_at: Instant;
  dispatched_at: Instant | null;
  due_at: Instant | null;
  lamp: Lamp;
  /** True when the deadline was counted over days whose calendar is not published yet. */
  due_provisional?: boolean;
  phone_masked: string;
  /** Which line was dialled, and through which other one the call came; empty for what came in otherwise. */
  line?: string;
  tags?: string[];
  supervise_level?: number;
  /** The reporter is hidden from units. */
  protected?: boolean;
  /** What happened to it last; left out by an engine that does not tell. */
  last_event?: { at: Instant; action: string; action_zh: string } | null;
}

export interface TimelineEntry {
  at: Instant;
  by: string;
  role: string;
  action: string;
  action_zh: string;
  from_state: string | null;
  to_state: string | null;
  note: string | null;
}

export interface CallbackAttempt {
  task_id: string;
  state: string;
  attempt: number;
  disposition: string | null;
  solved: boolean | null;
  satisfaction: number | null;
  at: Instant | null;
}

export type ActionField =
  | "note" | "reply" | "contact" | "solved" | "unit" | "answer"
  | "days" | "review_on" | "level" | "matter" | "into" | "leader" | "instruction" | "contacted" | "skip_reason" | "assist";

export interface TicketAction {
  action: string;
  zh: string;
  needs: ActionField[];
}

export interface Recording {
  id: string;
  call_id: string;
  seconds: number;
  sha256: string;
  tracks: string[];
  /** Whose voice a track has, where that is known by name. */
  speakers?: Record<string, string>;
  created_at: Instant;
  /** When its first sample was spoken. */
  started_at?: Instant | null;
  held?: boolean;
}

/** How loud each party was, 0–100 in equal steps of time. */
export interface Peaks {
  recording_id: string;
  seconds: number;
  peaks: Record<string, number[]>;
}

/** A picture, film or document of a work order. */
export interface Attachment {
  id: string;
  kind: "jpeg" | "png" | "mp4" | "pdf";
  name: string;
  bytes: number;
  by: string;
  at: Instant;
}

/** An earlier work order that looks like this one, and why. */
export interface AlikeTicket extends TicketSummary {
  score: number;
  because: string[];
}

export interface Ticket extends TicketSummary {
  /** Which unit the duty directory names, and why. */
  proposal?: { unit: string; reason: string } | null;
  parts?: (TicketSummary & { part_zh?: string | null })[];
  merged?: TicketSummary[];
  alike?: AlikeTicket[];
  attachments?: Attachment[];
  leader?: string | null;
  instruction?: string | null;
  review_at?: Instant | null;
  description: string;
  phone: string;
  call_id: string | null;
  reply: string | null;
  contact: string | null;
  /** What the citizen was told when it was answered on the line. */
  answer?: string | null;
  solved?: boolean | null;
  satisfaction?: number | null;
  /** At the first return visit; it stays, whatever a rework brings. */
  first_satisfaction?: number | null;
  created_by?: string | null;
  timeline: TimelineEntry[];
  callbacks: CallbackAttempt[];
  actions: TicketAction[];
  recordings: Recording[];
}

/** A matter was registered. */
export interface Acknowledgement {
  ticket_id: string;
  number: string;
  state: string;
  duplicate: boolean;
  repeats: string[];
  scope_hint: string | null;
}

/** A unit is pressed, or has answered; the words are in the letter itself. */
export interface LetterNews {
  letter_id: string;
  ticket_id: string;
  number: string;
  matter: string;
  answered: boolean;
}

export interface TicketPage {
  items: TicketSummary[];
  /** Counted up to 2,000; `more`: there are more than that. */
  total: number;
  more: boolean;
  page: number;
  size: number;
  /** Asks for what follows. */
  next: string | null;
}

export interface PivotCell {
  row: string;
  column: string;
  tickets: number;
  done: number;
  overdue: number;
}

export interface PivotTable {
  rows: string[];
  columns: string[];
  cells: PivotCell[];
  total: { tickets: number; done: number; overdue: number };
}

/** Something kept under a name: a view of the list, or a reply's text. */
export interface ShelfItem {
  name: string;
  body: Record<string, string>;
  by: string;
}

/** One stay of somebody in a call. */
export interface CallLeg {
  kind: "citizen" | "seat" | "party" | "supervisor";
  who: string;
  name: string;
  purpose: string;
  since: Instant;
  joined_at: Instant | null;
  left_at: Instant | null;
  why: string;
  talked_seconds: number;
  held_seconds: number;
}

export interface CallDetail {
  call: Call;
  transcript: Utterance[];
  recordings: Recording[];
  ticket_id: string | null;
  legs?: CallLeg[];
}

export interface CitizenHistory {
  items: TicketSummary[];
  calls_this_month: number;
  about?: CallerShown | null;
}

export interface Article {
  id: string;
  title: string;
  answer: string;
  score: number;
}

export interface CategoryGroup {
  level1: string;
  leaves: string[];
}

export interface Unit {
  code: string;
  name: string;
  level: number;
  parent: string | null;
}

/** A county or zone, and where its tile lies on the schematic map; null: nowhere yet. */
export interface Area {
  name: string;
  column: number | null;
  row: number | null;
}

export interface LiveGroup {
  id: string;
  name: string;
  waiting: number;
  longest_wait_seconds: number;
  ready: number;
  busy: number;
  not_ready: number;
  answered_15s_rate: number | null;
  abandoned: number;
  /** Citizens in the line during each two minutes of the last hour, oldest first. */
  trend?: number[];
}

/** A seat as supervisors see it: with the masked number of its citizen. */
export interface LiveSeat extends Seat {
  caller: string;
}

/** A citizen in the line, and why still there ("中文 / English"). */
export interface WaitingCall extends Call {
  because: string;
}

/** A call in a list, with what its agent said about it. */
export interface CallRecord extends Call {
  disposition: string | null;
  note: string;
  ticket_id: string | null;
  ticket_number: string | null;
}

export interface CallPage {
  items: CallRecord[];
  total: number;
  page: number;
  size: number;
}

export interface Disposition {
  code: string;
  name: string;
  en: string;
}

export interface DispositionReport {
  items: (Disposition & { calls: number; share: number })[];
  unsaid: number;
  total: number;
}

/** My own figures since midnight; times are seconds. */
export interface SeatDay {
  begins: Instant;
  calls: number;
  talk_seconds: number;
  wrap_up_seconds: number;
  ready_seconds: number;
  not_ready_seconds: number;
  not_ready_by_reason: Record<string, number>;
  missed: number;
  rejected: number;
  average_talk: number | null;
  average_wrap_up: number | null;
  occupancy: number | null;
}

export interface Script {
  category: string;
  title: string;
  lines: string[];
}

export interface Followed {
  seat: string;
  call: Call | null;
  transcript: Utterance[];
}

export type WatchMode = "listen" | "whisper" | "barge";

export interface Watching {
  seat: string;
  call_id: string;
  mode: WatchMode;
}

export interface LiveFigures {
  arrived: number;
  answered: number;
  abandoned: number;
  within_15s: number;
}

/** A crossed limit; `raised` false tells that it is kept again. */
export interface Alarm {
  name: string;
  figure: string;
  group: string | null;
  value: number | null;
  threshold: number;
  since: Instant;
  raised: boolean;
}

export interface Kpi {
  begins: Instant;
  ends: Instant;
  group: string | null;
  arrived: number;
  queued: number;
  answered: number;
  within_15s: number;
  abandoned: number;
  answer_rate: number | null;
  prompt_rate: number | null;
  abandon_rate: number | null;
  average_wait: number | null;
  abandoned_by_second: [number, number][];
  wait_error: number | null;
  occupancy: number | null;
  formulas: Record<string, string>;
}

/** A call that we owe a citizen. */
export interface OwedCall {
  id: string;
  phone: string;
  call_id: string;
  line: string;
  group: string;
  reason: string;
  state: "open" | "done";
  since: Instant;
  created_at: Instant;
  done_at: Instant | null;
  by: string | null;
  /** While open: the turn is awaited, the citizen is rung, people are to phone. */
  stage: "waiting" | "dialling" | "hand";
  attempt: number;
  on_the_line: boolean;
}

export interface Live {
  groups: LiveGroup[];
  waiting: WaitingCall[];
  seats: LiveSeat[];
  figures: LiveFigures;
  at: Instant;
  alarms?: Alarm[];
  controls?: Control[];
  recognition?: Recognition | null;
}

/** Everything the engine may say over the live feed. */
/** What goes on besides the plain talk: hold, a third party, and what the agent may do now. */
export interface Control {
  seat: string;
  call_id: string | null;
  stage: "talking" | "held" | "calling" | "consulting" | "swapped" | "adding" | "conference" | "sending" | "together";
  party: { party_id: string; kind: string; target: string; name: string } | null;
  held_since: string | null;
  muted: boolean;
  may: string[];
  watched: string[];
  hand_raised: boolean;
  hand_note?: string;
  hand_since?: Instant | null;
  /** Of a supervisor's own seat: whose call it is at. */
  watching?: Watching | null;
}

export interface AddressBook {
  units: { code: string; name: string; kind: string; numbers: string[]; on_duty: string }[];
  seats: { id: string; name: string; agent_name: string | null; free: boolean }[];
  groups: { id: string; name: string }[];
  /** Nodes of voice flows; ``target`` is "flow/node". */
  flows: { target: string; flow: string; title: string }[];
}

export type TargetKind = "unit" | "seat" | "group" | "phone" | "flow";

/** A citizen who hears music until a seat picks up. */
export interface ParkedCall {
  call_id: string;
  caller: string;
  group: string;
  seat: string;
  since: string;
}

export type FeedMessage =
  | { type: "desk"; data: DeskSnapshot; seq?: number }
  | { type: "seat"; data: Seat; seq?: number }
  | { type: "offer"; data: Offer; seq?: number }
  | { type: "offer_ended"; data: { offer_id: number; outcome: string }; seq?: number }
  | { type: "call"; data: Call; seq?: number }
  | { type: "parked"; data: ParkedCall[]; seq?: number }
  | { type: "partial"; data: Partial; seq?: number }
  | { type: "utterance"; data: Utterance; seq?: number }
  | { type: "draft"; data: Draft; seq?: number }
  | { type: "ticket"; data: TicketSummary; seq?: number }
  | { type: "letter"; data: LetterNews; seq?: number }
  | { type: "recording"; data: Recording; seq?: number }
  | { type: "control"; data: Control; seq?: number }
  | { type: "emergency"; data: EmergencyNews; seq?: number }
  | { type: "promises"; data: unknown; seq?: number }
  | { type: "message"; data: { text: string; by: string }; seq?: number }
  | { type: "live"; data: Live; seq?: number }
  | { type: "live.seat"; data: LiveSeat; seq?: number }
  | { type: "live.control"; data: Control; seq?: number }
  | { type: "live.partial"; data: Partial; seq?: number }
  | { type: "live.utterance"; data: Utterance; seq?: number }
  | { type: "live.waiting"; data: WaitingCall[]; seq?: number }
  | { type: "live.group"; data: LiveGroup; seq?: number }
  | { type: "live.alarm"; data: Alarm; seq?: number }
  | { type: "live.recognition"; data: Recognition; seq?: number }
  | { type: "live.figures"; data: LiveFigures; seq?: number }
  | { type: "robot"; data: RobotView; seq?: number }
  | { type: "by_hand"; data: HandNews; seq?: number }
  | { type: "by_hand_list"; data: unknown; seq?: number }
  | { type: "campaign"; data: { id: string }; seq?: number }
  | { type: "ping"; data?: unknown; seq?: number };
