/** Return visits, the robot, the list for people, messages, campaigns: every request their screens make, and its shapes. */
import { http, query } from "./client";
import type { Instant, Recording, Utterance } from "./types";

const part = encodeURIComponent;

export interface Page<T> {
  items: T[];
  total: number;
  page: number;
  size: number;
}
export interface Visit {
  task_id: string;
  ticket_id: string;
  number: string;
  title: string;
  kind: string;
  state: string;
  state_zh: string;
  unit: string;
  attempt: number;
  disposition: string | null;
  disposition_zh: string;
  solved: boolean | null;
  satisfaction: number | null;
  manner: number | null;
  reason: string;
  words: string;
  grounds: string;
  campaign_id: string | null;
  phone_masked: string;
  due_at: Instant;
  created_at: Instant;
  done_at: Instant | null;
  handed_at: Instant | null;
}
export interface Attempt {
  channel_id: string;
  call_id: string;
  by: string;
  at: Instant;
  ended_at: Instant | null;
  outcome: string | null;
  recordings: Recording[];
  transcript: Utterance[];
}
export interface SmsMessage {
  id: string;
  task_id: string;
  ticket_id: string;
  phone_masked: string;
  state: string;
  attempts: number;
  created_at: Instant;
  sent_at: Instant | null;
  failure: string | null;
}
export interface VisitDetail {
  visit: Visit;
  attempts: Attempt[];
  messages: SmsMessage[];
}
export interface RobotCall {
  task_id: string;
  kind: string;
  number: string;
  phone_masked: string;
  state: string;
  since: Instant;
  question: string;
}
export interface Funnel {
  dialled: number;
  picked_up: number;
  surveyed: number;
  outcomes: Record<string, number>;
  closed: Record<string, number>;
  waiting: number;
  with_people: number;
}
export interface RobotView {
  enabled: boolean;
  paused: boolean;
  paused_by: string;
  breaker: string;
  breaker_until: Instant | null;
  lines: number;
  in_use: number;
  per_second: number;
  opens_at: Instant | null;
  at: Instant;
  live: RobotCall[];
  today: Funnel;
}
export interface HandTask {
  task_id: string;
  ticket_id: string;
  number: string;
  title: string;
  kind: string;
  state: string;
  attempt: number;
  disposition: string | null;
  handed_at: Instant | null;
  created_at: Instant;
  phone_masked: string;
  phone: string | null;
  has_phone: boolean;
  claim: { account: string; name: string; until: Instant } | null;
  mine: boolean;
}
export interface Matter {
  description: string;
  place: string;
  category: string;
  unit_name: string | null;
  created_at: Instant;
  reply: string | null;
}
export interface HandDetail {
  task: HandTask;
  /** Of the work order, for whoever has taken the task. */
  matter: Matter | null;
  attempts: Attempt[];
  messages: SmsMessage[];
}
export interface HandForm {
  script: string[];
  grounds: { key: string; name: string }[];
}
export interface HandResult {
  disposition: "surveyed" | "refused" | "wrong_person" | "unreachable" | "connected";
  solved: boolean | null;
  satisfaction: number | null;
  manner: number | null;
  words: string;
  ground: string;
}
export interface HandNews {
  task_id: string;
  stage: string;
  call_id: string | null;
}
export interface CampaignQuestion {
  name: string;
  title: string;
  choices: Record<string, string>;
}
export interface CampaignWish {
  name: string;
  goal: string;
  flow: string;
  questions: CampaignQuestion[];
  quotas: Record<string, number>;
  hours: string;
  begins_on: string | null;
  ends_on: string | null;
}
export interface Campaign extends CampaignWish {
  id: string;
  state: "draft" | "running" | "paused" | "stopped" | "done";
  state_zh: string;
  created_at: Instant;
  created_by: string;
  started_at: Instant | null;
  ended_at: Instant | null;
  entries: number;
  done: number;
  surveyed: number;
}
export interface ListOutcome {
  kept: number;
  read: number;
  faults: { line: number; zh: string; en: string }[];
  more_faults: number;
}
export interface CampaignEntry {
  id: string;
  place: number;
  name: string;
  group: string;
  note: string;
  phone_masked: string;
  state: string;
  disposition: string | null;
  answers: Record<string, string>;
  words: string;
  done_at: Instant | null;
}
export interface CampaignResult {
  entries: number;
  dispositions: { disposition: string; zh: string; count: number }[];
  groups: { group: string; quota: number | null; surveyed: number; waiting: number; with_robot: number }[];
  questions: { name: string; title: string; answered: number; choices: { key: string; label: string; count: number; share: number }[] }[];
}
export interface VisitFilter {
  state?: string;
  disposition?: string;
  kind?: string;
  q?: string;
  grade?: string;
  solved?: string;
  since?: string;
  until?: string;
}

