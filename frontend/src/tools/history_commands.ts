// What the keyboard does with older versions: comparing them, and asking who made an object.

import type { Command, Key } from "./commands";

const letter = (key: Key, wanted: string) => !key.ctrl && !key.alt && key.key.toLowerCase() === wanted;

export const historyCommands: readonly Command[] = [
  {
    group: "View",
    title: "Who made the selection, frame by frame",
    keys: "Shift+L",
    matches: (key, { state }) =>
      letter(key, "l") && key.shift && (state.selection !== null || state.hovered !== null),
    run: ({ state, openLife }) => openLife(state.selection?.track ?? state.hovered ?? ""),
  },
  {
    group: "View",
    title: "Compare the older version in sight with now",
    keys: "D",
    matches: (key, { state }) =>
      letter(key, "d") && !key.shift && state.past !== null && state.difference === null,
    run: ({ state, dispatch }) =>
      dispatch({ type: "difference/open", from: state.past?.version ?? state.head, to: state.serverHead }),
  },
  {
    group: "View",
    title: "Next, previous frame that differs, while versions are compared",
    keys: "N Shift+N",
    matches: (key, { state }) => letter(key, "n") && state.difference !== null,
    run: ({ dispatch }, { shift }) => dispatch({ type: "difference/step", direction: shift ? -1 : 1 }),
  },
];
