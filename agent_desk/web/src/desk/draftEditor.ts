/** Carries the draft between the form and the engine: debounced, re-sent after a drop, kept locally meanwhile. */
import { onScopeDispose, ref, shallowRef, watch } from "vue";
import { asApiError } from "../api/client";
import { api } from "../api/endpoints";
import type { DraftField, DraftFields } from "../api/types";
import { feed } from "../feed";
import { tellError } from "../notice";
import { desk } from "./deskStore";
import { type Editing, blank, confirmed, restore, takeDraft, typeInto, unsentOf } from "./draftMerge";
import { keepUnsent, unsentFor } from "./unsent";

const DEBOUNCE_MS = 500;
const RETRY_MS = 5_000;

/** saved: the engine has it all · saving: on its way · local: only this PC has it. */
export type SaveState = "saved" | "saving" | "local";

export function useDraftEditor() {
  const editing = shallowRef<Editing>(blank());
  const saveState = ref<SaveState>("saved");
  let callId: string | null = null;
  let timer: number | undefined;
  let inFlight = false;
  /** The work order is being made, or is: it carries all that stands in the form. */
  let handedIn = false;

  function schedule(delay: number): void {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void send(), delay);
  }

  function turnTo(id: string | null): void {
    if (callId !== null && !handedIn && editing.value.unsent.size > 0) void sendLate(callId, unsentOf(editing.value));
    callId = id;
    handedIn = false;
    window.clearTimeout(timer);
    saveState.value = "saved";
    const kept = id === null ? {} : unsentFor(id);
    editing.value = restore(blank(), kept);
    if (Object.keys(kept).length > 0) schedule(0);
  }

  /** The desk has moved on; what was typed for the earlier call still has to arrive. It stays stored until it did. */
  async function sendLate(id: string, changes: Partial<DraftFields>): Promise<void> {
    await api.editDraft(id, changes).then(
      () => keepUnsent(id, {}),
      () => undefined,
    );
  }

  async function send(): Promise<void> {
    const id = callId;
    const changes = unsentOf(editing.value);
    if (id === null || inFlight || handedIn || Object.keys(changes).length === 0) return;
    inFlight = true;
    saveState.value = "saving";
    try {
      const draft = await api.editDraft(id, changes);
      if (id !== callId) return;
      editing.value = takeDraft(confirmed(editing.value, changes), draft);
      keepUnsent(id, unsentOf(editing.value));
      saveState.value = editing.value.unsent.size === 0 ? "saved" : "saving";
      if (editing.value.unsent.size > 0) schedule(DEBOUNCE_MS);
    } catch (error) {
      if (handedIn) return; // it was on its way when the work order overtook it
      saveState.value = "local";
      if (asApiError(error).retryable) schedule(RETRY_MS);
      else tellError(error);
    } finally {
      inFlight = false;
    }
  }

  function type(field: DraftField, value: string): void {
    if (callId === null || editing.value.values[field] === value) return;
    editing.value = typeInto(editing.value, field, value);
    keepUnsent(callId, unsentOf(editing.value));
    if (saveState.value === "saved") saveState.value = "saving";
    schedule(DEBOUNCE_MS);
  }

  /** The work order is about to be made of the form: nothing of it is sent beside that. */
  function handIn(): void {
    handedIn = true;
    window.clearTimeout(timer);
  }

  /** It was not made: the draft goes on. */
  function refused(): void {
    handedIn = false;
    schedule(0);
  }

  /** The work order exists: nothing is left to send. */
  function submitted(): void {
    if (callId !== null) keepUnsent(callId, {});
    editing.value = { ...editing.value, unsent: new Set() };
    saveState.value = "saved";
  }

  watch(
    [() => desk.call?.call_id ?? null, () => desk.draft] as const,
    ([id, draft]) => {
      if (id !== callId) turnTo(id);
      if (draft !== null && draft.call_id === callId) editing.value = takeDraft(editing.value, draft);
    },
    { immediate: true },
  );
  watch(
    () => feed.state.connected,
    (connected) => connected && schedule(0),
  );
  onScopeDispose(() => {
    window.clearTimeout(timer);
    void send();
  });

  return { editing, saveState, type, handIn, refused, submitted };
}