export const visits = {
  list: (filter: VisitFilter & { page: number; size: number }) => http.get<Page<Visit>>(`/visits${query({ ...filter })}`),
  visit: (id: string) => http.get<VisitDetail>(`/visits/${part(id)}`),
  robot: () => http.get<RobotView>("/visits/robot"),
  switchRobot: (act: "pause" | "resume", reason: string) => http.post<RobotView>(`/visits/robot/${act}`, { reason }),
  messages: (wish: { state?: string; page: number; size: number }) => http.get<Page<SmsMessage>>(`/sms${query(wish)}`),
  resend: (id: string) => http.post<SmsMessage>(`/sms/${part(id)}/resend`),

  handList: (wish: { whose: string; page: number; size: number }) => http.get<Page<HandTask>>(`/by-hand${query(wish)}`),
  handForm: () => http.get<HandForm>("/by-hand/form"),
  handTask: (id: string) => http.get<HandDetail>(`/by-hand/${part(id)}`),
  take: (id: string) => http.post<HandTask>(`/by-hand/${part(id)}/take`),
  release: (id: string) => http.post<HandTask>(`/by-hand/${part(id)}/release`),
  dial: (id: string) => http.post<{ call_id: string }>(`/by-hand/${part(id)}/dial`),
  stopDialling: (id: string) => http.post<null>(`/by-hand/${part(id)}/stop`),
  record: (id: string, result: HandResult) => http.post<Visit>(`/by-hand/${part(id)}/result`, result),

  campaigns: (wish: { state?: string; page: number; size: number }) => http.get<Page<Campaign>>(`/campaigns${query(wish)}`),
  campaign: (id: string) => http.get<Campaign>(`/campaigns/${part(id)}`),
  flows: () => http.get<{ items: string[] }>("/campaigns/flows"),
  makeCampaign: (wish: CampaignWish) => http.post<Campaign>("/campaigns", wish),
  editCampaign: (id: string, wish: CampaignWish) => http.put<Campaign>(`/campaigns/${part(id)}`, wish),
  uploadList: (id: string, file: Blob, wish: { skip_faults: boolean; share: number; seed: string }) =>
    http.post<ListOutcome>(`/campaigns/${part(id)}/list${query({ share: wish.share, seed: wish.seed, skip_faults: String(wish.skip_faults) })}`, file),
  queryList: (id: string, wish: Record<string, unknown>) => http.post<ListOutcome>(`/campaigns/${part(id)}/query`, wish),
  act: (id: string, act: string) => http.post<Campaign>(`/campaigns/${part(id)}/acts/${act}`),
  entries: (id: string, page: number, size: number) => http.get<Page<CampaignEntry>>(`/campaigns/${part(id)}/entries${query({ page, size })}`),
  result: (id: string) => http.get<CampaignResult>(`/campaigns/${part(id)}/result`),
};

export const visitsExportUrl = (filter: VisitFilter, form: "xlsx" | "csv"): string => `/api/visits/export${query({ ...filter, form })}`;
export const campaignExportUrl = (id: string, form: "xlsx" | "csv"): string => `/api/campaigns/${part(id)}/export${query({ form })}`;
