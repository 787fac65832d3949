/** Every request the screens make, by name. */
import type { ListFilter } from "../department/listFilter";
import { http, query } from "./client";
import type {
  Area,
  Acknowledgement,
  AddressBook,
  Article,
  Attachment,
  Call,
  CallDetail,
  CallPage,
  CategoryGroup,
  CitizenHistory,
  Control,
  DeskSnapshot,
  Disposition,
  DispositionReport,
  Draft,
  DraftFields,
  Followed,
  EmergencyPush,
  Health,
  Kpi,
  Live,
  MachineText,
  Me,
  NuisanceListing,
  NuisancePage,
  OwedCall,
  Peaks,
  PivotTable,
  Script,
  Seat,
  SeatDay,
  SeatKind,
  SeatStatus,
  ShelfItem,
  TargetKind,
  Ticket,
  TicketPage,
  TicketSummary,
  Unit,
  Utterance,
  WatchMode,
  Watching,
} from "./types";

const part = encodeURIComponent;

export const api = {
  login: (account: string, password: string) => http.post<Me>("/login", { account, password }),
  logout: () => http.post<null>("/logout"),
  me: () => http.get<Me>("/me"),
  health: () => http.get<Health>("/health"),

  desk: () => http.get<DeskSnapshot>("/desk"),
  setStatus: (status: SeatStatus, reason?: string) => http.put<Seat>("/desk/status", { status, reason }),
  setKind: (kind: SeatKind) => http.put<Seat>("/desk/kind", { kind }),
  mute: (callId: string, muted: boolean) => http.post<Control>(`/desk/calls/${part(callId)}/mute`, { muted }),
  askRest: (reason: string | null) => http.post<Seat>("/desk/rest", { reason }),
  acceptOffer: (offerId: number) => http.post<Call>(`/desk/offers/${offerId}/accept`),
  rejectOffer: (offerId: number) => http.post<Seat>(`/desk/offers/${offerId}/reject`),
  hangUp: (callId: string) => http.post<Call>(`/desk/calls/${part(callId)}/hangup`),
  endWrapUp: () => http.post<Seat>("/desk/wrap-up/end"),
  editDraft: (callId: string, changes: Partial<DraftFields>) =>
    http.patch<Draft>(`/desk/calls/${part(callId)}/draft`, changes),
  submit: (callId: string, body: Partial<DraftFields> & { how: "dispatch" | "direct"; answer?: string; article_id?: string; confidential?: boolean }) =>
    http.post<Ticket>(`/desk/calls/${part(callId)}/submit`, body),

  citizen: (phone: string) => http.get<CitizenHistory>(`/citizens/${part(phone)}/tickets`),
  call: (callId: string) => http.get<CallDetail>(`/calls/${part(callId)}`),
  summarise: (callId: string) => http.post<MachineText>(`/calls/${part(callId)}/summary`),
  correct: (callId: string, utteranceId: string, text: string) =>
    http.patch<Utterance>(`/calls/${part(callId)}/utterances/${part(utteranceId)}`, { text }),
  peaks: (recordingId: string, buckets: number) =>
    http.get<Peaks>(`/recordings/${part(recordingId)}/peaks${query({ buckets })}`),
  pauseRecording: (callId: string, paused: boolean) =>
    http.post<{ paused: boolean }>(`/desk/calls/${part(callId)}/recording`, { paused }),
  pickUp: (callId: string) => http.post<Control>(`/desk/calls/${part(callId)}/pickup`),
  controlCall: (callId: string, act: string) => http.post<Control>(`/desk/calls/${part(callId)}/control/${part(act)}`),
  reach: (callId: string, how: "consult" | "conference" | "transfer", kind: TargetKind, target: string) =>
    http.post<Control>(`/desk/calls/${part(callId)}/${how}`, { kind, target }),
  emergency: (callId: string, code: string) => http.post<Control>(`/desk/calls/${part(callId)}/emergency/${part(code)}`),
  markNuisance: (callId: string, reason: string) =>
    http.post<NuisanceListing>(`/desk/calls/${part(callId)}/nuisance`, { reason }),
  nuisance: (state: string, page: number, size: number) =>
    http.get<NuisancePage>(`/nuisance${query({ state: state || undefined, page, size })}`),
  decideNuisance: (id: string, approved: boolean, days: number, note: string) =>
    http.post<NuisanceListing>(`/nuisance/${part(id)}/decide`, { approved, days, note }),
  removeNuisance: (id: string, reason: string) => http.post<NuisanceListing>(`/nuisance/${part(id)}/remove`, { reason }),
  nuisanceEvidence: (id: string) => http.post<Record<string, unknown>>(`/nuisance/${part(id)}/evidence`),
  emergencyPushes: (page: number, size: number) =>
    http.get<{ items: EmergencyPush[]; total: number }>(`/emergency/pushes${query({ page, size })}`),
  resendEmergency: (id: string) => http.post<EmergencyPush>(`/emergency/pushes/${part(id)}/resend`),
  raiseHand: (raised: boolean) => http.post<Control>("/desk/hand", { raised }),
  addressBook: () => http.get<AddressBook>("/address-book"),
  knowledge: (words: string) => http.get<{ items: Article[] }>(`/knowledge${query({ q: words })}`),

  tickets: (filter: ListFilter & { page?: number; size?: number; after?: string }) =>
    http.get<TicketPage>(`/tickets${query(filter)}`),
  actOnAll: (ids: string[], action: string, fields: Record<string, unknown>) =>
    http.post<TicketSummary[]>(`/tickets/actions/${part(action)}`, { ...fields, ids }),
  pivot: (wish: { rows: string; columns?: string; since?: string; until?: string }) =>
    http.get<PivotTable>(`/tickets/pivot${query(wish)}`),
  shelf: (kind: "view" | "reply") => http.get<{ items: ShelfItem[] }>(`/shelf/${kind}`),
  keep: (kind: "view" | "reply", name: string, body: Record<string, string>) =>
    http.put<ShelfItem>(`/shelf/${kind}/${part(name)}`, { body }),
  forget: (kind: "view" | "reply", name: string) => http.delete(`/shelf/${kind}/${part(name)}`),
  ticket: (id: string) => http.get<Ticket>(`/tickets/${part(id)}`),
  act: (id: string, action: string, fields: Record<string, unknown>) =>
    http.post<Ticket>(`/tickets/${part(id)}/actions/${part(action)}`, fields),
  register: (channel: string, matter: { sender_id: string; description: string; phone: string; place: string; confidential: boolean }) =>
    http.post<Acknowledgement>(`/intake/${part(channel)}`, matter),
  attach: (id: string, file: File) => http.post<Attachment>(`/tickets/${part(id)}/attachments${query({ name: file.name })}`, file),
  categories: () => http.get<{ items: CategoryGroup[] }>("/categories"),
  areas: () => http.get<{ items: Area[] }>("/areas"),
  units: () => http.get<{ items: Unit[] }>("/units"),
  deadline: (urgency: string) => http.get<{ due_at: string }>(`/tickets/deadline${query({ urgency })}`),

  myCalls: (page: number, size: number) => http.get<CallPage>(`/desk/calls${query({ page, size, days: 7 })}`),
  myDay: () => http.get<SeatDay>("/desk/statistics"),
  dispositions: () => http.get<{ items: Disposition[]; required: boolean }>("/dispositions"),
  disposition: (callId: string) => http.get<{ code: string | null; note: string }>(`/desk/calls/${part(callId)}/disposition`),
  dispose: (callId: string, code: string, note: string) =>
    http.put<{ code: string; note: string }>(`/desk/calls/${part(callId)}/disposition`, { code, note }),
  scripts: (category: string) => http.get<{ items: Script[] }>(`/scripts${query({ category })}`),
  echo: (on: boolean) => http.post<{ on: boolean }>("/desk/echo", { on }),
  pressKeys: (callId: string, keys: string) => http.post<Control>(`/desk/calls/${part(callId)}/keys`, { keys }),

  watch: (seat: string, mode: WatchMode, reason: string) => http.post<Watching>(`/live/seats/${part(seat)}/watch/${mode}`, { reason }),
  endWatch: () => http.post<Seat>("/live/watch/end"),
  takeOver: (seat: string, reason: string) => http.post<Seat>(`/live/seats/${part(seat)}/takeover`, { reason }),
  forceStatus: (seat: string, status: SeatStatus, reason: string) => http.post<Seat>(`/live/seats/${part(seat)}/status`, { status, reason }),
  message: (text: string, seats: string[]) => http.post<null>("/live/message", { text, seats }),
  follow: (seat: string) => http.post<Followed>(`/live/seats/${part(seat)}/follow`),
  endFollow: () => http.post<null>("/live/follow/end"),
  moveWaiting: (callId: string, where: { seat?: string; group?: string }, reason: string) =>
    http.post<Call>(`/live/waiting/${part(callId)}/move`, { ...where, reason }),
  callsOf: (whose: { seat?: string; group?: string }, page: number, size: number) => http.get<CallPage>(`/live/calls${query({ ...whose, page, size })}`),
  dispositionReport: (window: { from?: string; to?: string; group?: string }) => http.get<DispositionReport>(`/kpi/dispositions${query(window)}`),

  live: () => http.get<Live>("/live"),
  kpi: (window: { from?: string; to?: string; group?: string }) => http.get<Kpi>(`/kpi${query(window)}`),
  sendToRest: (seat: string, minutes: number) => http.post<Seat>(`/live/seats/${part(seat)}/break`, { minutes }),
  decideRest: (seat: string, granted: boolean) => http.post<Seat>(`/live/seats/${part(seat)}/rest`, { granted }),
  promises: () => http.get<{ items: OwedCall[] }>("/promises"),
  keepPromise: (id: string) => http.post<OwedCall>(`/promises/${part(id)}/keep`),
};

/** Address of a track for an <audio> element. */
export function audioUrl(recordingId: string, track: string): string {
  return `/api/recordings/${part(recordingId)}/audio${query({ track })}`;
}

/** Address of the list as a file. */
export function exportUrl(filter: ListFilter): string {
  return `/api/tickets/export${query(filter)}`;
}
