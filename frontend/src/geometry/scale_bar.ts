// Where a scale bar lies and how long it is, on the screen and in pictures. Pure.

import { METRES, type PixelSize, scaleBar, tidy } from "./calibration";
import type { ImageSize } from "./viewport";

export const corners = ["bottom-left", "bottom-right", "top-left", "top-right"] as const;
export type Corner = (typeof corners)[number];

export interface ScaleBarStyle {
  readonly shown: boolean;
  /** In the calibration's unit, or in px without one; null: a round length that fits. */
  readonly length: number | null;
  readonly colour: "white" | "black";
  /** A plate behind it, so that it can be read on any image. */
  readonly plate: boolean;
  readonly corner: Corner;
}

export const USUAL_SCALE_BAR: ScaleBarStyle = {
  shown: true,
  length: null,
  colour: "white",
  plate: true,
  corner: "bottom-left",
};

/** All in pixels of the screen or of the picture; (x, y) is the bar's left end at its upper edge. */
export interface PlacedBar {
  readonly x: number;
  readonly y: number;
  readonly length: number;
  readonly thickness: number;
  readonly text: string;
  readonly fontSize: number;
  readonly plate: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

const WIDEST_AUTOMATIC = 180;
const MARGIN = 12;
const PADDING = 8;
const FONT = 12;
const LETTER = 0.62; // a digit's width by the height of the letters, at most

/**
 * `scale` is screen pixels per image pixel, `size` what is drawn on, `magnified` how much larger letters and margins are
 * than on the screen.
 */
export function placeScaleBar(
  calibration: PixelSize,
  style: ScaleBarStyle,
  scale: number,
  size: ImageSize,
  magnified = 1,
): PlacedBar {
  const { lengthPx, text } =
    style.length === null
      ? scaleBar(calibration, Math.min(WIDEST_AUTOMATIC * magnified, size.width / 4) / scale)
      : fixedBar(calibration, style.length);
  const length = lengthPx * scale;
  const fontSize = FONT * magnified;
  const thickness = 4 * magnified;
  const [margin, padding] = [MARGIN * magnified, PADDING * magnified];
  const textWidth = text.length * LETTER * fontSize;
  const width = Math.max(length, textWidth) + 2 * padding;
  const height = fontSize + thickness + padding * 2 + 2 * magnified;
  const left = style.corner.endsWith("left") ? margin : size.width - margin - width;
  const top = style.corner.startsWith("top") ? margin : size.height - margin - height;
  return {
    x: left + padding,
    y: top + padding + fontSize + 2 * magnified,
    length,
    thickness,
    text,
    fontSize,
    plate: { x: left, y: top, width, height },
  };
}

function fixedBar({ pixel_size, unit }: PixelSize, length: number): { lengthPx: number; text: string } {
  return {
    lengthPx: length / (pixel_size ?? 1),
    text: `${tidy(length)} ${pixel_size === null ? "px" : unit}`,
  };
}

/** "12.3 nm", with the prefix that keeps it short; in px where nobody has calibrated. */
export function lengthText(length_px: number, { pixel_size, unit }: PixelSize): string {
  if (pixel_size === null) return `${tidy(length_px)} px`;
  const metres = METRES[unit];
  if (metres === undefined) return `${tidy(length_px * pixel_size)} ${unit}`;
  const length = length_px * pixel_size * metres;
  const [name, size] = LENGTHS.find(([, one]) => length >= one * 0.9999) ?? ["pm", 1e-12];
  return `${tidy(length / size)} ${name}`;
}

const LENGTHS = [
  ["m", 1],
  ["mm", 1e-3],
  ["µm", 1e-6],
  ["nm", 1e-9],
] as const;
