// Keeps the canvas of the lanes up to date: at most once per frame of the screen, and only rows in sight.

import { computed, effect, type ReadonlySignal } from "@preact/signals";
import { colourOf } from "../../render/colours";
import { drawLanes } from "../../render/lane_canvas";
import { type LaneTable, type LaneView, RULER_PX } from "../../render/lane_layout";
import type { LaneColours } from "../../render/lane_look";
import type { Track } from "../../state/annotator/view";
import { phaseName } from "./objects";
import type { TimeAxis } from "./time";
import type { Workspace } from "./workspace";

export interface LanePainter {
  /** What is on the canvas now. */
  view(): LaneView;
  stop(): void;
}

export interface LanePainting {
  readonly workspace: Workspace;
  readonly axis: TimeAxis;
  readonly table: ReadonlySignal<LaneTable>;
  /** The join or mark under the pointer. */
  readonly hoveredEvent: ReadonlySignal<string | null>;
  readonly scroller: HTMLElement;
  readonly canvas: HTMLCanvasElement;
}

export function paintLanes(painting: LanePainting): LanePainter {
  const { workspace, axis, table, hoveredEvent, scroller, canvas } = painting;
  const { state } = workspace;
  let asked = 0;
  const paint = () => {
    asked = 0;
    draw(painting, view());
  };
  const repaint = () => {
    if (asked === 0) asked = requestAnimationFrame(paint);
  };
  function view(): LaneView {
    const { left, width } = axis.place.peek();
    return {
      ...table.peek(),
      span: axis.span.peek(),
      frames: axis.frames,
      left: left - canvas.getBoundingClientRect().left,
      width,
      scrollTop: scroller.scrollTop,
      height: scroller.clientHeight - RULER_PX,
    };
  }
  const parts = [
    computed(() => state.value.frame),
    computed(() => state.value.selection),
    computed(() => state.value.marked),
    computed(() => state.value.hovered),
    computed(() => state.value.phases),
    computed(() => state.value.display.colourBy),
  ];
  const stopWatching = effect(() => {
    for (const part of parts) part.value;
    table.value;
    axis.span.value;
    axis.place.value;
    hoveredEvent.value;
    repaint();
  });
  const observer = new ResizeObserver(repaint);
  observer.observe(scroller);
  const themes = new MutationObserver(repaint);
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", repaint);
  scroller.addEventListener("scroll", repaint, { passive: true });
  return {
    view,
    stop() {
      cancelAnimationFrame(asked);
      stopWatching();
      observer.disconnect();
      themes.disconnect();
      scheme.removeEventListener("change", repaint);
      scroller.removeEventListener("scroll", repaint);
    },
  };
}

function draw({ workspace, hoveredEvent, scroller, canvas }: LanePainting, view: LaneView): void {
  // Drawn by the processor: hundreds of short strokes cost it 4 ms, a GPU's software stand-in 60 ms.
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  const width = scroller.clientWidth;
  if (context === null || width === 0 || view.width === 0) return;
  const ratio = window.devicePixelRatio;
  const size = { width: Math.round(width * ratio), height: Math.round(scroller.clientHeight * ratio) };
  if (canvas.width !== size.width) canvas.width = size.width;
  if (canvas.height !== size.height) canvas.height = size.height;
  canvas.style.height = `${scroller.clientHeight}px`;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(canvas);
  const state = workspace.state.peek();
  const look = {
    colours: coloursOf(style),
    font: `12px ${style.fontFamily}`,
    frame: state.frame,
    selected: state.selection?.track ?? null,
    marked: state.marked,
    hovered: state.hovered,
    hoveredEvent: hoveredEvent.peek(),
    rulerHeight: RULER_PX,
    colourOf: (track: Track) => colourOf(track, state.phases, state.display.colourBy),
    nameOf: (track: Track) => (track.name === "" ? phaseName(state, track.phase) : track.name),
  };
  drawLanes(context, view, look, width);
}

function coloursOf(style: CSSStyleDeclaration): LaneColours {
  const colour = (name: string) => style.getPropertyValue(`--lane-${name}`);
  return {
    surface: colour("surface"),
    text: colour("text"),
    muted: colour("muted"),
    line: colour("line"),
    grid: colour("grid"),
    selected: colour("selected"),
    hovered: colour("hovered"),
    accent: colour("accent"),
    join: colour("join"),
    fair: colour("fair"),
    low: colour("low"),
  };
}
