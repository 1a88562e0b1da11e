// Draws a part of a frame as a picture to keep: the canvas's own layers in pieces, then scale bar, time and rulers.

import type { PixelSize } from "../geometry/calibration";
import { type Corner, placeScaleBar, type ScaleBarStyle } from "../geometry/scale_bar";
import type { Annotator, Display, Ruler } from "../state/annotator/model";
import { openCommits } from "../state/annotator/view";
import type { ChunkCache } from "./chunks";
import { paintRuler } from "./ruler_marks";
import { Scene } from "./scene";

/** What is drawn of a frame; the area in image pixels, `scale` in picture pixels per image pixel. */
export interface Picture {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly scale: number;
  /** How much larger lines and letters are than on a screen of one device pixel per CSS pixel. */
  readonly magnified: number;
  readonly masks: "all" | "outlines" | "none";
  readonly scaleBar: ScaleBarStyle;
  readonly calibration: PixelSize;
  /** What is written into a corner; null: nothing. */
  readonly stamp: { readonly text: string; readonly corner: Corner } | null;
  readonly rulers: readonly Ruler[];
}

export class PictureTooLarge extends Error {}

const PIECE_PX = 2000;
const LONGEST_SIDE_PX = 16_384; // what browsers allow a canvas
const MOST_PIXELS = 200e6;

export function pictureSize({ x0, y0, x1, y1, scale }: Picture): { width: number; height: number } {
  return {
    width: Math.max(1, Math.round((x1 - x0) * scale)),
    height: Math.max(1, Math.round((y1 - y0) * scale)),
  };
}

/** Waits for every tile that it needs. Throws PictureTooLarge, or what aborted it. */
export async function paintPicture(
  state: Annotator,
  picture: Picture,
  chunks: ChunkCache,
  loaded: () => Promise<void>,
): Promise<HTMLCanvasElement> {
  const { width, height } = pictureSize(picture);
  if (Math.max(width, height) > LONGEST_SIDE_PX || width * height > MOST_PIXELS) {
    throw new PictureTooLarge(
      `A picture of ${width} × ${height} px is larger than browsers can make (${LONGEST_SIDE_PX} px a side, ` +
        `${MOST_PIXELS / 1e6} million in all). Choose a smaller part or a lower resolution.`,
    );
  }
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  if (context === null) throw new PictureTooLarge("The browser has no memory left for this picture.");
  const shown: Annotator = { ...quiet(state), display: shownMasks(state.display, picture.masks) };
  const piece = document.createElement("canvas");
  const scene = new Scene(piece, chunks, shown);
  const { magnified, scale, x0, y0 } = picture;
  try {
    for (let top = 0; top < height; top += PIECE_PX) {
      for (let left = 0; left < width; left += PIECE_PX) {
        piece.width = Math.min(PIECE_PX, width - left);
        piece.height = Math.min(PIECE_PX, height - top);
        const view = {
          width: piece.width / magnified,
          height: piece.height / magnified,
          scale: scale / magnified,
          originX: x0 + left / scale,
          originY: y0 + top / scale,
        };
        while (!scene.isReady(shown, shown.frame, view, magnified)) {
          scene.wish(shown, view, magnified); // again each time: another picture may have wished for its own
          await loaded();
        }
        scene.draw(shown, view, magnified, 0);
        context.drawImage(piece, left, top);
      }
    }
  } finally {
    scene.close();
  }
  const toPicture = ({ x, y }: { x: number; y: number }) => ({ x: (x - x0) * scale, y: (y - y0) * scale });
  for (const ruler of picture.rulers) {
    paintRuler(context, ruler.points.map(toPicture), ruler, picture.calibration, magnified);
  }
  if (picture.scaleBar.shown) paintScaleBar(context, picture, { width, height });
  if (picture.stamp !== null) paintStamp(context, picture.stamp, picture, { width, height });
  return canvas;
}

/** Nothing that is being made or pointed at, and no mask that was lost to another's. */
export function quiet(state: Annotator): Annotator {
  const nothing = { prompt: null, proposals: null, stroke: null, band: null, hovered: null, selection: null };
  const pending = openCommits(state.pending);
  return { ...state, ...nothing, pending, marked: new Set(), playing: false };
}

function shownMasks(display: Display, masks: Picture["masks"]): Display {
  if (masks === "none") return { ...display, masks: false, neighbours: false };
  if (masks === "outlines") return { ...display, masks: true, opacity: 0, outline: true };
  return { ...display, masks: true };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const INK = {
  white: { ink: "#ffffff", plate: "rgb(0 0 0 / 55%)" },
  black: { ink: "#000000", plate: "rgb(255 255 255 / 65%)" },
};
const FONT = "system-ui, sans-serif";

function paintScaleBar(context: CanvasRenderingContext2D, picture: Picture, size: Size): void {
  const { calibration, scaleBar: style, scale, magnified } = picture;
  const bar = placeScaleBar(calibration, style, scale, size, magnified);
  const { ink, plate } = INK[style.colour];
  if (style.plate) {
    context.fillStyle = plate;
    context.fillRect(bar.plate.x, bar.plate.y, bar.plate.width, bar.plate.height);
  }
  context.fillStyle = ink;
  context.font = `600 ${bar.fontSize}px ${FONT}`;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillText(bar.text, bar.x, bar.y - 4 * magnified);
  context.fillRect(bar.x, bar.y, bar.length, bar.thickness);
}

function paintStamp(
  context: CanvasRenderingContext2D,
  { text, corner }: NonNullable<Picture["stamp"]>,
  { scaleBar, magnified }: Picture,
  { width, height }: Size,
): void {
  const { ink, plate } = INK[scaleBar.colour];
  const [margin, padding, fontSize] = [12 * magnified, 8 * magnified, 13 * magnified];
  context.font = `600 ${fontSize}px ${FONT}`;
  const plateWidth = context.measureText(text).width + 2 * padding;
  const plateHeight = fontSize + 1.5 * padding;
  const x = corner.endsWith("left") ? margin : width - margin - plateWidth;
  const y = corner.startsWith("top") ? margin : height - margin - plateHeight;
  if (scaleBar.plate) {
    context.fillStyle = plate;
    context.fillRect(x, y, plateWidth, plateHeight);
  }
  context.fillStyle = ink;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, x + padding, y + plateHeight / 2);
}
