/** The list of work orders on the page: what is filtered, and how a message of the feed changes it. Pure. */
import type { TicketSummary } from "../api/types";

/** The tabs above the list, each a state the engine can filter by ("" = all). */
export const TABS = ["", "dispatched", "in_progress", "reply_review", "to_callback", "closed"] as const;
export type Tab = string;

/** A moved work order: it stays where it is with its new state, so that nothing jumps under a person's cursor. */
export function withMoved(items: readonly TicketSummary[], moved: TicketSummary): TicketSummary[] {
  return items.map((item) => (item.id === moved.id ? moved : item));
}

export function isNew(items: readonly TicketSummary[], moved: TicketSummary, tab: Tab): boolean {
  return (tab === "" || moved.state === tab) && !items.some((item) => item.id === moved.id);
}

/** The id to select when stepping through the list; ends stay ends. */
export function step(items: readonly TicketSummary[], current: string | null, by: 1 | -1): string | null {
  if (items.length === 0) return null;
  const at = items.findIndex((item) => item.id === current);
  const next = at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + by));
  return items[next]?.id ?? null;
}

/** Replies that say nothing: short, or made of the phrases that citizens complain about. */
const BOILERPLATE = ["已收到", "正在处理", "正在办理", "按规定办理", "感谢您的理解", "已转交", "请耐心等待", "高度重视"];
const SHORT = 20;

export function readsLikeBoilerplate(reply: string): boolean {
  const text = reply.trim();
  if (text === "") return false;
  const phrases = BOILERPLATE.filter((phrase) => text.includes(phrase));
  return text.length < SHORT || phrases.join("").length > text.length / 3;
}
