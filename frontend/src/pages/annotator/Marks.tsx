// Prompt points, boxes, object numbers and the scale bar, as a drawing over the canvas: the browser repaints only
// where one of them changes, while a second canvas would be blended over the image as a whole.

import { type ReadonlySignal, useComputed } from "@preact/signals";
import { decoded, rememberedAnchor } from "../../geometry/rle";
import { placeScaleBar } from "../../geometry/scale_bar";
import { toScreen, type Viewport } from "../../geometry/viewport";
import type { PromptPoint } from "../../protocol/messages";
import type { Drawn } from "../../render/scene";
import type { Annotator, Box } from "../../state/annotator/model";
import { calibrationOf, objectsOn } from "../../state/annotator/view";
import { useView, useWorkspace } from "./workspace";

const SMALLEST_NUMBERED_PX = 26;
const MOST_NUMBERS = 300;

export function Marks() {
  const { viewport, drawn, state } = useWorkspace();
  const prompt = useView((state) => state.prompt);
  const band = useView((state) => state.band);
  const view = viewport.value;
  const points = prompt?.frame === drawn.value.frame ? prompt.points : [];
  const box = prompt?.frame === drawn.value.frame ? prompt.box : null;
  return (
    <svg class="marks" aria-hidden="true">
      <Numbers source={state} drawn={drawn} />
      {box !== null && <Frame box={box} view={view} dashed={false} />}
      {points.map((point, index) => (
        <Point key={index} point={point} view={view} />
      ))}
      {band !== null && <Frame box={band} view={view} dashed />}
      <ScaleBar view={view} />
    </svg>
  );
}

function Point({ point, view }: { point: PromptPoint; view: Viewport }) {
  const { x, y } = toScreen(view, point);
  return (
    <g class={point.label === 1 ? "mark-point" : "mark-point background"} transform={`translate(${x} ${y})`}>
      <circle r={6.5} />
      <path d={point.label === 1 ? "M-3 0H3M0-3V3" : "M-3 0H3"} />
    </g>
  );
}

function Frame({ box, view, dashed }: { box: Box; view: Viewport; dashed: boolean }) {
  const { x, y } = toScreen(view, { x: box[0], y: box[1] });
  const size = { x, y, width: (box[2] - box[0]) * view.scale, height: (box[3] - box[1]) * view.scale };
  return (
    <g class="mark-box">
      <rect class="mark-shade" {...size} />
      <rect {...size} {...(dashed ? { "stroke-dasharray": "6 4" } : {})} />
    </g>
  );
}

/** Numbers of the objects that are large enough on screen to carry one; none during a stroke, which they would hide. */
export function Numbers({
  source,
  drawn,
}: {
  source: ReadonlySignal<Annotator>;
  drawn: ReadonlySignal<Drawn>;
}) {
  const { viewport } = useWorkspace();
  const numbered = useComputed(() => {
    const { display, stroke, hidden } = source.value;
    if (!display.masks || !display.numbers || stroke !== null) return [];
    return objectsOn(source.value, drawn.value.frame).filter(
      ({ track }) => track.number !== null && !hidden.has(track.track),
    );
  }).value;
  const view = viewport.value;
  const shown = numbered
    .filter(({ box }) => Math.min(box[2] - box[0], box[3] - box[1]) * view.scale >= SMALLEST_NUMBERED_PX)
    .map(({ track, mask, box }) => {
      const inside = rememberedAnchor(decoded(mask)) ?? { x: box[0], y: box[1] };
      return { track: track.track, number: track.number, at: toScreen(view, inside) };
    })
    .filter(({ at }) => at.x >= 0 && at.y >= 0 && at.x <= view.width && at.y <= view.height)
    .slice(0, MOST_NUMBERS);
  return (
    <g class="mark-numbers">
      {shown.map(({ track, number, at }) => (
        <text key={track} x={at.x} y={at.y}>
          {number}
        </text>
      ))}
    </g>
  );
}

function ScaleBar({ view }: { view: Viewport }) {
  const calibration = useView(calibrationOf);
  const style = useView((state) => state.display.scaleBar);
  if (view.width === 0 || !style.shown) return null;
  const { x, y, length, thickness, text, plate } = placeScaleBar(calibration, style, view.scale, view);
  return (
    <g class={`mark-scale ${style.colour} ${style.corner}`}>
      {style.plate && <rect class="mark-plate" {...plate} rx={4} />}
      <text x={x} y={y - 4}>
        {text}
      </text>
      <rect x={x} y={y} width={length} height={thickness} />
    </g>
  );
}
