/**
 * Every act has a key. A page registers its keys while it is open; the same list is what `?` shows, so the help can
 * never disagree with the page.
 */
import { onScopeDispose, shallowReactive } from "vue";

export interface KeyBinding {
  /** "Space", "?", "j", "F2", "Ctrl+Enter", "Alt+R" … as shown to people. */
  keys: string;
  /** i18n key of what it does. */
  label: string;
  run: () => void;
  /** Does it apply now? Left out: always. */
  when?: () => boolean;
  /** Works also while typing in a field. Plain letters must not. */
  whileTyping?: boolean;
}

interface Stroke {
  key: string;
  code?: string;
  ctrlKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  metaKey: boolean;
}

/** Does this stroke mean `keys`? Ctrl stands for ⌘ as well. */
export function matches(keys: string, stroke: Stroke): boolean {
  const wanted = keys.split("+");
  const key = wanted.pop() ?? "";
  const ctrl = stroke.ctrlKey || stroke.metaKey;
  if (ctrl !== wanted.includes("Ctrl") || stroke.altKey !== wanted.includes("Alt")) return false;
  // Shift is part of the character for "?" and the like; it matters only for named keys and with other modifiers.
  if (key.length > 1 || wanted.length > 0) {
    if (stroke.shiftKey !== wanted.includes("Shift")) return false;
  }
  if (key === "Space") return stroke.key === " ";
  if (stroke.altKey && key.length === 1 && stroke.code === `Key${key.toUpperCase()}`) return true;
  return stroke.key.toLowerCase() === key.toLowerCase();
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["radio", "checkbox", "button", "range"].includes(target.type);
}

export const bindings = shallowReactive<KeyBinding[]>([]);

/** Register keys for as long as the calling component lives. */
export function useKeys(mine: KeyBinding[]): void {
  bindings.push(...mine);
  onScopeDispose(() => {
    for (const binding of mine) {
      const at = bindings.indexOf(binding);
      if (at >= 0) bindings.splice(at, 1);
    }
  });
}

window.addEventListener("keydown", (event) => {
  if (event.isComposing || event.repeat || event.defaultPrevented) return;
  const typing = isTyping(event.target);
  const found = bindings.find(
    (b) => matches(b.keys, event) && (!typing || b.whileTyping === true) && (b.when?.() ?? true),
  );
  if (found === undefined) return;
  event.preventDefault();
  found.run();
});
