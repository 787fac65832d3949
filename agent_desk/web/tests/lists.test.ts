import { expect, test } from "vitest";
import { cleaned, daysOf, extras, same } from "../src/department/listFilter";
import { type PivotTable } from "../src/api/types";
import { tilesOf } from "../src/figures/areaMap";
import { chart, grid } from "../src/figures/pivot";

test("an address or an old view becomes a filter of what is known", () => {
  const filter = cleaned({ state: " open ", nonsense: "1", area: "沂水县", q: "", since: ["x"] });
  expect(filter).toEqual({ state: "open", area: "沂水县" });
  expect(extras(filter)).toEqual(["area"]);
  expect(same(filter, { area: "沂水县", state: "open", q: "" })).toBe(true);
});

test("a period has its first and last day", () => {
  expect(daysOf("2024-02")).toEqual({ since: "2024-02-01", until: "2024-02-29" });
  expect(daysOf("2026")).toEqual({ since: "2026-01-01", until: "2026-12-31" });
  expect(daysOf("2026-03-05")).toEqual({ since: "2026-03-05", until: "2026-03-05" });
});

test("a grid adds up by rows, by columns and in all", () => {
  const cells = [["a", "x", 3], ["a", "y", 2], ["b", "y", 5]].map(([row, column, tickets]) => ({ row, column, tickets, done: 0, overdue: 0 }));
  const made = grid({ rows: ["a", "b"], columns: ["x", "y"], cells: cells as never, total: { tickets: 10, done: 0, overdue: 0 } }, "tickets");
  expect(made.rows.map((row) => row.total)).toEqual([5, 5]);
  expect(made.sums).toEqual([3, 7]);
  expect(made.total).toBe(10);
});

test("every area has one tile, what is not on the map stands below it", () => {
  const area = (name: string, column: number | null = null, row: number | null = null) => ({ name, column, row });
  const cell = (row: string, tickets: number, done = 0) => ({ row, column: "", tickets, done, overdue: 0 });
  const tiles = tilesOf([area("沂水县", 3, 0), area("郯城县", 2, 4), area("新区"), area("高新区")], [cell("沂水县", 8, 3), cell("新区", 1), cell("别处", 2), cell("", 1)]);
  expect(tiles.map((tile) => [tile.name, tile.column, tile.row])).toEqual([["沂水县", 3, 0], ["郯城县", 2, 4], ["新区", 0, 5], ["高新区", 1, 5], ["别处", 2, 5], ["", 3, 5]]);
  expect(tiles.map((tile) => [tile.tickets, tile.open, tile.shade])).toEqual([[8, 5, 4], [0, 0, 0], [1, 1, 1], [0, 0, 0], [2, 2, 1], [1, 1, 1]]);
  expect(tilesOf([], [])).toEqual([]);
});

const NAMES = { row: (key: string) => `r${key}`, column: (key: string) => `c${key}`, rest: "others" };

function counted(rows: string[], columns: string[]): PivotTable {
  const cells = rows.flatMap((row, i) => columns.map((column, j) => ({ row, column, tickets: (i + 1) * (j + 1), done: 0, overdue: 0 })));
  return { rows, columns, cells, total: { tickets: cells.reduce((sum, cell) => sum + cell.tickets, 0), done: 0, overdue: 0 } };
}

test("a chart draws all that was counted, the small ones as one", () => {
  const table = grid(counted(["2026-01", "2026-02"], [..."abcdefghijkl"]), "tickets");
  const drawn = chart(table, "month", "unit", NAMES);
  expect(drawn.kind).toBe("line");
  expect(drawn.series.map((one) => one.name)).toEqual(["cl", "ck", "cj", "ci", "ch", "cg", "cf", "ce", "others"]);
  expect(drawn.series.at(-1)?.key).toBeNull();
  expect(drawn.series.flatMap((one) => one.values).reduce((a, b) => a + b, 0)).toBe(table.total);
});

test("time goes across, whichever side of the table it is on, and bars go by size", () => {
  const months = chart(grid(counted(["u1", "u2"], ["2026-01", "2026-02", "2026-03"]), "tickets"), "unit", "month", NAMES);
  expect([months.kind, months.rowsAcross, months.keys.length]).toEqual(["line", false, 3]);
  expect(months.series.map((one) => one.name)).toEqual(["ru2", "ru1"]);
  const bars = chart(grid(counted(["a", "b", "c"], [""]), "tickets"), "area", "", NAMES);
  expect([bars.kind, bars.labels]).toEqual(["bar", ["rc", "rb", "ra"]]);
  expect(bars.series[0]?.values).toEqual([3, 2, 1]);
});
