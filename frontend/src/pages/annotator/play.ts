// Plays the series: the next frame comes when it is due, the one before it was on screen, and its pixels are there
// (masks are waited for a moment). A slow machine plays more slowly; it skips nothing.

import { effect } from "@preact/signals";
import type { Painter } from "../../render/painter";
import { isLoaded } from "../../state/annotator/view";
import type { Workspace } from "./workspace";

const LOOK_AGAIN_MS = 20;
const PATIENCE_MS = 400; // with masks that are late
const MEASURED_FRAMES = 10; // that the rate is taken over

export function play({ state, dispatch, drawn, playedRate }: Workspace, painter: Painter): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = 0;
  let shownAt: number[] = [];

  function tick(): void {
    const { frame, framesPerSecond, series, connection } = state.peek();
    const next = (frame + 1) % series.frames;
    const now = performance.now();
    const complete = isLoaded(state.peek(), next) || connection !== "online" || now > due + PATIENCE_MS;
    const seen = drawn.peek().frame === frame;
    if (now >= due && seen && complete && painter.isReady(next)) {
      dispatch({ type: "frame/show", frame: next });
      due = Math.max(due + 1000 / framesPerSecond, now);
      shownAt.push(now);
      if (shownAt.length > MEASURED_FRAMES) shownAt.shift();
      const lasted = now - (shownAt[0] ?? now);
      playedRate.value = lasted > 0 ? (1000 * (shownAt.length - 1)) / lasted : null;
    }
    timer = setTimeout(tick, Math.max(LOOK_AGAIN_MS / 5, Math.min(LOOK_AGAIN_MS, due - now)));
  }

  let wasPlaying = false;
  const stop = effect(() => {
    const { playing } = state.value;
    if (playing === wasPlaying) return;
    wasPlaying = playing;
    clearTimeout(timer);
    shownAt = [];
    playedRate.value = null;
    if (!playing) return;
    due = performance.now();
    tick();
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
