// The panels and dialogs of the annotator.

import type { CommandContext, CommandTable } from "./command";

const opens = (panel: Parameters<CommandContext["openPanel"]>[0]) => (context: CommandContext) =>
  context.openPanel(panel);
const asks = (dialog: Parameters<CommandContext["openDialog"]>[0]) => (context: CommandContext) =>
  context.openDialog(dialog);

export const panelCommands = {
  "panel.objects": { group: "Panels", title: "Objects", keys: ["Shift+O"], run: opens("objects") },
  "panel.segment": { group: "Panels", title: "Segment", keys: ["Shift+S"], run: opens("segment") },
  "panel.history": { group: "Panels", title: "History", keys: ["Shift+H"], run: opens("history") },
  "panel.display": { group: "Panels", title: "Display", keys: ["Shift+D"], run: opens("display") },
  "dialog.calibration": {
    group: "Panels",
    title: "Calibration: pixel size and frame interval",
    keys: ["Shift+K"],
    run: asks("calibration"),
  },
  "dialog.export": { group: "Panels", title: "Export", keys: ["Ctrl+E"], run: asks("export") },
  "dialog.problems": {
    group: "Panels",
    title: "Changes that were not saved: decide",
    keys: ["Shift+U"],
    when: ({ state }) => state.pending.some(({ problem }) => problem !== null),
    run: asks("problems"),
  },
} satisfies CommandTable;
