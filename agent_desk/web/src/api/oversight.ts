/** Quality, supervision, assessment, projects, discipline: what the engine sends, and every request of these pages. */
import { http, query } from "./client";
import type { Instant, Role, TicketSummary, TimelineEntry } from "./types";

const part = encodeURIComponent;

export interface Page<T> {
  items: T[];
  total: number;
  page: number;
  size: number;
}

export const STAGES = ["handling", "order", "call", "callback"] as const;
export type Stage = (typeof STAGES)[number];
export interface SheetItem {
  name: string;
  points: number;
  fatal: boolean;
}
export interface ScoreSheet {
  stage: Stage;
  share: number;
  items: SheetItem[];
  pass_mark: number;
}
export interface Review {
  id: string;
  ticket: TicketSummary;
  stage: Stage;
  sheet: { items: SheetItem[]; pass_mark: number };
  marks: Record<string, number>;
  total: number;
  passed: boolean;
  fatal: string[];
  note: string;
  returned: boolean;
  by: string;
  at: Instant;
  state: "scored" | "appealed" | "upheld" | "revised";
  account: string | null;
  unit: string | null;
  unit_name: string | null;
  appeal: string | null;
  appealed_by: string | null;
  appeal_until: Instant;
  decision: string | null;
  decided_by: string | null;
  first_total: number | null;
}
export interface Sample {
  share: number;
  of: number;
  items: { ticket: TicketSummary; review: Review | null }[];
}

export interface Proposal {
  id: string;
  ticket: TicketSummary;
  ground: string;
  ground_zh: string;
  level: number;
  level_name: string;
  because: string;
  others: string[];
  state: "open" | "accepted" | "dismissed" | "lapsed";
  at: Instant;
  decided_by: string | null;
  note: string | null;
}
export interface Letter {
  id: string;
  kind: "letter" | "urge";
  number: string;
  ticket: TicketSummary;
  unit: string;
  unit_name: string;
  level: number;
  text: string;
  sent_at: Instant;
  sent_by: string;
  due_at: Instant;
  answer: string | null;
  answered_at: Instant | null;
  answered_by: string | null;
  late: boolean;
}
export interface Course {
  level: number;
  name: string;
  reason: string;
  skip_reason: string;
  opened_at: Instant;
  opened_by: string;
  result: string | null;
  solved: boolean | null;
  concluded_at: Instant | null;
}
export interface TicketSupervision {
  level: number;
  levels: string[];
  courses: Course[];
  letters: Letter[];
  proposals: Proposal[];
}
export interface SupervisedPage extends Page<{ ticket: TicketSummary; waits_for_result: boolean }> {
  levels: { level: number; name: string; count: number }[];
}

export interface Rate {
  value: number | null;
  counted: number;
  of: number;
}
export interface Mark {
  unit: string;
  name: string;
  score: number | null;
  board: "red" | "yellow" | "none";
  closed: number;
  excluded: number;
  rates: Record<string, Rate>;
}
export interface AssessedMonth {
  month: string;
  ended: boolean;
  digest: string;
  published: { at: Instant; by: string; digest: string } | null;
  weights: Record<string, number>;
  red_from: number;
  yellow_below: number;
  least: number;
  figures: { figure: string; zh: string; formula_zh: string; formula_en: string }[];
  whole: Record<string, Rate>;
  units: Mark[];
}
export interface BehindFigure {
  rate: Rate;
  items: { ticket: TicketSummary; counts: boolean }[];
}
export interface Exclusion {
  id: string;
  ticket: TicketSummary;
  unit: string;
  unit_name: string;
  reason: string;
  state: "asked" | "approved" | "refused";
  asked_by: string;
  asked_at: Instant;
  decided_by: string | null;
  note: string | null;
}

export interface ProjectSummary {
  id: string;
  number: string;
  name: string;
  category: string;
  place: string;
  unit: string;
  unit_name: string;
  goal: string;
  state: "open" | "closed";
  percent: number;
  due_on: string | null;
  opened_by: string;
  opened_at: Instant;
  result: string | null;
  count: number;
  done: number;
}
export interface ProjectStep {
  at: Instant;
  by: string;
  action: string;
  action_zh: string;
  note: string;
  percent: number | null;
  count: number;
}
export interface Project extends ProjectSummary {
  tickets: TicketSummary[];
  timeline: ProjectStep[];
}
export interface ProjectSuggestion {
  category: string;
  place: string;
  unit: string;
  unit_name: string;
  ticket_ids: string[];
  count: number;
  example: string;
}

