// The bar to scrub on: which frames are annotated, where proposals wait, which range is meant.

import { computed, effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { frameAt, frameX, type TimeSpan } from "../../geometry/time_axis";
import type { Annotator } from "../../state/annotator/model";
import { frameCounts } from "../../state/annotator/view";
import { counted } from "../../state/format";
import { type TimeAxis, wheelTime } from "./time";
import { useView, useWorkspace } from "./workspace";

/** Drawn, because a series may have ten thousand frames. */
export function TimelineTrack({ axis }: { axis: TimeAxis }) {
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
    const draw = () => drawTrack(element, state.peek(), axis.span.peek());
    const frameInSight = computed(() => state.value.frame);
    const counts = computed(() => frameCounts(state.value));
    const range = computed(() => shownRange(state.value));
    const differing = computed(() => state.value.difference?.frames);
    const stop = effect(() => {
      frameInSight.value;
      counts.value;
      range.value;
      differing.value;
      axis.span.value;
      draw();
    });
    const observer = new ResizeObserver(() => {
      const { left, width } = element.getBoundingClientRect();
      axis.place.value = { left, width };
      draw();
    });
    observer.observe(element);
    const themes = new MutationObserver(draw);
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      stop();
      observer.disconnect();
      themes.disconnect();
      scheme.removeEventListener("change", draw);
    };
  }, [state]);

  const under = (event: PointerEvent & { currentTarget: HTMLCanvasElement }) => {
    const bounds = event.currentTarget.getBoundingClientRect();
    return frameAt(axis.span.peek(), bounds.width, event.clientX - bounds.left, frames);
  };
  const scrub = (event: PointerEvent & { currentTarget: HTMLCanvasElement }) => {
    if (event.buttons !== 1) return;
    const at = under(event);
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
      rangeStart.current = under(event);
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
      onWheel={(event) => {
        if (wheelTime(axis, event)) event.preventDefault();
      }}
    />
  );
}

function drawTrack(canvas: HTMLCanvasElement, state: Annotator, span: TimeSpan): void {
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
  const cell = width / span.count;
  const end = span.first + span.count;
  const xOf = (frame: number) => frameX(span, width, frame);
  const gap = cell >= 5 ? 1 : 0;
  const rail = { top: 7, height: height - 14 };
  context.fillStyle = colour("--track-empty");
  context.fillRect(0, rail.top, width, rail.height);
  for (const [frame, { accepted, proposals }] of frameCounts(state)) {
    if (frame + 1 <= span.first || frame >= end) continue;
    const bar = Math.max(1.5, cell - gap);
    if (accepted > 0) {
      context.fillStyle = colour("--track-accepted");
      context.fillRect(xOf(frame), rail.top, bar, rail.height);
    }
    if (proposals > 0) {
      context.fillStyle = colour("--track-proposed");
      context.fillRect(xOf(frame), rail.top + rail.height / 2, bar, rail.height / 2);
    }
  }
  if (gap > 0) {
    context.fillStyle = colour("--track-gap");
    for (let frame = Math.ceil(span.first + 1e-9); frame < end; frame++) {
      context.fillRect(xOf(frame) - 1, rail.top, 1, rail.height);
    }
  }
  context.fillStyle = colour("--track-differs");
  for (const { frame } of state.difference?.frames ?? []) {
    if (frame + 1 > span.first && frame < end) context.fillRect(xOf(frame), 1, Math.max(1.5, cell - gap), 4);
  }
  const range = shownRange(state);
  if (range !== null)
    drawRange(context, xOf(range.from), xOf(range.to + 1) - gap, height, colour("--track-range"));
  const x = xOf(state.frame);
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
