// Turns beside the last prompt when its answer takes longer than a blink.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { toScreen } from "../../geometry/viewport";
import { useView, useWorkspace } from "./workspace";

const SHOWN_AFTER_MS = 150;

export function WaitingSpinner() {
  const { viewport } = useWorkspace();
  const prompt = useView((state) => (state.prompt?.frame === state.frame ? state.prompt : null));
  const late = useSignal<string | null>(null);
  const waitsFor =
    prompt !== null && prompt.problem === null && prompt.answer?.requestId !== prompt.requestId
      ? prompt.requestId
      : null;
  useEffect(() => {
    if (waitsFor === null) return;
    const timer = setTimeout(() => {
      late.value = waitsFor;
    }, SHOWN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [waitsFor]);
  if (prompt === null || waitsFor === null || late.value !== waitsFor) return null;
  const last = prompt.points.at(-1) ?? { x: prompt.box?.[2] ?? 0, y: prompt.box?.[1] ?? 0 };
  const at = toScreen(viewport.value, last);
  return (
    <span class="waiting" style={{ transform: `translate(${at.x + 10}px, ${at.y - 24}px)` }} role="status">
      <span class="spinner" />
      <span class="visually-hidden">The model is working</span>
    </span>
  );
}