export interface Referral {
  id: string;
  sealed_by: string;
  sealed_at: Instant;
  state: "sealed" | "opened" | "closed";
  opened_by: string | null;
  closed_by: string | null;
}
export interface OpenReferral extends Referral {
  text: string;
  outcome: string | null;
  tickets: { number: string; title: string; description: string; reply: string | null; unit: string | null; phone: string; timeline: TimelineEntry[] }[];
}
export interface DisciplineSum {
  cases: number;
  persons: number;
  published: number;
}
export interface DisciplineCase {
  id: string;
  unit_name: string;
  ground: string;
  penalty: string;
  persons: number;
  published: boolean;
  decided_on: string;
  names: string;
}
export interface DisciplineSummary {
  total: DisciplineSum;
  ground: (DisciplineSum & { name: string })[];
  grounds: { name: string; penalties: string[] }[];
}

type Paging = { page?: number; size?: number };

export type DossierKind = "duty" | "enterprise" | "inspection" | "meeting";
export type EntryKind = "roster" | "log" | "visit" | "milestone" | "done" | "finding" | "decision";
export type EntryField = "text" | "who" | "begins" | "ends" | "due_on" | "unit" | "ticket" | "refers_to";

/** Who keeps a kind, and what its forms ask for; the engine holds the law. */
export const DOSSIER_KEEPERS: Record<DossierKind, Role[]> = { duty: ["supervisor"], enterprise: ["supervisor"], meeting: ["supervisor"], inspection: ["inspector", "discipline"] };
export const DOSSIER_FIELDS = {
  duty: ["title", "begins_on", "ends_on", "place"],
  enterprise: ["title", "subject_name", "subject", "lead", "unit"],
  inspection: ["title", "unit", "place", "lead", "begins_on"],
  meeting: ["title", "begins_on", "lead", "place"],
} as const satisfies Record<DossierKind, readonly string[]>;
export const ENTRY_FIELDS: Record<EntryKind, readonly EntryField[]> = {
  roster: ["who", "begins", "ends"], log: ["text"], visit: ["who", "text"], milestone: ["text", "due_on"], done: ["refers_to", "text"],
  finding: ["ticket", "text"], decision: ["text", "unit", "due_on"],
};

export interface DossierSummary {
  id: string;
  number: string;
  kind: DossierKind;
  title: string;
  subject: string;
  subject_name: string;
  unit: string;
  unit_name: string;
  lead: string;
  place: string;
  begins_on: string | null;
  ends_on: string | null;
  state: "open" | "closed";
  opened_by: string;
  opened_at: string;
  closed_at: string | null;
  result: string | null;
}

export interface DossierEntry {
  id: number;
  at: string;
  by: string;
  entry: EntryKind;
  text: string;
  who: string;
  begins: string | null;
  ends: string | null;
  due_on: string | null;
  refers_to: number | null;
  unit_name: string;
  ticket: TicketSummary | null;
}

export interface Dossier extends DossierSummary {
  entries: DossierEntry[];
  samples: TicketSummary[];
  on_duty: string[];
  may_write: EntryKind[];
  may_draw: boolean;
}

