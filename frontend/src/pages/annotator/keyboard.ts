// Which keys the annotator takes, and which belong to the control that has the focus.

import { keyOf, pressKey } from "../../tools/commands";
import type { Workspace } from "./workspace";

export function listenToKeys({ commands, host, holding, dialog, picking }: Workspace): () => void {
  const hold = (held: boolean) => {
    host.holding = held;
    holding.value = held;
  };
  const down = (event: KeyboardEvent) => {
    if (dialog.peek() !== null || event.defaultPrevented) return;
    if (event.target instanceof Element && !isFree(event.key, event.target, event.ctrlKey || event.metaKey))
      return;
    if (event.key === "Escape" && picking.peek() !== null) {
      picking.value = null;
      event.preventDefault();
      return;
    }
    if (event.key === " " && !event.ctrlKey) {
      hold(true);
      event.preventDefault();
      return;
    }
    if (pressKey(commands, keyOf(event))) event.preventDefault();
  };
  const up = (event: KeyboardEvent) => {
    if (event.key === " ") hold(false);
  };
  const leave = () => hold(false);
  window.addEventListener("keydown", down);
  window.addEventListener("keyup", up);
  window.addEventListener("blur", leave);
  return () => {
    window.removeEventListener("keydown", down);
    window.removeEventListener("keyup", up);
    window.removeEventListener("blur", leave);
  };
}

const OWNERS = "dialog, [popover]:popover-open, textarea, select, [contenteditable]";
const ACTIVATED = "button, a, input, [role=listbox], [role=grid], [role=tab]";
const MOVES_SLIDER = /^(Arrow|Page|Home$|End$)/;

/** Whether a key is the annotator's while this element has the focus; `control`: Ctrl is held with it. */
export function isFree(key: string, focused: Element, control = false): boolean {
  if (focused.closest(OWNERS) !== null) return false;
  const input = focused.closest("input");
  if (input?.type === "range") return !MOVES_SLIDER.test(key);
  if (input !== null && input.type !== "checkbox") return false;
  return control || focused.closest(ACTIVATED) === null || (key !== "Enter" && key !== " ");
}

/**
 * A control used with the pointer keeps no focus: Enter after a click on the wand accepts what it found, and does
 * not press the wand again. Whoever moves by keyboard keeps the focus where it is, but Enter ends a typed number.
 */
export function returnKeys(): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  let byPointer = false;
  const release = (event: Event) => {
    const control = document.activeElement;
    if (!byPointer || !(control instanceof HTMLElement) || control.closest("dialog, [popover]") !== null)
      return;
    const chosen = control instanceof HTMLSelectElement && event.type === "change";
    if (chosen || control.matches("button, a, input[type=range], input[type=checkbox]")) control.blur();
  };
  window.addEventListener("pointerdown", () => (byPointer = true), { signal, capture: true });
  window.addEventListener("keydown", () => (byPointer = false), { signal, capture: true });
  window.addEventListener("keydown", endNumber, { signal });
  window.addEventListener("click", release, { signal });
  window.addEventListener("change", release, { signal });
  return () => listening.abort();
}

function endNumber({ key, target }: KeyboardEvent): void {
  if (key !== "Enter" || !(target instanceof HTMLInputElement) || target.type !== "number") return;
  if (target.closest("dialog") === null) target.blur(); // and so takes what was typed
}
