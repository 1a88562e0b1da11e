// The brush's outline under the pointer, as large as what it will paint.

import { snap } from "../../geometry/stroke";
import { toImage, toScreen } from "../../geometry/viewport";
import { mayEdit } from "../../state/annotator/view";
import { useView, useWorkspace } from "./workspace";

const SMALLEST_PX = 3;

export function BrushCursor() {
  const { pointer, viewport, holding } = useWorkspace();
  const painting = useView((state) => mayEdit(state) && (state.tool === "brush" || state.tool === "eraser"));
  const diameter = useView((state) => state.brushDiameter);
  const screen = pointer.value?.screen;
  if (!painting || holding.value || screen === undefined) return null;
  const size = Math.max(SMALLEST_PX, diameter * viewport.value.scale);
  const centre = toScreen(viewport.value, snap(toImage(viewport.value, screen), diameter));
  return (
    <span
      class="brush-cursor"
      style={{
        width: `${size}px`,
        height: `${size}px`,
        transform: `translate(${centre.x - size / 2}px, ${centre.y - size / 2}px)`,
      }}
    />
  );
}