export const oversight = {
  dossiers: (filter: { kind: string } & Paging) => http.get<Page<DossierSummary>>(`/dossiers${query(filter)}`),
  dossier: (id: string) => http.get<Dossier>(`/dossiers/${part(id)}`),
  openDossier: (wish: Record<string, unknown>) => http.post<Dossier>("/dossiers", wish),
  writeDossier: (id: string, entry: EntryKind, fields: Record<string, unknown>) => http.post<Dossier>(`/dossiers/${part(id)}/entries`, { entry, ...fields }),
  drawSamples: (id: string, count: number) => http.post<Dossier>(`/dossiers/${part(id)}/samples`, { count }),
  closeDossier: (id: string, text: string) => http.post<Dossier>(`/dossiers/${part(id)}/close`, { text }),
  sheets: () => http.get<{ items: ScoreSheet[] }>("/quality/sheets"),
  sample: (stage: Stage, month: string) => http.get<Sample>(`/quality/sample${query({ stage, month })}`),
  reviews: (filter: { stage?: string; state?: string } & Paging) => http.get<Page<Review>>(`/quality/reviews${query(filter)}`),
  reviewsOf: (ticket: string) => http.get<{ items: Review[] }>(`/quality/tickets/${part(ticket)}`),
  score: (ticket: string, stage: Stage, marks: Record<string, number>, note: string) =>
    http.post<Review>(`/quality/tickets/${part(ticket)}`, { stage, marks, note }),
  appeal: (review: string, text: string) => http.post<Review>(`/quality/reviews/${part(review)}/appeal`, { text }),
  decide: (review: string, text: string, marks: Record<string, number> | null) =>
    http.post<Review>(`/quality/reviews/${part(review)}/decision`, { text, marks }),

  proposals: (filter: { state?: string } & Paging) => http.get<Page<Proposal>>(`/supervision/proposals${query(filter)}`),
  accept: (id: string, note: string) => http.post<Proposal>(`/supervision/proposals/${part(id)}/accept`, { note }),
  dismiss: (id: string, note: string) => http.post<Proposal>(`/supervision/proposals/${part(id)}/dismiss`, { note }),
  supervised: (filter: Paging) => http.get<SupervisedPage>(`/supervision/tickets${query(filter)}`),
  supervisionOf: (ticket: string) => http.get<TicketSupervision>(`/supervision/tickets/${part(ticket)}`),
  result: (ticket: string, result: string, solved: boolean) =>
    http.post<TicketSupervision>(`/supervision/tickets/${part(ticket)}/result`, { result, solved }),
  send: (ticket: string, kind: "letter" | "urge", text: string) =>
    http.post<Letter>(`/supervision/tickets/${part(ticket)}/letters`, { kind, text }),
  letters: (filter: { state?: string } & Paging) => http.get<Page<Letter>>(`/supervision/letters${query(filter)}`),
  answer: (id: string, text: string) => http.post<Letter>(`/supervision/letters/${part(id)}/answer`, { text }),

  month: (month: string) => http.get<AssessedMonth>(`/assessment/months/${part(month)}`),
  behind: (month: string, unit: string, figure: string) =>
    http.get<BehindFigure>(`/assessment/months/${part(month)}/units/${part(unit)}/${part(figure)}`),
  publish: (month: string) => http.post<AssessedMonth>(`/assessment/months/${part(month)}/publish`),
  verify: (month: string) => http.get<{ same: boolean }>(`/assessment/months/${part(month)}/verify`),
  trend: (unit: string) => http.get<{ items: { month: string; score: number | null }[] }>(`/assessment/units/${part(unit)}/trend`),
  exclusions: (filter: { state?: string } & Paging) => http.get<Page<Exclusion>>(`/assessment/exclusions${query(filter)}`),
  askExclusion: (ticket_id: string, reason: string) => http.post<Exclusion>("/assessment/exclusions", { ticket_id, reason }),
  decideExclusion: (id: string, approved: boolean, note: string) =>
    http.post<Exclusion>(`/assessment/exclusions/${part(id)}/decision`, { approved, note }),

  projects: (filter: { state?: string } & Paging) => http.get<Page<ProjectSummary>>(`/projects${query(filter)}`),
  suggestions: () => http.get<{ items: ProjectSuggestion[] }>("/projects/suggestions"),
  project: (id: string) => http.get<Project>(`/projects/${part(id)}`),
  openProject: (body: Record<string, unknown>) => http.post<Project>("/projects", body),
  addTickets: (id: string, tickets: string[]) => http.post<Project>(`/projects/${part(id)}/tickets`, { tickets }),
  removeTicket: (id: string, ticket: string, note: string) =>
    http.post<Project>(`/projects/${part(id)}/tickets/remove`, { ticket, note }),
  progress: (id: string, note: string, percent: number) => http.post<Project>(`/projects/${part(id)}/progress`, { note, percent }),
  closeProject: (id: string, text: string) => http.post<Project>(`/projects/${part(id)}/close`, { text }),

  refer: (tickets: string[], text: string) => http.post<{ id: string }>("/referrals", { tickets, text }),
  referrals: (filter: Paging) => http.get<Page<Referral>>(`/referrals${query(filter)}`),
  referral: (id: string) => http.get<OpenReferral>(`/referrals/${part(id)}`),
  closeReferral: (id: string, text: string) => http.post<OpenReferral>(`/referrals/${part(id)}/close`, { text }),
  cases: (filter: Paging) => http.get<Page<DisciplineCase>>(`/discipline/cases${query(filter)}`),
  recordCase: (body: Record<string, unknown>) => http.post<DisciplineCase>("/discipline/cases", body),
  caseSums: () => http.get<DisciplineSummary>("/discipline/summary"),
};

export const letterUrl = (id: string): string => `/api/supervision/letters/${part(id)}/document`;
export const bulletinUrl = (month: string): string => `/api/assessment/months/${part(month)}/bulletin`;
export const tableUrl = (month: string, format: "csv" | "xlsx"): string => `/api/assessment/months/${part(month)}/table?format=${format}`;
