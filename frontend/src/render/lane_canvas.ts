// Draws the lanes: one row a track, its life as bars, its merges and splits as steps between rows.

import { frameTicks } from "../geometry/time_axis";
import type { LaneRun } from "../protocol/rest";
import { firstFrame, type LaneRow, lastFrame } from "../state/annotator/lane_rows";
import { confidenceLevel } from "../state/annotator/lanes";
import type { Occurrence } from "../state/annotator/occurrences";
import { drawLabels, drawRuler, numbersWidth } from "./lane_labels";
import {
  axisX,
  frameMiddle,
  type JoinLine,
  joinsInSight,
  type LaneView,
  marksInSight,
  type PlacedJoin,
  type PlacedMark,
  ROW_PX,
  rowsInSight,
  rowY,
} from "./lane_layout";
import type { LaneLook } from "./lane_look";

export interface LanesDrawn {
  readonly rows: number;
  readonly runs: number;
  readonly joins: number;
}

/** Less sure, less tall; a line below says it once more. */
const BAR_PX = { unknown: 11, sure: 11, fair: 8, low: 5 };

/** `width`: of the whole canvas, in CSS px; the context is scaled to them. */
export function drawLanes(
  context: CanvasRenderingContext2D,
  view: LaneView,
  look: LaneLook,
  width: number,
): LanesDrawn {
  const { colours } = look;
  const { from, to } = rowsInSight(view);
  let runs = 0;
  context.fillStyle = colours.surface;
  context.fillRect(0, 0, width, view.height + look.rulerHeight);
  context.font = look.font;
  context.textBaseline = "middle";
  for (let index = from; index < to; index++) drawBackground(context, view, look, index, width);
  const ticks = frameTicks(view.span, view.width, 64);
  context.fillStyle = colours.grid;
  for (const frame of ticks) context.fillRect(Math.round(frameMiddle(view, frame)), 0, 1, view.height);
  context.save();
  context.beginPath();
  context.rect(view.left, 0, view.width, view.height);
  context.clip();
  for (let index = from; index < to; index++) {
    const row = view.rows[index];
    if (row !== undefined) runs += drawLife(context, view, row, rowY(view, index), look);
  }
  drawNow(context, view, look);
  context.restore();
  // A line or a sign may stand half over the ends of the axis.
  context.save();
  context.beginPath();
  context.rect(view.left - 6, 0, view.width + 12, view.height);
  context.clip();
  const joins = joinsInSight(view);
  for (const join of joins) drawJoin(context, join, look);
  for (const mark of marksInSight(view)) drawMark(context, mark, look);
  context.restore();
  const inSight = view.rows.slice(from, to);
  const numbers = numbersWidth(context, look, inSight);
  inSight.forEach((row, index) => {
    drawLabels(context, view, look, row, rowY(view, from + index), width, numbers);
  });
  drawRuler(context, view, look, ticks, width);
  return { rows: to - from, runs, joins: joins.length };
}

function drawBackground(
  context: CanvasRenderingContext2D,
  view: LaneView,
  look: LaneLook,
  index: number,
  width: number,
): void {
  const track = view.rows[index]?.track.track;
  if (track === undefined) return;
  const top = rowY(view, index) - ROW_PX / 2;
  const chosen = track === look.selected || look.marked.has(track);
  if (chosen || track === look.hovered) {
    context.fillStyle = chosen ? look.colours.selected : look.colours.hovered;
    context.fillRect(0, top, width, ROW_PX);
  }
  if (chosen) {
    context.fillStyle = look.colours.accent;
    context.fillRect(0, top, 3, ROW_PX);
  }
}

function drawLife(
  context: CanvasRenderingContext2D,
  view: LaneView,
  row: LaneRow,
  y: number,
  look: LaneLook,
): number {
  const end = view.span.first + view.span.count;
  if (firstFrame(row) >= end || lastFrame(row) < view.span.first) return 0;
  const [red, green, blue] = look.colourOf(row.track);
  const colour = `rgb(${red} ${green} ${blue})`;
  let drawn = 0;
  let before: LaneRun | undefined;
  for (const run of row.runs) {
    if (run.first >= end) break;
    if (before !== undefined && run.first > before.last + 1) {
      const [gap0, gap1] = [axisX(view, before.last + 1), axisX(view, run.first)];
      context.strokeStyle = look.colours.muted;
      context.lineWidth = 1;
      context.setLineDash([1, 4]);
      line(context, gap0 + 3, y, gap1 - 2, y);
      context.setLineDash([]);
    }
    before = run;
    if (run.last < view.span.first) continue;
    drawRun(context, view, run, y, colour, look);
    drawn++;
  }
  return drawn;
}

