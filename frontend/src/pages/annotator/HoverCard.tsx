// What lies under the pointer: number, phase, area; of a proposal also how sure which model is.

import type { Point } from "../../geometry/stroke";
import { INTERPOLATION } from "../../state/annotator/interpolate";
import { originName } from "../../state/annotator/segmenters";
import { objectOf } from "../../state/annotator/view";
import { percent } from "../../state/format";
import { areaOf, objectName, phaseName } from "./objects";
import { TrackSwatch } from "./Swatch";
import { useView, useWorkspace } from "./workspace";

export function HoverCard() {
  const { pointer, viewport } = useWorkspace();
  const object = useView((state) =>
    state.hovered === null ? undefined : objectOf(state, state.hovered, state.frame),
  );
  const state = useView((all) => (all.hovered === null ? null : all));
  const at = pointer.value?.screen;
  if (object === undefined || state === null || at === undefined) return null;
  const { score, confidence } = object.origin;
  const model = originName(state, object.origin);
  return (
    <div class="hover-card" style={{ transform: besides(at, viewport.value.width) }}>
      <TrackSwatch track={object.track} />
      <strong>{objectName(object.track)}</strong>
      <span>{phaseName(state, object.track.phase)}</span>
      <span class="number">{areaOf(state, object.area_px)}</span>
      {object.state === "proposal" && (
        <span class="hover-proposal">
          proposal{score !== null && <span class="number"> · score {score.toFixed(2)}</span>}
          {confidence !== null && <span class="number"> · tracked, {percent(confidence)}</span>}
          {confidence === null && model !== null && ` · ${model}`}
          {object.origin.tracker === INTERPOLATION && " · interpolated"}
        </span>
      )}
    </div>
  );
}

/** Right of the pointer; left of it where there is more room. */
function besides({ x, y }: Point, width: number): string {
  const across = x > 0.6 * width ? `calc(${x - 12}px - 100%)` : `${x + 16}px`;
  return `translate(${across}, ${y + 18}px)`;
}
