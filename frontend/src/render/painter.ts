// Repaints the canvas at most once per screen refresh, and only after something of the picture changed.

import { effect, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Viewport } from "../geometry/viewport";
import type { Annotator, ChunkPlace } from "../state/annotator/model";
import { isLoaded } from "../state/annotator/view";
import type { ChunkCache } from "./chunks";
import type { ClickTimer } from "./latency";
import { type Drawn, Scene } from "./scene";

/** The canvas says what it shows: `data-frame` counts from 1, `data-drawn` is "", "image" or "masks". */
export interface Painting {
  readonly canvas: HTMLCanvasElement;
  readonly state: ReadonlySignal<Annotator>;
  readonly viewport: ReadonlySignal<Viewport>;
  readonly chunks: ChunkCache;
  readonly timer: ClickTimer;
  readonly drawn: Signal<Drawn>;
  /** Tiles that somebody reads, wanted when all that is to be seen is there. */
  readonly read?: ReadonlySignal<readonly ChunkPlace[]>;
}

export interface Painter {
  /** New tiles have come. */
  repaint(): void;
  /** Whether a frame could be shown at once: playing waits for it. */
  isReady(frame: number): boolean;
  stop(): void;
  /** Stops, and gives the graphics card back: the canvas cannot be painted on again. */
  close(): void;
}

const WAIT_MS = 60; // how often an incomplete picture looks whether its patience is over

export function startPainting({ canvas, state, viewport, chunks, timer, drawn, read }: Painting): Painter {
  const scene = new Scene(canvas, chunks, state.peek());
  let requested = 0;
  let paintedFrom: readonly unknown[] = [];
  let waiting: ReturnType<typeof setTimeout> | undefined;

  function paint(now: number): void {
    requested = 0;
    const present = state.peek();
    const view = viewport.peek();
    const ratio = window.devicePixelRatio;
    if (view.width === 0 || view.height === 0) return;
    resize(canvas, view, ratio);
    scene.wish(present, view, ratio, read?.peek());
    const result = scene.draw(present, view, ratio, now);
    const before = drawn.peek();
    if (before.frame !== result.frame || before.complete !== result.complete) drawn.value = result;
    const what = !result.complete ? "" : isLoaded(present, result.frame) ? "masks" : "image";
    Object.assign(canvas.dataset, { frame: String(result.frame + 1), drawn: what });
    const answer = present.prompt?.answer;
    if (answer && present.prompt?.frame === result.frame) timer.drawn(answer.requestId);
    clearTimeout(waiting);
    if (!result.complete) waiting = setTimeout(repaint, WAIT_MS);
  }

  function repaint(): void {
    if (requested === 0) requested = requestAnimationFrame(paint);
  }

  const stopWatching = effect(() => {
    const from = [viewport.value, read?.value, ...pictureOf(state.value)];
    if (from.every((value, index) => value === paintedFrom[index])) return;
    paintedFrom = from;
    repaint();
  });
  const keepContext = (event: Event) => event.preventDefault(); // so that the browser offers to restore it
  const restore = () => {
    scene.restore();
    repaint();
  };
  canvas.addEventListener("webglcontextlost", keepContext);
  canvas.addEventListener("webglcontextrestored", restore);
  function stop(): void {
    stopWatching();
    clearTimeout(waiting);
    cancelAnimationFrame(requested);
    canvas.removeEventListener("webglcontextlost", keepContext);
    canvas.removeEventListener("webglcontextrestored", restore);
  }
  return {
    repaint,
    isReady: (frame) => scene.isReady(state.peek(), frame, viewport.peek(), window.devicePixelRatio),
    stop,
    close() {
      stop();
      scene.close();
    },
  };
}

/** Everything of the state that the canvas shows. */
function pictureOf(state: Annotator): readonly unknown[] {
  const { frame, frames, tracks, pending, past, hidden, hovered, selection, display, phases, phase } = state;
  const { stroke, outline, proposals, prompt, playing, difference, review, marked } = state;
  const answered = prompt?.answer ? prompt : null; // one that waits for its answer shows nothing here
  const masks = [frame, frames, tracks, pending, past, hidden, hovered, selection, display, phases, phase];
  // The outline itself is drawn over the canvas; here it only says which pixels the magnetic contour needs.
  return [
    ...masks,
    stroke,
    outline,
    proposals,
    playing,
    difference,
    review,
    marked,
    answered?.answer,
    answered?.frame,
    answered?.chosen,
  ];
}

function resize(canvas: HTMLCanvasElement, view: Viewport, ratio: number): void {
  const width = Math.round(view.width * ratio);
  const height = Math.round(view.height * ratio);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
