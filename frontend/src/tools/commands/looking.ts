// The keys of looking: contrast, measures, overview, neighbours, two views, pictures.

import { frameBeside, nextPreset, presetInUse } from "../../state/annotator/viewing";
import type { CommandContext, CommandTable } from "./command";

const stepBeside =
  (step: number) =>
  ({ state, dispatch }: CommandContext) =>
    dispatch({ type: "view/beside", change: { frame: frameBeside(state) + step, follows: false } });
const beside = ({ state }: CommandContext) => state.beside !== null;

export const lookingCommands = {
  "view.auto-contrast": {
    group: "View",
    title: "Automatic contrast for this frame",
    keys: ["0"],
    run: ({ view }) => view.autoContrast(),
  },
  "view.invert": {
    group: "View",
    title: "Invert the image",
    keys: ["\\"],
    run: ({ state, dispatch }) => dispatch({ type: "display", change: { invert: !state.display.invert } }),
  },
  "view.preset": {
    group: "View",
    title: "Next saved contrast of this series",
    keys: ["Shift+P"],
    run: ({ state, dispatch }) => {
      const preset = nextPreset(state);
      if (preset === undefined) {
        const text = "No contrast is saved for this series yet. Save one under Display.";
        dispatch({ type: "notice", text });
      } else if (preset !== presetInUse(state)) {
        const { low, high, gamma, invert } = preset;
        dispatch({ type: "display", change: { low, high, gamma, invert } });
      }
    },
  },
  "view.minimap": {
    group: "View",
    title: "Overview map on, off",
    keys: ["Shift+M"],
    run: ({ state, dispatch }) => dispatch({ type: "display", change: { minimap: !state.display.minimap } }),
  },
  "view.neighbours": {
    group: "View",
    title: "Outlines of the frames before and after on, off",
    keys: ["Shift+B"],
    when: ({ state }) => state.series.frames > 1,
    run: ({ state, dispatch }) =>
      dispatch({ type: "display", change: { neighbours: !state.display.neighbours } }),
  },
  "view.beside": {
    group: "View",
    title: "Second view beside this one on, off",
    keys: ["Shift+V"],
    run: ({ state, dispatch }) => {
      const { frame, series } = state;
      const next = frame + 1 < series.frames ? frame + 1 : Math.max(0, frame - 1);
      dispatch({ type: "view/beside", change: state.beside === null ? { frame: next } : null });
    },
  },
  "view.beside-previous": {
    group: "View",
    title: "Previous frame of the second view",
    keys: ["{"],
    when: beside,
    run: stepBeside(-1),
  },
  "view.beside-next": {
    group: "View",
    title: "Next frame of the second view",
    keys: ["}"],
    when: beside,
    run: stepBeside(1),
  },
  "view.picture": {
    group: "View",
    title: "Save this view as a picture",
    keys: ["Shift+F"],
    run: ({ view }) => view.savePicture(),
  },
} satisfies CommandTable;
