// The line below everything: what is under the pointer, how far the view is zoomed, the calibration, the model.

import { useEffect } from "preact/hooks";
import { toImage } from "../../geometry/viewport";
import { placeOf, valueAt } from "../../render/tiles";
import { calibrationOf, mayEdit } from "../../state/annotator/view";
import { interval, pixelSize, significant } from "../../state/format";
import { Icon } from "../../ui/icons";
import { useView, useWorkspace } from "./workspace";

const AT_REST_MS = 120;

export function StatusLine() {
  const { viewport, dialog } = useWorkspace();
  const calibration = useView(calibrationOf);
  const version = useView((state) => state.past?.version ?? state.serverHead);
  const size = pixelSize(calibration);
  return (
    <div class="status-line">
      <PointerReading />
      <span class="status-end">
        <ModelReady />
        <span class="number">version {version}</span>
        <span class="number">{Math.round(viewport.value.scale * 100)} %</span>
        <button
          type="button"
          class={size === null ? "calibration-button missing" : "calibration-button"}
          title="Pixel size and frame interval"
          onClick={() => {
            dialog.value = "calibration";
          }}
        >
          <Icon name="ruler" size={14} />
          {size ?? "Not calibrated: px"}
          {calibration.frame_interval_s !== null && ` · ${interval(calibration.frame_interval_s)} per frame`}
        </button>
      </span>
    </div>
  );
}

function PointerReading() {
  const { pointer, viewport, chunks, tilesLoaded, read } = useWorkspace();
  const series = useView((state) => state.series);
  const frame = useView((state) => state.frame);
  tilesLoaded.value;
  const screen = pointer.value?.screen;
  const at = screen && toImage(viewport.value, screen); // a pan or zoom moves the image under a pointer at rest
  const place = at === undefined ? null : placeOf(series.pixels, frame, at.x, at.y);
  const key = place === null ? "" : `${place.frame}/${place.row}/${place.column}`;
  useEffect(() => {
    const timer = setTimeout(() => {
      read.value = place === null ? [] : [place];
    }, AT_REST_MS);
    return () => clearTimeout(timer);
  }, [key]);
  if (at === undefined || at.x < 0 || at.y < 0 || at.x >= series.width || at.y >= series.height) {
    return <span class="number">{`${series.width} × ${series.height} px, ${series.dtype}`}</span>;
  }
  const values = valueAt(series.pixels, (place) => chunks.get(place), frame, at.x, at.y);
  return (
    <span class="number">
      x {Math.floor(at.x)} · y {Math.floor(at.y)}
      {values !== null && ` · ${values.map((value) => significant(value)).join(", ")}`}
    </span>
  );
}

/** Whether the next click on this frame will be quick. */
function ModelReady() {
  const model = useView((state) => state.model);
  const ready = useView((state) => state.ready.has(`${state.model}/${state.frame}`));
  const editable = useView(mayEdit); // the model prepares nothing for who only looks
  if (model === "" || !editable) return null;
  return (
    <span class={ready ? "model-ready yes" : "model-ready"}>
      <span class="dot" />
      {ready ? "Model ready" : "Model prepares this frame"}
    </span>
  );
}