function drawRun(
  context: CanvasRenderingContext2D,
  view: LaneView,
  run: LaneRun,
  y: number,
  colour: string,
  look: LaneLook,
): void {
  // Beyond the canvas nothing needs to be exact.
  const x0 = Math.max(view.left - 10, axisX(view, run.first));
  const x1 = Math.min(view.left + view.width + 10, axisX(view, run.last + 1));
  const width = Math.max(2, x1 - x0 - 1);
  const level = confidenceLevel(run.confidence);
  const height = BAR_PX[level];
  const top = y - height / 2 - 1;
  context.fillStyle = colour;
  if (run.state === "accepted") {
    context.fillRect(x0, top, width, height);
  } else {
    context.globalAlpha = 0.3;
    context.fillRect(x0, top, width, height);
    context.globalAlpha = 0.75;
    context.strokeStyle = colour;
    context.lineWidth = 1;
    hatch(context, x0, top, width, height);
    context.globalAlpha = 1;
    if (width > 3) context.strokeRect(x0 + 0.5, top + 0.5, width - 1, height - 1);
  }
  if (level === "sure" || level === "unknown") return;
  context.strokeStyle = level === "fair" ? look.colours.fair : look.colours.low;
  context.lineWidth = 2;
  if (level === "low") context.setLineDash([3, 2]);
  line(context, x0, y + 7, x0 + width, y + 7);
  context.setLineDash([]);
}

function hatch(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  if (width < 4) return;
  context.beginPath();
  for (let at = x - (x % 6) - height; at < x + width; at += 6) {
    const from = Math.max(at, x);
    const to = Math.min(at + height, x + width);
    if (to <= from) continue;
    context.moveTo(from, y + height - (from - at));
    context.lineTo(to, y + height - (to - at));
  }
  context.stroke();
}

function drawNow(context: CanvasRenderingContext2D, view: LaneView, look: LaneLook): void {
  const x = axisX(view, look.frame);
  const frame = Math.max(1, view.width / view.span.count);
  context.fillStyle = look.colours.text;
  context.globalAlpha = 0.12;
  context.fillRect(x, 0, frame, view.height);
  context.globalAlpha = 0.85;
  context.fillRect(Math.round(x + frame / 2), 0, 1, view.height);
  context.globalAlpha = 1;
}

/** Nobody has confirmed a broken line; how sure it is shows as on bars. */
function drawJoin(context: CanvasRenderingContext2D, join: PlacedJoin, look: LaneLook): void {
  const { event } = join.occurrence;
  const level = confidenceLevel(event.confidence);
  const { colours } = look;
  const active = look.hoveredEvent === event.event;
  const colour = active
    ? colours.accent
    : level === "low"
      ? colours.low
      : level === "fair"
        ? colours.fair
        : colours.join;
  const open = event.state === "proposal";
  for (const [stroke, width] of [
    [colours.surface, active ? 6 : 4.5],
    [colour, active ? 3 : 1.8],
  ] as const) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.setLineDash(open && stroke === colour ? [4, 3] : []);
    for (const each of join.lines) step(context, each);
  }
  context.setLineDash([]);
  const radius = active ? 5.5 : 4.5;
  context.beginPath();
  context.arc(join.node.x, join.node.y, radius, 0, 2 * Math.PI);
  context.fillStyle = open ? colours.surface : colour;
  context.fill();
  context.strokeStyle = open ? colour : colours.surface;
  context.lineWidth = open ? 1.8 : 1.2;
  context.stroke();
}

function step(context: CanvasRenderingContext2D, { x0, y0, x1, y1 }: JoinLine): void {
  const middle = (x0 + x1) / 2;
  const radius = Math.min(6, Math.abs(x1 - x0) / 2, Math.abs(y1 - y0) / 2);
  context.beginPath();
  context.moveTo(x0, y0);
  context.arcTo(middle, y0, middle, y1, radius);
  context.arcTo(middle, y1, x1, y1, radius);
  context.lineTo(x1, y1);
  context.stroke();
}

/** Filled where somebody confirmed it. */
function drawMark(context: CanvasRenderingContext2D, mark: PlacedMark, look: LaneLook): void {
  const { colours } = look;
  const { x, y } = mark;
  const { what, state, event } = mark.occurrence.event;
  context.beginPath();
  signs[what]?.(context, x, y - 1);
  context.lineJoin = "round";
  context.strokeStyle = colours.surface;
  context.lineWidth = 4.5;
  context.stroke();
  context.fillStyle = state === "accepted" ? colours.text : colours.surface;
  if (what !== "dissolution") context.fill();
  context.strokeStyle = look.hoveredEvent === event ? colours.accent : colours.text;
  context.lineWidth = state === "accepted" ? 1.8 : 1.2;
  if (state === "proposal" && what === "dissolution") context.setLineDash([2, 1.5]);
  context.stroke();
  context.setLineDash([]);
}

type Sign = (context: CanvasRenderingContext2D, x: number, y: number) => void;

const signs: Partial<Record<Occurrence["event"]["what"], Sign>> = {
  birth: (context, x, y) => context.arc(x, y, 3.2, 0, 2 * Math.PI),
  dissolution: (context, x, y) => {
    context.moveTo(x - 3.2, y - 3.2);
    context.lineTo(x + 3.2, y + 3.2);
    context.moveTo(x + 3.2, y - 3.2);
    context.lineTo(x - 3.2, y + 3.2);
  },
  exit: (context, x, y) => {
    context.moveTo(x - 2.5, y - 3.8);
    context.lineTo(x + 3.5, y);
    context.lineTo(x - 2.5, y + 3.8);
    context.closePath();
  },
  contact: (context, x, y) => {
    context.moveTo(x, y - 4);
    context.lineTo(x + 4, y);
    context.lineTo(x, y + 4);
    context.lineTo(x - 4, y);
    context.closePath();
  },
};

function line(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
