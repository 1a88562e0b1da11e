// The outline that is open, over the canvas: its corners, its line, and where a click would take it next.

import type { Point } from "../../../geometry/stroke";
import { insideImage, toScreen, type Viewport } from "../../../geometry/viewport";
import type { OutlineDraft } from "../../../state/annotator/model";
import { isComplete, outlinePoints } from "../../../state/annotator/outline";
import { cornerAt } from "../../../tools/outlining";
import { useView, useWorkspace } from "../workspace";

export function Outline() {
  const { viewport, pointer, drawn, commands, host, holding, tilesLoaded } = useWorkspace();
  const outline = useView((state) => (state.outline?.frame === drawn.value.frame ? state.outline : null));
  const tool = useView((state) => state.tool);
  const series = useView((state) => state.series);
  if (outline === null) return null;
  tilesLoaded.value; // the edges are followed as soon as their pixels are there
  const view = viewport.value;
  const at = pointer.value;
  const placing = ["polygon", "magnetic", "split"].includes(tool) && !holding.value;
  const over = at === null || !placing ? -1 : cornerAt({ viewport: view }, outline, at.screen);
  const last = outline.corners.at(-1);
  const freehand = tool === "lasso" || host.busy;
  const tip =
    at === null || last === undefined || over >= 0 || !placing || freehand
      ? []
      : tool === "magnetic"
        ? commands.followEdge(last, insideImage(at.image, series))
        : [last, insideImage(at.image, series)];
  const closes = isComplete(outline) && over === 0 && outline.tool !== "split";
  const line = outlinePoints(outline.corners);
  return (
    <svg class={`outline ${outline.mode}`} aria-hidden="true">
      {outline.tool !== "split" && line.length > 2 && <path class="outline-inside" d={way(line, view)} />}
      <Line points={line} view={view} />
      {tip.length > 0 && <Line points={tip} view={view} dashed />}
      {!isTraced(outline) &&
        outline.corners.map((corner, index) => {
          const { x, y } = toScreen(view, corner);
          const large = index === over || (index === 0 && closes);
          return (
            <circle
              key={index}
              cx={x}
              cy={y}
              r={large ? 6.5 : 4}
              class={closes && index === 0 ? "closes" : ""}
            />
          );
        })}
    </svg>
  );
}

/** A lasso under way is all corners. */
function isTraced({ tool, corners }: OutlineDraft): boolean {
  return tool === "lasso" && corners.every(({ path }) => path.length === 0);
}

function Line({
  points,
  view,
  dashed = false,
}: {
  points: readonly Point[];
  view: Viewport;
  dashed?: boolean;
}) {
  const d = way(points, view);
  return (
    <>
      <path class="outline-shade" d={d} />
      <path class={dashed ? "outline-line dashed" : "outline-line"} d={d} />
    </>
  );
}

function way(points: readonly Point[], view: Viewport): string {
  return points
    .map((point, index) => {
      const { x, y } = toScreen(view, point);
      return `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}
