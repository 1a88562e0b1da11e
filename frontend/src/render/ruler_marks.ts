// What a ruler says and where, and the same drawn into a picture.

import type { PixelSize } from "../geometry/calibration";
import { angleAt, distance } from "../geometry/measures";
import { lengthText } from "../geometry/scale_bar";
import type { Point } from "../geometry/stroke";
import type { Ruler } from "../state/annotator/model";

/** "12.3 nm" of two points, "45.0°" of three. */
export function rulerText({ points }: Pick<Ruler, "points">, calibration: PixelSize): string {
  const [first, second, third] = points;
  if (first === undefined || second === undefined) return "";
  if (third === undefined) return lengthText(distance(first, second), calibration);
  return `${angleAt(second, first, third).toFixed(1)}°`;
}

/** Where the text goes: beside the middle of a distance, beside the vertex of an angle. */
export function labelPlace(points: readonly Point[]): Point {
  const [first, second, third] = points;
  if (first === undefined || second === undefined) return { x: 0, y: 0 };
  return third === undefined ? { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2 } : second;
}

export const RULER_COLOUR = "#ffe14d";

/** `points` in pixels of the picture. */
export function paintRuler(
  context: CanvasRenderingContext2D,
  points: readonly Point[],
  ruler: Ruler,
  calibration: PixelSize,
  magnified: number,
): void {
  const strokes = [
    ["rgb(0 0 0 / 60%)", 3.5],
    [RULER_COLOUR, 1.5],
  ] as const;
  for (const [colour, width] of strokes) {
    context.strokeStyle = colour;
    context.lineWidth = width * magnified;
    context.beginPath();
    for (const { x, y } of points) context.lineTo(x, y);
    context.stroke();
  }
  const { x, y } = labelPlace(points);
  context.font = `600 ${12 * magnified}px system-ui, sans-serif`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.lineWidth = 3 * magnified;
  context.strokeStyle = "rgb(0 0 0 / 70%)";
  const text = rulerText(ruler, calibration);
  context.strokeText(text, x + 8 * magnified, y - 8 * magnified);
  context.fillStyle = RULER_COLOUR;
  context.fillText(text, x + 8 * magnified, y - 8 * magnified);
}
