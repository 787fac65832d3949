/** What every page of oversight does with its list: tabs, pages, what is open; only the newest answer is shown. */
import { type ComputedRef, type Ref, computed, ref, shallowRef, watch } from "vue";
import { i18n } from "../i18n";
import { attempt, tell, tellError } from "../notice";

export const SIZE = 50;

/** One page of a list. `size`: how many a page holds; a list that comes whole says its own length. */
export interface Found<T> {
  items: readonly T[];
  total: number;
  size?: number;
}

export interface Plan<T> {
  /** Of the page, in test ids and in the texts `oversight.NAME.TAB` and `oversight.NAME.empty.TAB`. */
  name: string;
  /** The first one stands open. */
  tabs: readonly string[];
  ask: (tab: string, page: number) => Promise<Found<T>>;
  /** Whatever else the list depends on. */
  also?: () => unknown;
}

/** What `ListPage` is bound to. */
export interface Bound<T> {
  name: string;
  tabs: { id: string; word: string }[];
  rows: readonly T[] | null;
  total: number;
  size: number;
  empty: string;
  tab: string;
  page: number;
  open: string | null;
  "onUpdate:tab": (tab: string) => void;
  "onUpdate:page": (page: number) => void;
  "onUpdate:open": (open: string | null) => void;
}

export interface Listing<T> {
  rows: Ref<readonly T[] | null>;
  tab: Ref<string>;
  open: Ref<string | null>;
  /** The row that is open; it stays open when it leaves the list, say, because it was decided. */
  opened: ComputedRef<T | null>;
  bound: ComputedRef<Bound<T>>;
  load: () => Promise<void>;
  close: () => void;
  /** Something was done: say so, and read the list anew. */
  done: (sentence: string) => Promise<void>;
}

export function useListing<T extends { key: string }>(plan: Plan<T>): Listing<T> {
  const { t } = i18n.global;
  const rows = shallowRef<readonly T[] | null>(null);
  const kept = shallowRef<T | null>(null);
  const [total, size, page, open, tab] = [ref(0), ref(SIZE), ref(1), ref<string | null>(null), ref(plan.tabs[0] ?? "")];
  let asked = 0;

  async function load(): Promise<void> {
    const mine = ++asked;
    try {
      const found = await plan.ask(tab.value, page.value);
      if (mine !== asked) return;
      rows.value = found.items;
      total.value = found.total;
      size.value = found.size ?? SIZE;
    } catch (error) {
      if (mine === asked) rows.value = [];
      tellError(error);
    }
  }
  async function done(sentence: string): Promise<void> {
    tell(sentence);
    await attempt(load);
  }

  watch([tab, plan.also ?? (() => null)], () => {
    rows.value = null;
    page.value = 1;
    void load();
  });
  watch(page, () => void load());
  watch([open, rows], () => {
    kept.value = rows.value?.find((row) => row.key === open.value) ?? kept.value;
  });
  void load();

  const bound = computed<Bound<T>>(() => ({
    name: plan.name,
    tabs: plan.tabs.map((id) => ({ id, word: t(`oversight.${plan.name}.${id}`) })),
    rows: rows.value,
    total: total.value,
    size: size.value,
    empty: t(`oversight.${plan.name}.empty.${tab.value}`),
    tab: tab.value,
    page: page.value,
    open: open.value,
    "onUpdate:tab": (to) => (tab.value = to),
    "onUpdate:page": (to) => (page.value = to),
    "onUpdate:open": (to) => (open.value = to),
  }));
  const opened = computed(() => (kept.value?.key === open.value ? kept.value : null));
  return { rows, tab, open, opened, bound, load, done, close: () => (open.value = null) };
}

/** A list that comes whole. */
export function whole<T>(items: readonly T[]): Found<T> {
  return { items, total: items.length, size: Math.max(items.length, SIZE) };
}

/** "2026-11" of an instant, local time. */
export function monthOf(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}`;
}
