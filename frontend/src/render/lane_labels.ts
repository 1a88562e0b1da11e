// What stands beside and below the lanes: numbers, names, frames.

import { frameX } from "../geometry/time_axis";
import { firstFrame, type LaneRow, lastFrame, leastConfidence } from "../state/annotator/lane_rows";
import { confidenceLevel } from "../state/annotator/lanes";
import { frameMiddle, type LaneView } from "./lane_layout";
import type { LaneLook } from "./lane_look";

const SWATCH_PX = 10;
const LABEL_LEFT_PX = 12;

const LEAST_NUMBERS_PX = 30;

/** The room that the numbers of these rows need. */
export function numbersWidth(
  context: CanvasRenderingContext2D,
  look: LaneLook,
  rows: readonly LaneRow[],
): number {
  context.font = `600 ${look.font}`;
  return Math.max(LEAST_NUMBERS_PX, ...rows.map((row) => context.measureText(numberOf(row)).width));
}

function numberOf({ track }: LaneRow): string {
  return track.number === null ? "new" : `#${track.number}`;
}

export function drawLabels(
  context: CanvasRenderingContext2D,
  view: LaneView,
  look: LaneLook,
  row: LaneRow,
  y: number,
  width: number,
  numbers: number,
): void {
  const { colours } = look;
  const { track } = row;
  const [red, green, blue] = look.colourOf(track);
  context.fillStyle = `rgb(${red} ${green} ${blue})`;
  context.beginPath();
  context.roundRect(LABEL_LEFT_PX, y - SWATCH_PX / 2, SWATCH_PX, SWATCH_PX, 2.5);
  context.fill();
  context.textAlign = "left";
  context.fillStyle = colours.text;
  context.font = `600 ${look.font}`;
  context.fillText(numberOf(row), LABEL_LEFT_PX + 18, y);
  const begin = LABEL_LEFT_PX + 26 + numbers;
  context.font = look.font;
  context.fillStyle = colours.muted;
  context.fillText(shortened(context, look.nameOf(track), view.left - begin - 12), begin, y);
  const right = view.left + view.width + 12;
  if (width - right > 60) {
    const [first, last] = [firstFrame(row) + 1, lastFrame(row) + 1];
    context.fillText(first === last ? `${first}` : `${first}–${last}`, right, y);
    const least = leastConfidence(row);
    const level = confidenceLevel(least);
    if (least !== null && (level === "fair" || level === "low") && width - right > 110) {
      context.textAlign = "right";
      context.fillStyle = colours[level];
      context.fillText(`≥ ${Math.round(100 * least)} %`, width - 10, y);
      context.textAlign = "left";
    }
  }
}

const widths = new Map<string, string>();

/** Cut with an ellipsis; remembered, because measuring is slow and names repeat. */
function shortened(context: CanvasRenderingContext2D, text: string, room: number): string {
  const key = `${Math.round(room)} ${text}`;
  let short = widths.get(key);
  if (short === undefined) {
    short = text;
    while (short.length > 1 && context.measureText(short).width > room) {
      short = `${short.replace(/…$/, "").slice(0, -1)}…`;
    }
    if (widths.size > 2000) widths.clear();
    widths.set(key, short);
  }
  return short;
}

export function drawRuler(
  context: CanvasRenderingContext2D,
  view: LaneView,
  look: LaneLook,
  ticks: readonly number[],
  width: number,
): void {
  if (look.rulerHeight === 0) return;
  const { colours } = look;
  const top = view.height;
  context.fillStyle = colours.surface;
  context.fillRect(0, top, width, look.rulerHeight);
  context.fillStyle = colours.line;
  context.fillRect(0, top, width, 1);
  context.fillStyle = colours.muted;
  context.textAlign = "left";
  context.fillText("Frame", LABEL_LEFT_PX + 18, top + look.rulerHeight / 2 + 1);
  context.textAlign = "center";
  for (const frame of ticks) {
    const x = frameMiddle(view, frame);
    context.fillRect(Math.round(x), top + 1, 1, 3);
    context.fillText(`${frame + 1}`, x, top + look.rulerHeight / 2 + 2);
  }
  context.textAlign = "left";
  if (view.span.count < view.frames) {
    // Which part of the series this is.
    const whole = { first: 0, count: view.frames };
    const from = view.left + frameX(whole, view.width, view.span.first);
    context.fillStyle = colours.grid;
    context.fillRect(view.left, top + look.rulerHeight - 3, view.width, 3);
    context.fillStyle = colours.accent;
    const part = (view.span.count / view.frames) * view.width;
    context.fillRect(from, top + look.rulerHeight - 3, Math.max(4, part), 3);
  }
}
