// Moving through time.

import type { CommandContext, CommandTable } from "./command";

function step(frames: number): (context: CommandContext) => void {
  return ({ state, dispatch }) => {
    dispatch({ type: "play", playing: false });
    dispatch({ type: "frame/show", frame: state.frame + frames });
  };
}

export const frameCommands = {
  "frame.next": { group: "Frames", title: "Next frame", keys: ["→"], run: step(1) },
  "frame.previous": { group: "Frames", title: "Previous frame", keys: ["←"], run: step(-1) },
  "frame.ten-on": { group: "Frames", title: "Ten frames on", keys: ["Shift+→"], run: step(10) },
  "frame.ten-back": { group: "Frames", title: "Ten frames back", keys: ["Shift+←"], run: step(-10) },
  "frame.first": {
    group: "Frames",
    title: "First frame",
    keys: ["Home"],
    run: ({ dispatch }) => dispatch({ type: "frame/show", frame: 0 }),
  },
  "frame.last": {
    group: "Frames",
    title: "Last frame",
    keys: ["End"],
    run: ({ state, dispatch }) => dispatch({ type: "frame/show", frame: state.series.frames - 1 }),
  },
  "frame.play": {
    group: "Frames",
    title: "Play, pause",
    keys: ["P"],
    run: ({ state, dispatch }) =>
      dispatch({ type: "play", playing: !state.playing && state.series.frames > 1 }),
  },
} satisfies CommandTable;
