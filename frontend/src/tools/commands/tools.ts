// The keys that take a tool in hand, and the size of the brush.

import type { ToolName } from "../../state/annotator/model";
import { tools } from "../host";
import type { Command, CommandContext, CommandTable } from "./command";

function takes(name: ToolName): Command {
  const { title, key } = tools[name];
  return {
    group: "Tools",
    title,
    keys: [key],
    run: ({ dispatch }) => dispatch({ type: "tool", tool: name }),
  };
}

export const toolCommands = {
  "tool.select": takes("select"),
  "tool.point": takes("point"),
  "tool.box": takes("box"),
  "tool.brush": takes("brush"),
  "tool.eraser": takes("eraser"),
  "tool.polygon": takes("polygon"),
  "tool.lasso": takes("lasso"),
  "tool.magnetic": takes("magnetic"),
  "tool.split": takes("split"),
  "tool.pan": takes("pan"),
  "tool.contrast": takes("contrast"),
  "tool.ruler": takes("ruler"),
  "tool.profile": takes("profile"),
} satisfies Record<`tool.${ToolName}`, Command>;

export const brushCommands = {
  "brush.smaller": {
    group: "Tools",
    title: "Smaller brush",
    keys: ["["],
    run: (context) => resizeBrush(context, -1),
  },
  "brush.larger": {
    group: "Tools",
    title: "Larger brush",
    keys: ["]"],
    run: (context) => resizeBrush(context, 1),
  },
} satisfies CommandTable;

function resizeBrush({ state, dispatch }: CommandContext, direction: 1 | -1): void {
  const change = Math.max(1, Math.round(state.brushDiameter / 6));
  dispatch({ type: "brush", diameter: state.brushDiameter + direction * change });
}
