/** Counties and zones as tiles: where the site's map puts them, what is not on it below. Pure. */
import type { Area, PivotCell } from "../api/types";

export interface Tile {
  /** Empty: work orders whose area is not known. */
  name: string;
  column: number;
  row: number;
  tickets: number;
  open: number;
  overdue: number;
  /** 0 to 4: how it is shaded beside the largest of all. */
  shade: number;
}

const SHADES = 4;
const NARROWEST = 4;

/** Every area of the site has its tile, also without work orders; names that the site does not know come last. */
export function tilesOf(areas: readonly Area[], cells: readonly PivotCell[]): Tile[] {
  const counts = new Map(cells.map((cell) => [cell.row, cell]));
  const placed = areas.flatMap((area) => (area.column === null || area.row === null ? [] : [{ name: area.name, column: area.column, row: area.row }]));
  const known = new Set(areas.map((area) => area.name));
  const below = [...areas.filter((area) => area.column === null || area.row === null).map((area) => area.name), ...[...counts.keys()].filter((name) => name !== "" && !known.has(name)), ...(counts.has("") ? [""] : [])];
  const width = Math.max(NARROWEST, ...placed.map((tile) => tile.column + 1));
  const first = Math.max(0, ...placed.map((tile) => tile.row + 1));
  const tiles = [...placed, ...below.map((name, at) => ({ name, column: at % width, row: first + Math.floor(at / width) }))];
  const most = Math.max(1, ...cells.map((cell) => cell.tickets));
  return tiles.map((tile) => {
    const { tickets = 0, done = 0, overdue = 0 } = counts.get(tile.name) ?? {};
    return { ...tile, tickets, open: tickets - done, overdue, shade: Math.ceil((tickets / most) * SHADES) };
  });
}
