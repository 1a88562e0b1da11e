// The bar to scrub on: which frames are annotated, where proposals wait, which range is meant.

import { computed, effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Annotator } from "../../state/annotator/model";
import { frameCounts } from "../../state/annotator/view";
import { counted } from "../../state/format";
import { useView, useWorkspace } from "./workspace";

/** Drawn, because a series may have ten thousand frames. */
export function TimelineTrack() {
  const { state, dispatch } = useWorkspace();
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useView((all) => all.frame);
  const frames = useView((all) => all.series.frames);
  const accepted = useView((all) => frameCounts(all).get(all.frame)?.accepted ?? 0);
  const proposals = useView((all) => frameCounts(all).get(all.frame)?.proposals ?? 0);
  const rangeStart = useRef<number | null>(null);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const draw = () => drawTrack(element, state.peek());
    const frameInSight = computed(() => state.value.frame);
    const counts = computed(() => frameCounts(state.value));
    const range = computed(() => shownRange(state.value));
    const stop = effect(() => {
      frameInSight.value;
      counts.value;
      range.value;
      draw();
    });
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    const themes = new MutationObserver(draw);
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => {
      stop();
      observer.disconnect();
      themes.disconnect();
    };
  }, [state]);

  const scrub = (event: PointerEvent & { currentTarget: HTMLCanvasElement }) => {
    if (event.buttons !== 1) return;
    const bounds = event.currentTarget.getBoundingClientRect();
    const wanted = Math.floor(((event.clientX - bounds.left) / bounds.width) * frames);
    const at = Math.min(frames - 1, Math.max(0, wanted));
    const start = rangeStart.current;
    if (start !== null) {
      const change = { from: Math.min(start, at), to: Math.max(start, at) };
      dispatch({ type: "scope", change });
      return;
    }
    dispatch({ type: "play", playing: false });
    dispatch({ type: "frame/show", frame: at });
  };
  /** With Shift the drag marks a range, for segmenting and for what acts on many proposals. */
  const press = (event: PointerEvent & { currentTarget: HTMLCanvasElement }) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    if (event.shiftKey) {
      const bounds = event.currentTarget.getBoundingClientRect();
      rangeStart.current = Math.floor(((event.clientX - bounds.left) / bounds.width) * frames);
      dispatch({ type: "scope", change: { what: "range" } });
      if (state.peek().proposalSummary !== null) dispatch({ type: "review", change: { what: "range" } });
    }
    scrub(event);
  };
  const release = () => {
    rangeStart.current = null;
  };
  return (
    <canvas
      ref={canvas}
      class="timeline-track"
      role="slider"
      tabIndex={0}
      aria-label="Frame"
      aria-valuemin={1}
      aria-valuemax={frames}
      aria-valuenow={frame + 1}
      aria-valuetext={`Frame ${frame + 1} of ${frames}, ${accepted} objects${proposals > 0 ? `, ${counted(proposals, "proposal")}` : ""}`}
      title="Full bars are annotated frames, half bars frames where proposals wait. Drag with Shift to mark a range."
      onPointerDown={press}
      onPointerMove={scrub}
      onPointerUp={release}
      onPointerCancel={release}
    />
  );
}

function drawTrack(canvas: HTMLCanvasElement, state: Annotator): void {
  const context = canvas.getContext("2d");
  const ratio = window.devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (context === null || width === 0) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name);
  const { frames } = state.series;
  const cell = width / frames;
  const gap = cell >= 5 ? 1 : 0;
  const rail = { top: 7, height: height - 14 };
  context.fillStyle = colour("--track-empty");
  context.fillRect(0, rail.top, width, rail.height);
  for (const [frame, { accepted, proposals }] of frameCounts(state)) {
    const bar = Math.max(1.5, cell - gap);
    if (accepted > 0) {
      context.fillStyle = colour("--track-accepted");
      context.fillRect(frame * cell, rail.top, bar, rail.height);
    }
    if (proposals > 0) {
      context.fillStyle = colour("--track-proposed");
      context.fillRect(frame * cell, rail.top + rail.height / 2, bar, rail.height / 2);
    }
  }
  if (gap > 0) {
    context.fillStyle = colour("--track-gap");
    for (let frame = 1; frame < frames; frame++) context.fillRect(frame * cell - 1, rail.top, 1, rail.height);
  }
  const range = shownRange(state);
  if (range !== null)
    drawRange(context, range.from * cell, (range.to + 1) * cell - gap, height, colour("--track-range"));
  const x = state.frame * cell;
  const marker = Math.max(4, cell - gap);
  context.strokeStyle = colour("--track-marker");
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(Math.min(x, width - marker) + 1, 3, Math.max(3, marker - 2), height - 6, 2);
  context.stroke();
}

/** The range where something acts on it. */
function shownRange({ scope, review, past }: Annotator): { from: number; to: number } | null {
  if (past !== null || (scope.what !== "range" && review.what !== "range")) return null;
  return scope;
}

/** A bracket around the frames, clear of their bars. */
function drawRange(
  context: CanvasRenderingContext2D,
  left: number,
  right: number,
  height: number,
  colour: string,
): void {
  context.fillStyle = colour;
  const width = Math.max(4, right - left);
  context.fillRect(left, 2, width, 2);
  context.fillRect(left, height - 4, width, 2);
  context.fillRect(left, 2, 2, height - 4);
  context.fillRect(left + width - 2, 2, 2, height - 4);
}
