// The keys that change whole masks, and those of the outline that is open, by names that never change.

import type { Annotator, OutlineTool } from "../state/annotator/model";
import { isComplete, outlineHere } from "../state/annotator/outline";
import { copyToNext, mergeMasks, type ShapeChange, type ShapePlan } from "../state/annotator/shapes";
import { tools } from "./host";
import { closeOutline } from "./outlining";
import type { ToolContext } from "./tool";

export interface ShapeContext extends ToolContext {
  cancelGesture(): boolean;
  /** Proposes masks between key frames of the selected track, and says where that fails. */
  interpolate(): void;
}

export interface ShapeCommand {
  readonly group: "Tools" | "Prompts" | "Objects" | "Shapes";
  readonly title: string;
  /** By their printed names: "Shift+T". */
  readonly keys: readonly string[];
  /** Whether it means anything now; without it always. */
  when?(context: ShapeContext): boolean;
  run(context: ShapeContext): void;
}

function takes(name: OutlineTool): ShapeCommand {
  const { title, key } = tools[name];
  return {
    group: "Tools",
    title,
    keys: [key],
    run: ({ dispatch }) => dispatch({ type: "tool", tool: name }),
  };
}

const drawing = ({ state }: ShapeContext) => outlineHere(state) !== null;

function changes(change: (state: Annotator) => ShapeChange): ShapeCommand["run"] {
  return ({ state, dispatch, newId }) =>
    dispatch({ type: "shapes", change: change(state), requestId: newId() });
}

const grows = (px: number) => changes(() => ({ what: "grow", px }));

/** Commits a plan, or says why there is none. */
function carryOut({ dispatch, newId }: ShapeContext, plan: ShapePlan): boolean {
  if ("refusal" in plan) {
    dispatch({ type: "notice", text: plan.refusal });
    return false;
  }
  dispatch({ type: "commit", gesture: { ...plan, requestId: newId() } });
  return true;
}

export const shapeCommands = {
  "tool.polygon": takes("polygon"),
  "tool.lasso": takes("lasso"),
  "tool.magnetic": takes("magnetic"),
  "tool.split": takes("split"),
  "outline.close": {
    group: "Prompts",
    title: "Close the outline, or split along the line",
    keys: ["Enter"],
    when: ({ state }) => {
      const outline = outlineHere(state);
      return outline !== null && isComplete(outline);
    },
    run: closeOutline,
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
    keys: ["Shift+H"],
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
} satisfies Readonly<Record<string, ShapeCommand>>;

export type ShapeCommandId = keyof typeof shapeCommands;
