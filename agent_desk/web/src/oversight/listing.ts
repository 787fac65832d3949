/** What every page of oversight does with its list: ask for a page, keep only the newest answer, say what failed. */
import { type Ref, ref, shallowRef, watch } from "vue";
import { tellError } from "../notice";

export const SIZE = 50;

export interface Listing<T> {
  rows: Ref<readonly T[] | null>;
  total: Ref<number>;
  page: Ref<number>;
  open: Ref<string | null>;
  tab: Ref<string>;
  load: () => Promise<void>;
}

/** `ask` gets the tab and the page. It is asked again whenever one of them, or anything in `also`, changes. */
export function useListing<T>(first: string, ask: (tab: string, page: number) => Promise<{ items: readonly T[]; total: number }>, also: () => unknown = () => null): Listing<T> {
  const rows = shallowRef<readonly T[] | null>(null);
  const [total, page, open, tab] = [ref(0), ref(1), ref<string | null>(null), ref(first)];
  let asked = 0;
  async function load(): Promise<void> {
    const mine = ++asked;
    try {
      const found = await ask(tab.value, page.value);
      if (mine !== asked) return;
      rows.value = found.items;
      total.value = found.total;
    } catch (error) {
      if (mine === asked) rows.value = [];
      tellError(error);
    }
  }
  watch([tab, also], () => {
    rows.value = null;
    page.value = 1;
    void load();
  });
  watch(page, () => void load());
  void load();
  return { rows, total, page, open, tab, load };
}

/** "2026-11" of an instant, local time. */
export function monthOf(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}`;
}
