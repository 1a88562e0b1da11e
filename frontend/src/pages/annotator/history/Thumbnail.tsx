// What one change did to one object: the image around it, the mask before (orange, dashed) and after (blue).

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { decoded } from "../../../geometry/rle";
import type { ChangeSample } from "../../../protocol/history";
import type { MaskRle } from "../../../protocol/messages";
import { cropAround, cropTiles, outlineCrop, paintCrop } from "../../../render/crop";
import { CAME, WENT } from "../../../render/difference_layer";
import type { Pictures } from "../pictures";
import { useWorkspace } from "../workspace";
import type { MaskCache } from "./masks";

const SIDE_PX = 44;

interface Masks {
  readonly before: MaskRle | null;
  readonly after: MaskRle | null;
}

export interface ThumbnailProps {
  version: number;
  sample: ChangeSample;
  pictures: Pictures;
  masks: MaskCache;
}

export function Thumbnail({ version, sample, pictures, masks }: ThumbnailProps) {
  const { state } = useWorkspace();
  const canvas = useRef<HTMLCanvasElement>(null);
  const seen = useSignal(false);
  const shown = useSignal<Masks | null>(null);
  const side = Math.round(SIDE_PX * window.devicePixelRatio);
  const crop = cropAround(sample.frame, sample.box);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) seen.value = true;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!seen.value) return;
    let left = false;
    const picture = `version ${version}`;
    pictures.want(picture, cropTiles(state.peek().series.pixels, crop, side));
    Promise.all([masks(sample.before), masks(sample.after)]).then(
      ([before, after]) => {
        if (!left) shown.value = { before, after };
      },
      () => undefined, // without the masks there is the image
    );
    return () => {
      left = true;
      pictures.want(picture, []);
    };
  }, [seen.value, version]);
  const loaded = pictures.loaded.value;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!seen.value || context === undefined || context === null) return;
    const { series, display } = state.peek();
    const picture = paintCrop(series.pixels, pictures.pixelsOf, crop, side, display, null, CAME);
    const { before, after } = shown.value ?? { before: null, after: null };
    if (before !== null) outlineCrop(picture, crop, side, decoded(before), WENT, true);
    if (after !== null) outlineCrop(picture, crop, side, decoded(after), CAME, false);
    context.putImageData(new ImageData(picture, side, side), 0, 0);
  }, [seen.value, shown.value, loaded, side]);
  const what = sample.before === null ? "new mask" : sample.after === null ? "deleted mask" : "changed mask";
  return (
    <canvas
      ref={canvas}
      class="history-picture"
      width={side}
      height={side}
      role="img"
      aria-label={`Frame ${sample.frame + 1}, ${what}`}
      title={`Frame ${sample.frame + 1}: orange before, blue after`}
    />
  );
}
