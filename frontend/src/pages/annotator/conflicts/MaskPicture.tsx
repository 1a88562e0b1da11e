// A part of a frame with one mask's outline, for looking at masks side by side.

import { useEffect, useRef } from "preact/hooks";
import { decoded } from "../../../geometry/rle";
import type { MaskRle } from "../../../protocol/messages";
import { colourOf } from "../../../render/colours";
import { type Crop, cropTiles, paintCrop } from "../../../render/crop";
import { tracksOf } from "../../../state/annotator/view";
import type { Pictures } from "../pictures";
import { useView, useWorkspace } from "../workspace";

export interface MaskPictureProps {
  name: string;
  track: string;
  crop: Crop;
  /** Null: there is none, and the frame alone is shown. */
  mask: MaskRle | null;
  pictures: Pictures;
}

const SIDE_PX = 132;

export function MaskPicture({ name, track, crop, mask, pictures }: MaskPictureProps) {
  const { state } = useWorkspace();
  const canvas = useRef<HTMLCanvasElement>(null);
  const side = Math.round(SIDE_PX * window.devicePixelRatio);
  const known = useView((all) => tracksOf(all).get(track));
  const loaded = pictures.loaded.value;
  const at = `${crop.frame} ${crop.x0} ${crop.y0} ${crop.side}`;
  useEffect(() => {
    pictures.want(name, cropTiles(state.peek().series.pixels, crop, side));
    return () => pictures.want(name, []);
  }, [at, name]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === undefined || context === null) return;
    const { series, display, phases } = state.peek();
    const colour =
      known === undefined ? ([255, 255, 255] as const) : colourOf(known, phases, display.colourBy);
    const runs = mask === null ? null : decoded(mask);
    const picture = paintCrop(series.pixels, pictures.pixelsOf, crop, side, display, runs, colour);
    context.putImageData(new ImageData(picture, side, side), 0, 0);
  }, [at, mask?.counts, loaded, side, known]);
  return <canvas ref={canvas} class="conflict-picture" width={side} height={side} />;
}
