import { expect, test } from "vitest";
import { cleaned, daysOf, extras, same } from "../src/department/listFilter";
import { grid } from "../src/figures/pivot";

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
