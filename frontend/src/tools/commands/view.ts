// What is seen of the image and of its objects.

import { fitView, reveal, zoomAt } from "../../geometry/viewport";
import { objectOf } from "../../state/annotator/view";
import type { CommandContext, CommandTable } from "./command";

function zoom(factor: number): (context: CommandContext) => void {
  return ({ viewport, look, state }) =>
    look(zoomAt(viewport, { x: viewport.width / 2, y: viewport.height / 2 }, factor, state.series));
}

export const viewCommands = {
  "view.fit": {
    group: "View",
    title: "Fit the image",
    keys: ["F"],
    run: ({ state, viewport, look }) => look(fitView(viewport, state.series)),
  },
  "view.zoom-in": { group: "View", title: "Zoom in", keys: ["Plus", "="], run: zoom(1.5) },
  "view.zoom-out": { group: "View", title: "Zoom out", keys: ["-"], run: zoom(1 / 1.5) },
  "view.selection": {
    group: "View",
    title: "Show the selection",
    keys: ["Z"],
    run: ({ state, viewport, look }) => {
      const object =
        state.selection === null ? undefined : objectOf(state, state.selection.track, state.frame);
      if (object === undefined) return;
      const [x0, y0, x1, y1] = object.box;
      look(reveal(viewport, { x: (x0 + x1) / 2, y: (y0 + y1) / 2 }, state.series));
    },
  },
  "view.lineage": {
    group: "View",
    title: "Lineage of the selection, or of what is under the pointer",
    keys: ["L"],
    when: ({ state }) => state.selection !== null || state.hovered !== null,
    run: ({ state, openLineage }) => openLineage(state.selection?.track ?? state.hovered ?? ""),
  },
  "view.masks": {
    group: "View",
    title: "Masks on, off",
    keys: ["M"],
    run: ({ state, dispatch }) => dispatch({ type: "display", change: { masks: !state.display.masks } }),
  },
  help: { group: "View", title: "This list", keys: ["?"], run: ({ toggleHelp }) => toggleHelp() },
} satisfies CommandTable;
