/** What a list of work orders is narrowed to; the same object is an address, a saved view and a request. Pure. */
export const FILTERS = ["state", "q", "unit", "category", "type", "area", "urgency", "channel", "lamp", "since", "until", "order"] as const;
export type FilterName = (typeof FILTERS)[number];
export type ListFilter = Partial<Record<FilterName, string>>;

/** Only what is set and known: from an address or a saved view that may be older than this page. */
export function cleaned(values: Record<string, unknown>): ListFilter {
  const found: ListFilter = {};
  for (const name of FILTERS) {
    const value = values[name];
    if (typeof value === "string" && value.trim() !== "") found[name] = value.trim();
  }
  return found;
}

export function same(a: ListFilter, b: ListFilter): boolean {
  return FILTERS.every((name) => (a[name] ?? "") === (b[name] ?? ""));
}

/** Shown beside the tabs and fields that have no control of their own: they came with a figure or a view. */
export function extras(filter: ListFilter): FilterName[] {
  return (["area", "channel", "since", "until"] as const).filter((name) => filter[name]);
}

/** The days of "2026", "2026-03" or "2026-03-05", as a figure names them. */
export function daysOf(period: string): { since: string; until: string } {
  const [year = 0, month, day] = period.split("-").map(Number);
  if (day !== undefined) return { since: period, until: period };
  const last = month === undefined ? 31 : new Date(Date.UTC(year, month, 0)).getUTCDate();
  const pad = (n: number): string => String(n).padStart(2, "0");
  return { since: `${year}-${pad(month ?? 1)}-01`, until: `${year}-${pad(month ?? 12)}-${pad(last)}` };
}
