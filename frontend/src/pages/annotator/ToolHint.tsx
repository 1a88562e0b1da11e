// One line over the canvas: what the tool in hand does here, and to which object.

import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { Viewport } from "../../geometry/viewport";
import { chosenCandidate, receivingTrack } from "../../state/annotator/drafts";
import type { Annotator, OutlineTool, ToolName } from "../../state/annotator/model";
import { outlineAim, outlineHere } from "../../state/annotator/outline";
import { LARGEST_BRUSH } from "../../state/annotator/reduce";
import { mayEdit, tracksOf } from "../../state/annotator/view";
import { significant } from "../../state/format";
import { refinedBy } from "../../tools/point";
import type { Pointer } from "../../tools/tool";
import { Kbd } from "../../ui/Kbd";
import { CommandKey } from "./command_keys";
import { OutlineHint } from "./drawing/OutlineHint";
import { objectName, phaseName } from "./objects";
import { Swatch } from "./Swatch";
import { useView, useWorkspace } from "./workspace";

export function ToolHint() {
  const { dispatch, pointer, viewport } = useWorkspace();
  const tool = useView((state) => state.tool);
  const editable = useView(mayEdit);
  const past = useView((state) => state.past !== null);
  // Only clicks aim at what lies under the pointer: a stroke must not wait for a hint.
  const at = tool === "point" ? pointer.value : null;
  const target = useView((state) => targetOf(state, at, viewport.value));
  const pressure = useView((state) => state.drawing.pressure);
  const phase = useView((state) => targetPhase(state));
  const diameter = useView((state) => state.brushDiameter);
  const promptable = useView((state) => state.model !== "");
  const looking = lookingHint(tool);
  if (looking !== null) return <Hint>{looking}</Hint>;
  if (past) return null;
  if (!editable) {
    return <Hint>You may look at this series, not change it.</Hint>;
  }
  if (tool === "select" || tool === "pan") return null;
  if ((tool === "point" || tool === "box") && !promptable) {
    return <Hint>No model that answers clicks is installed. Brush and outlines work without.</Hint>;
  }
  const painting = tool === "brush" || tool === "eraser";
  return (
    <Hint>
      {tool === "point" && (
        <span>
          Click what belongs to the object; with <Kbd keys="Alt" /> or the right button what does not; with{" "}
          <Kbd keys="Shift" /> a new one.
        </span>
      )}
      {isOutlineTool(tool) && <OutlineHint tool={tool} />}
      {tool === "box" && <span>Drag a box around one object.</span>}
      {painting && (
        <label class="brush-size">
          <span class="number">{diameter} px</span>
          <input
            type="range"
            min={0}
            max={100}
            value={Math.round((100 * Math.log(diameter)) / Math.log(LARGEST_BRUSH))}
            aria-label="Brush diameter"
            onInput={(event) =>
              dispatch({
                type: "brush",
                diameter: LARGEST_BRUSH ** (Number(event.currentTarget.value) / 100),
              })
            }
          />
          <CommandKey id="brush.smaller" />
          <CommandKey id="brush.larger" />
        </label>
      )}
      {painting && (
        <label
          class="pressure-choice"
          title="How hard a pen is pressed scales the brush, where the pen tells"
        >
          <input
            type="checkbox"
            checked={pressure}
            onChange={(event) =>
              dispatch({ type: "drawing", change: { pressure: event.currentTarget.checked } })
            }
          />
          Pen pressure
        </label>
      )}
      <span class="tool-target">
        <Swatch phase={phase} />
        {target}
      </span>
    </Hint>
  );
}

/** What a tool does that only looks. */
function lookingHint(tool: ToolName): ComponentChildren | null {
  switch (tool) {
    case "contrast":
      return <ContrastHint />;
    case "ruler":
      return (
        <span>
          Drag to measure a distance; drag on from a ruler's end for an angle. <Kbd keys="Shift" /> keeps it
          level.
        </span>
      );
    case "profile":
      return <span>Drag a line to plot the grey values along it.</span>;
    default:
      return null;
  }
}

function ContrastHint() {
  const low = useView((state) => state.display.low);
  const high = useView((state) => state.display.high);
  return (
    <span>
      Drag right for less contrast, up for a brighter image: black at{" "}
      <span class="number">{significant(low)}</span>, white at <span class="number">{significant(high)}</span>
    </span>
  );
}

/** Fades under the pointer, so that what lies below can be seen and clicked. */
function Hint({ children }: { children: ComponentChildren }) {
  const { pointer } = useWorkspace();
  const plate = useRef<HTMLDivElement>(null);
  const covers = useComputed(() => {
    const at = pointer.value?.screen;
    const element = plate.current;
    if (at === undefined || element === null) return false;
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = element;
    return (
      at.x >= offsetLeft &&
      at.y >= offsetTop &&
      at.x < offsetLeft + offsetWidth &&
      at.y < offsetTop + offsetHeight
    );
  });
  return (
    <div ref={plate} class={covers.value ? "tool-hint faded" : "tool-hint"}>
      {children}
    </div>
  );
}

function isOutlineTool(tool: ToolName): tool is OutlineTool {
  return tool === "polygon" || tool === "lasso" || tool === "magnetic" || tool === "split";
}

/** What the next gesture changes. */
function targetOf(state: Annotator, pointer: Pointer | null, viewport: Viewport): string {
  const { tool } = state;
  const candidate = chosenCandidate(state);
  const selected = state.selection === null ? undefined : tracksOf(state).get(state.selection.track);
  if (tool === "brush" || tool === "eraser") {
    if (candidate !== null) return "Touching up the mask on offer";
    if (selected !== undefined)
      return `${tool === "brush" ? "Painting on" : "Erasing from"} ${objectName(selected)}`;
    if (tool === "eraser") return "Erasing from what lies under the pointer";
  } else if (isOutlineTool(tool)) {
    const aim = outlineAim(state, tool);
    if (aim !== null) return aim;
  }
  const refined = refinedNext(state, pointer, viewport);
  const receiving = refined ?? receivingTrack(state);
  const track = receiving === null ? undefined : tracksOf(state).get(receiving);
  if (track !== undefined)
    return `${refined === null ? "For" : "Refines"} ${objectName(track)} on this frame`;
  return `New object, ${phaseName(state, state.phase)}`;
}

/** The object whose mask a click here, or the prompt that is open, refines. */
function refinedNext(state: Annotator, pointer: Pointer | null, viewport: Viewport): string | null {
  if (state.tool !== "point") return null;
  if (state.prompt?.frame === state.frame) return state.prompt.track;
  return pointer === null ? null : refinedBy(state, viewport, pointer);
}

function targetPhase(state: Annotator): string | null {
  const changes =
    state.tool === "brush" ||
    state.tool === "eraser" ||
    (isOutlineTool(state.tool) && (outlineHere(state)?.mode ?? state.drawing.mode) !== "new");
  const track = changes ? state.selection?.track : (receivingTrack(state) ?? undefined);
  return (track === undefined ? undefined : tracksOf(state).get(track)?.phase) ?? state.phase;
}
