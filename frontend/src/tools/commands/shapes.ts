// The keys that change whole masks, and those of the outline that is open, by names that never change.

import type { Annotator } from "../../state/annotator/model";
import { isComplete, outlineHere } from "../../state/annotator/outline";
import { copyToNext, mergeMasks, type ShapeChange, type ShapePlan } from "../../state/annotator/shapes";
import { closeOutline } from "../outlining";
import type { Command, CommandContext, CommandTable } from "./command";

const drawing = ({ state }: CommandContext) => outlineHere(state) !== null;

function changes(change: (state: Annotator) => ShapeChange): Command["run"] {
  return ({ state, dispatch, newId }) =>
    dispatch({ type: "shapes", change: change(state), requestId: newId() });
}

const grows = (px: number) => changes(() => ({ what: "grow", px }));

/** Commits a plan, or says why there is none. */
function carryOut({ dispatch, newId }: CommandContext, plan: ShapePlan): boolean {
  if ("refusal" in plan) {
    dispatch({ type: "notice", text: plan.refusal });
    return false;
  }
  dispatch({ type: "commit", gesture: { ...plan, requestId: newId() } });
  return true;
}

export const shapeCommands = {
  "outline.close": {
    group: "Prompts",
    title: "Close the outline, or split along the line",
    keys: ["Enter"],
    when: ({ state }) => {
      const outline = outlineHere(state);
      return outline !== null && isComplete(outline);
    },
    run: (context) => {
      if (!context.busy) closeOutline(context);
    },
  },
  "outline.back": {
    group: "Prompts",
    title: "Take back the last corner",
    keys: ["Backspace", "Ctrl+Z"],
    when: drawing,
    run: ({ dispatch, cancelGesture }) => {
      cancelGesture();
      dispatch({ type: "outline/back" });
    },
  },
  "outline.cancel": {
    group: "Prompts",
    title: "Cancel the outline",
    keys: ["Esc"],
    when: drawing,
    run: ({ dispatch, cancelGesture }) => {
      if (!cancelGesture()) dispatch({ type: "outline", outline: null });
    },
  },
  "shape.fill": {
    group: "Shapes",
    title: "Fill holes",
    keys: ["Shift+E"],
    run: changes(() => ({ what: "fill" })),
  },
  "shape.smooth": {
    group: "Shapes",
    title: "Smooth",
    keys: ["O"],
    run: changes(({ drawing }) => ({ what: "smooth", radiusPx: drawing.smoothRadiusPx })),
  },
  "shape.shrink": { group: "Shapes", title: "Shrink by 1 px", keys: [","], run: grows(-1) },
  "shape.shrink-more": { group: "Shapes", title: "Shrink by 5 px", keys: ["<", ";"], run: grows(-5) },
  "shape.grow": { group: "Shapes", title: "Grow by 1 px", keys: ["."], run: grows(1) },
  "shape.grow-more": { group: "Shapes", title: "Grow by 5 px", keys: [">", ":"], run: grows(5) },
  "shape.merge": {
    group: "Shapes",
    title: "Merge the marked objects on this frame",
    keys: ["U"],
    run: (context) => {
      carryOut(context, mergeMasks(context.state));
    },
  },
  "shape.copy": {
    group: "Shapes",
    title: "Copy to the next frame, and go there; all masks where none is selected",
    keys: ["Y"],
    when: ({ state }) => state.series.frames > 1,
    run: (context) => {
      const { state, dispatch } = context;
      const { notice, ...plan } = copyToNext(state);
      if (!carryOut(context, plan)) return;
      if (state.selection !== null) dispatch({ type: "selection/keep" });
      dispatch({ type: "frame/show", frame: state.frame + 1 });
      if (notice !== undefined) dispatch({ type: "notice", text: notice });
    },
  },
  "shape.interpolate": {
    group: "Shapes",
    title: "Interpolate between the masks before and after",
    keys: ["Shift+Y"],
    when: ({ state }) => state.series.frames > 1,
    run: ({ interpolate }) => interpolate(),
  },
} satisfies CommandTable;
