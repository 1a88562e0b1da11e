// What a mouse does on the image, by keys: move the pointer, click, press and hold, open the object's menu.

import type { CommandContext, CommandTable } from "./command";

const STEP_PX = 12;

function aims(title: string, keys: readonly string[], x: number, y: number) {
  return {
    group: "Pointer" as const,
    title,
    keys,
    run: ({ pointing }: CommandContext) => pointing.move(x, y),
  };
}

export const pointerCommands = {
  "pointer.left": aims("Move the pointer left", ["Ctrl+←"], -STEP_PX, 0),
  "pointer.right": aims("Move the pointer right", ["Ctrl+→"], STEP_PX, 0),
  "pointer.up": aims("Move the pointer up", ["Ctrl+↑"], 0, -STEP_PX),
  "pointer.down": aims("Move the pointer down", ["Ctrl+↓"], 0, STEP_PX),
  "pointer.left-little": aims("A little left", ["Ctrl+Shift+←"], -1, 0),
  "pointer.right-little": aims("A little right", ["Ctrl+Shift+→"], 1, 0),
  "pointer.up-little": aims("A little up", ["Ctrl+Shift+↑"], 0, -1),
  "pointer.down-little": aims("A little down", ["Ctrl+Shift+↓"], 0, 1),
  "pointer.click": {
    group: "Pointer",
    title: "Click with the tool in hand",
    keys: ["Ctrl+Enter"],
    run: ({ pointing }) => pointing.click({ alt: false }),
  },
  "pointer.click-alt": {
    group: "Pointer",
    title: "Alt click: does not belong, or erase",
    keys: ["Ctrl+Shift+Enter"],
    run: ({ pointing }) => pointing.click({ alt: true }),
  },
  "pointer.hold": {
    group: "Pointer",
    title: "Press, and release: for boxes and strokes",
    keys: ["Ctrl+Space"],
    run: ({ pointing }) => pointing.hold(),
  },
  "pointer.mark": {
    group: "Pointer",
    title: "Mark the object under the pointer besides",
    keys: ["Alt+K"],
    when: ({ state }) => state.hovered !== null,
    run: ({ state, dispatch }) => {
      if (state.hovered !== null) dispatch({ type: "mark", track: state.hovered });
    },
  },
} satisfies CommandTable;
