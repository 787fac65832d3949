/** A pivot as the engine gives it, made into a grid of one figure with its sums. Pure. */
import type { PivotTable } from "../api/types";

export const AXES = ["month", "day", "year", "area", "type", "unit"] as const;
export type Axis = (typeof AXES)[number];
export const FIGURES = ["tickets", "done", "overdue"] as const;
export type Figure = (typeof FIGURES)[number];

export function isPeriod(axis: Axis): boolean {
  return axis === "month" || axis === "day" || axis === "year";
}

export interface Grid {
  columns: string[];
  rows: { name: string; values: number[]; total: number }[];
  sums: number[];
  total: number;
  largest: number;
}

export function grid(table: PivotTable, figure: Figure): Grid {
  const at = new Map(table.columns.map((name, index) => [name, index]));
  const lines = new Map(table.rows.map((name) => [name, table.columns.map(() => 0)]));
  const sums = table.columns.map(() => 0);
  for (const cell of table.cells) {
    const column = at.get(cell.column);
    const line = lines.get(cell.row);
    if (column === undefined || line === undefined) continue;
    line[column] = (line[column] ?? 0) + cell[figure];
    sums[column] = (sums[column] ?? 0) + cell[figure];
  }
  const rows = [...lines].map(([name, values]) => ({ name, values, total: values.reduce((a, b) => a + b, 0) }));
  return { columns: table.columns, rows, sums, total: table.total[figure], largest: Math.max(0, ...rows.map((row) => row.total)) };
}

/** What is drawn of a grid. `keys` are the names on the axis; a series without a key stands for all the small ones. */
export interface Chart {
  kind: "line" | "bar";
  keys: string[];
  labels: string[];
  series: { key: string | null; name: string; values: number[] }[];
  /** Rows of the grid lie on the axis; else its columns do. */
  rowsAcross: boolean;
}

const MOST_SERIES = 8;
const MOST_BARS = 40;

/** Time goes across wherever there is one; everything that was counted is drawn, the small ones as one. Pure. */
export function chart(table: Grid, rows: Axis, columns: Axis | "", names: { row: (key: string) => string; column: (key: string) => string; rest: string }): Chart {
  const rowsAcross = isPeriod(rows) || columns === "" || !isPeriod(columns);
  const lines = rowsAcross
    ? table.columns.map((key, at) => ({ key, name: names.column(key), values: table.rows.map((row) => row.values[at] ?? 0) }))
    : table.rows.map((row) => ({ key: row.name, name: names.row(row.name), values: row.values }));
  const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  lines.sort((a, b) => total(b.values) - total(a.values));
  const overTime = isPeriod(rowsAcross ? rows : (columns as Axis));
  let keys = rowsAcross ? table.rows.map((row) => row.name) : table.columns;
  let order = keys.map((_, at) => at);
  if (!overTime) order = order.sort((a, b) => (table.rows[b]?.total ?? 0) - (table.rows[a]?.total ?? 0)).slice(0, MOST_BARS);
  keys = order.map((at) => keys[at] ?? "");
  const shown = lines.map((one) => ({ ...one, values: order.map((at) => one.values[at] ?? 0) }));
  const small = shown.slice(MOST_SERIES);
  const series: Chart["series"] = shown.slice(0, MOST_SERIES);
  if (small.length > 0) series.push({ key: null, name: names.rest, values: order.map((_, at) => total(small.map((one) => one.values[at] ?? 0))) });
  return { kind: overTime ? "line" : "bar", keys, labels: keys.map(rowsAcross ? names.row : names.column), series, rowsAcross };
}
