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
