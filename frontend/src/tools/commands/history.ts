// What is done with older versions: comparing them, and asking who made an object.

import { nextChanged } from "../../state/annotator/difference";
import type { CommandTable } from "./command";

export const historyCommands = {
  "history.life": {
    group: "View",
    title: "Who made the selection, frame by frame",
    keys: ["Shift+L"],
    when: ({ state }) => state.selection !== null || state.hovered !== null,
    run: ({ state, openLife }) => openLife(state.selection?.track ?? state.hovered ?? ""),
  },
  "history.compare": {
    group: "View",
    title: "Compare the older version in sight with now",
    keys: ["D"],
    when: ({ state }) => state.past !== null && state.difference === null,
    run: ({ state, dispatch }) =>
      dispatch({ type: "difference/open", from: state.past?.version ?? state.head, to: state.serverHead }),
  },
  "history.next": {
    group: "View",
    title: "Next frame that differs, while versions are compared",
    keys: ["N"],
    when: ({ state }) => nextChanged(state, 1) !== undefined,
    run: ({ dispatch }) => dispatch({ type: "difference/step", direction: 1 }),
  },
  "history.previous": {
    group: "View",
    title: "Previous frame that differs, while versions are compared",
    keys: ["Shift+N"],
    when: ({ state }) => nextChanged(state, -1) !== undefined,
    run: ({ dispatch }) => dispatch({ type: "difference/step", direction: -1 }),
  },
} satisfies CommandTable;
