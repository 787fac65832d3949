/** A campaign as it is typed, and as the engine wants it. Pure. */
import type { Campaign, CampaignQuestion, CampaignWish } from "../api/visits";

export interface QuestionRow {
  name: string;
  title: string;
  /** "1=满意 2=一般" */
  choices: string;
}
export interface CampaignForm {
  name: string;
  goal: string;
  flow: string;
  /** "兰山区=100\n河东区=80"; a line without a name is for all together. */
  quotas: string;
  from: string;
  to: string;
  begins: string;
  ends: string;
  questions: QuestionRow[];
}

export const emptyForm = (flow: string, questions: QuestionRow[]): CampaignForm => ({ name: "", goal: "", flow, quotas: "", from: "", to: "", begins: "", ends: "", questions });

export function formOf(campaign: Campaign): CampaignForm {
  const [from = "", to = ""] = campaign.hours.split("-");
  return {
    name: campaign.name,
    goal: campaign.goal,
    flow: campaign.flow,
    quotas: Object.entries(campaign.quotas).map(([group, quota]) => (group ? `${group}=${quota}` : `${quota}`)).join("\n"),
    from,
    to,
    begins: campaign.begins_on ?? "",
    ends: campaign.ends_on ?? "",
    questions: campaign.questions.map((one) => ({ name: one.name, title: one.title, choices: Object.entries(one.choices).map(([key, word]) => `${key}=${word}`).join(" ") })),
  };
}

/** Lines that are no quota, to be shown beside the field. */
export function badQuotas(text: string): string[] {
  return lines(text).filter((line) => quotaOf(line) === null);
}

export function badChoices(text: string): string[] {
  return words(text).filter((one) => !/^[0-9*#]{1,2}[=＝].+$/.test(one));
}

export function wishOf(form: CampaignForm): CampaignWish {
  const quotas: Record<string, number> = {};
  for (const line of lines(form.quotas)) {
    const quota = quotaOf(line);
    if (quota !== null) quotas[quota[0]] = quota[1];
  }
  return {
    name: form.name.trim(),
    goal: form.goal.trim(),
    flow: form.flow,
    quotas,
    hours: form.from && form.to ? `${form.from}-${form.to}` : "",
    begins_on: form.begins || null,
    ends_on: form.ends || null,
    questions: form.questions.filter((one) => one.name.trim() !== "").map(questionOf),
  };
}

function questionOf(row: QuestionRow): CampaignQuestion {
  const choices: Record<string, string> = {};
  for (const one of words(row.choices)) {
    const [key, ...word] = one.split(/[=＝]/);
    if (key && word.length > 0) choices[key] = word.join("=");
  }
  return { name: row.name.trim(), title: row.title.trim(), choices };
}

function quotaOf(line: string): [string, number] | null {
  const found = /^(?:(.*?)\s*[=＝:：]\s*)?([1-9][0-9]{0,6})$/.exec(line);
  return found ? [found[1] ?? "", Number(found[2])] : null;
}

const lines = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
const words = (text: string): string[] => text.split(/[\s,，;；]+/).filter((one) => one !== "");
