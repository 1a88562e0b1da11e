// One relative: its picture on the frame where it meets the others, and what it is.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { decoded } from "../../geometry/rle";
import type { MaskRevision } from "../../protocol/messages";
import { colourOf } from "../../render/colours";
import { cropAround, cropTiles, paintCrop } from "../../render/crop";
import type { Relative } from "../../state/annotator/family";
import type { Occurrence } from "../../state/annotator/occurrences";
import { isLoaded, objectOf, type ShownMask } from "../../state/annotator/view";
import { framesText } from "./happenings";
import { areaOf, objectName, phaseName } from "./objects";
import type { Pictures } from "./pictures";
import { TrackSwatch } from "./Swatch";
import { useView, useWorkspace } from "./workspace";

const PICTURE_PX = 64;

export interface LineageCardProps {
  relative: Relative;
  current: boolean;
  joins: readonly Occurrence[];
  pictures: Pictures;
  onGo: (track: string, frame: number, box?: readonly number[]) => void;
}

export function LineageCard({ relative, current, joins, pictures, onGo }: LineageCardProps) {
  const { track, generation } = relative;
  const id = track.track;
  const runs = useView((state) => (state.past?.runs ?? state.lanes.runs).get(id));
  const first = runs?.[0]?.first ?? 0;
  const last = runs?.at(-1)?.last ?? 0;
  const isChild = joins.some(({ children }) => children.some((child) => child.track === id));
  const frame = generation > 0 || (generation === 0 && isChild) ? first : last;
  const mask = useMask(pictures, id, frame);
  const area = useView((state) => (mask === null ? "" : areaOf(state, mask.area_px)));
  const phase = useView((state) => phaseName(state, track.phase));
  return (
    <button
      type="button"
      class="lineage-card"
      aria-current={current}
      autofocus={current}
      title={`Go to ${objectName(track)} on frame ${frame + 1}`}
      onClick={() => onGo(id, frame, mask?.box)}
    >
      <Picture relative={relative} frame={frame} mask={mask} pictures={pictures} />
      <span class="lineage-name">
        <TrackSwatch track={track} />
        <strong class="number">{objectName(track)}</strong>
        <span class="muted">{track.name === "" ? phase : track.name}</span>
      </span>
      <span class="number">{runs === undefined ? "no frames" : framesText(first, last)}</span>
      <span class="muted number">{area === "" ? "…" : `${area}, frame ${frame + 1}`}</span>
    </button>
  );
}

/** From what the annotator has in sight, else asked for. */
function useMask(pictures: Pictures, track: string, frame: number): ShownMask | null {
  const here = useView((state) => isLoaded(state, frame));
  const object = useView((state) => (here ? objectOf(state, track, frame) : undefined));
  const asked = useSignal<MaskRevision | null>(null);
  useEffect(() => {
    if (here) return;
    let left = false;
    void pictures.mask(track, frame).then((mask) => {
      if (!left) asked.value = mask;
    });
    return () => {
      left = true;
    };
  }, [here, track, frame]);
  if (object !== undefined) return object;
  const { mask, box } = asked.value ?? { mask: null, box: null };
  return asked.value === null || mask === null || box === null ? null : { ...asked.value, mask, box };
}

function Picture({
  relative,
  frame,
  mask,
  pictures,
}: {
  relative: Relative;
  frame: number;
  mask: ShownMask | null;
  pictures: Pictures;
}) {
  const { state } = useWorkspace();
  const canvas = useRef<HTMLCanvasElement>(null);
  const side = Math.round(PICTURE_PX * window.devicePixelRatio);
  const { track } = relative.track;
  const loaded = pictures.loaded.value;
  const at = mask?.box.join() ?? "";
  useEffect(() => {
    if (mask === null) return;
    const { series } = state.peek();
    pictures.want(track, cropTiles(series.pixels, cropAround(frame, mask.box), side));
    return () => pictures.want(track, []);
  }, [at, frame]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (mask === null || context === undefined || context === null) return;
    const { series, display, phases } = state.peek();
    const colour = colourOf(relative.track, phases, display.colourBy);
    const crop = cropAround(frame, mask.box);
    const picture = paintCrop(
      series.pixels,
      pictures.pixelsOf,
      crop,
      side,
      display,
      decoded(mask.mask),
      colour,
    );
    context.putImageData(new ImageData(picture, side, side), 0, 0);
  }, [at, frame, loaded, side]);
  return <canvas ref={canvas} class="lineage-picture" width={side} height={side} />;
}
