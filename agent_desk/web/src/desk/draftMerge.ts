/**
 * A work order being written by two hands: the agent's and the speech's. The one rule: what the agent typed is never
 * overwritten, whatever arrives late, twice or out of order. Pure.
 */
import type { Draft, DraftField, DraftFields } from "../api/types";

export const FIELDS = ["title", "type", "category", "place", "urgency", "description", "phone", "unit"] as const satisfies readonly DraftField[];

export interface Editing {
  values: DraftFields;
  /** Typed by the agent, in this page or before a reload. */
  typed: Set<DraftField>;
  /** Typed and not yet confirmed by the engine. */
  unsent: Set<DraftField>;
  because: Record<string, string[]>;
}

export function blank(): Editing {
  return {
    values: { title: "", type: "", category: "", place: "", urgency: "", description: "", phone: "", unit: "" },
    typed: new Set(),
    unsent: new Set(),
    because: {},
  };
}

/** Take what the engine knows; fields that the agent typed here stay as they are. */
export function takeDraft(editing: Editing, draft: Draft): Editing {
  const next = copy(editing);
  for (const field of FIELDS) {
    if (!next.typed.has(field)) next.values[field] = draft[field] ?? "";
    if (draft.typed.includes(field)) next.typed.add(field);
  }
  next.because = draft.because;
  return next;
}

/** The agent changed a field. */
export function typeInto(editing: Editing, field: DraftField, value: string): Editing {
  const next = copy(editing);
  next.values[field] = value;
  next.typed.add(field);
  next.unsent.add(field);
  return next;
}

/** What still has to be sent. */
export function unsentOf(editing: Editing): Partial<DraftFields> {
  return Object.fromEntries([...editing.unsent].map((field) => [field, editing.values[field]]));
}

/** The engine confirmed `changes`; a field typed again since then stays unsent. */
export function confirmed(editing: Editing, changes: Partial<DraftFields>): Editing {
  const next = copy(editing);
  for (const [name, value] of Object.entries(changes)) {
    const field = name as DraftField;
    if (next.values[field] === value) next.unsent.delete(field);
  }
  return next;
}

/** Bring back what an earlier page could not send. */
export function restore(editing: Editing, kept: Partial<DraftFields>): Editing {
  return Object.entries(kept).reduce((next, [name, value]) => typeInto(next, name as DraftField, value ?? ""), editing);
}

/** Is the value in this field a suggestion that the agent has not touched? */
export function isSuggested(editing: Editing, field: DraftField): boolean {
  return !editing.typed.has(field) && editing.values[field] !== "";
}

/** Fields that a department cannot work without. */
export function lacking(values: DraftFields): DraftField[] {
  const needed: DraftField[] = ["title", "type", "category", "place", "urgency", "description", "phone"];
  return needed.filter((field) => values[field].trim() === "");
}

function copy(editing: Editing): Editing {
  return {
    values: { ...editing.values },
    typed: new Set(editing.typed),
    unsent: new Set(editing.unsent),
    because: editing.because,
  };
}
