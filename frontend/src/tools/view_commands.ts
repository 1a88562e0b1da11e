// The keys of looking: contrast, measures, overview, neighbours, two views, pictures.

import { frameBeside, nextPreset, presetInUse } from "../state/annotator/viewing";
import { contrast } from "./contrast";
import { profile } from "./profile";
import { ruler } from "./ruler";
import type { ToolContext } from "./tool";

/** What the page does for these commands. */
export interface ViewActions {
  /** The window that suits this frame. */
  autoContrast(): void;
  /** Opens the dialog that saves the view as a picture. */
  savePicture(): void;
}

interface ViewContext extends ToolContext {
  readonly view: ViewActions;
}

interface Key {
  readonly key: string;
  readonly ctrl: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
}

interface ViewCommand {
  readonly group: "Tools" | "View";
  readonly title: string;
  readonly keys: string;
  matches(key: Key, context: ViewContext): boolean;
  run(context: ViewContext, key: Key): void;
}

const plain = (wanted: string) => (key: Key) => !key.ctrl && !key.alt && key.key === wanted;
const shifted = (wanted: string) => (key: Key) =>
  !key.ctrl && !key.alt && key.shift && key.key.toLowerCase() === wanted;

const view = { group: "View" as const };

function stepBeside({ state, dispatch }: ViewContext, step: number): void {
  dispatch({ type: "view/beside", change: { frame: frameBeside(state) + step, follows: false } });
}

export const viewCommands: ViewCommand[] = [
  ...[contrast, ruler, profile].map(
    ({ name, title, key }): ViewCommand => ({
      group: "Tools",
      title,
      keys: key,
      matches: key.startsWith("Shift+") ? shifted(key.slice(6).toLowerCase()) : plain(key),
      run: ({ dispatch }) => dispatch({ type: "tool", tool: name }),
    }),
  ),
  {
    ...view,
    title: "Automatic contrast for this frame",
    keys: "0",
    matches: plain("0"),
    run: ({ view: actions }) => actions.autoContrast(),
  },
  {
    ...view,
    title: "Invert the image",
    keys: "\\",
    matches: plain("\\"),
    run: ({ state, dispatch }) => dispatch({ type: "display", change: { invert: !state.display.invert } }),
  },
  {
    ...view,
    title: "Next saved contrast of this series",
    keys: "Shift+P",
    matches: shifted("p"),
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
  {
    ...view,
    title: "Overview map on, off",
    keys: "Shift+M",
    matches: shifted("m"),
    run: ({ state, dispatch }) => dispatch({ type: "display", change: { minimap: !state.display.minimap } }),
  },
  {
    ...view,
    title: "Outlines of the frames before and after on, off",
    keys: "Shift+O",
    matches: (key, { state }) => shifted("o")(key) && state.series.frames > 1,
    run: ({ state, dispatch }) =>
      dispatch({ type: "display", change: { neighbours: !state.display.neighbours } }),
  },
  {
    ...view,
    title: "Second view beside this one on, off",
    keys: "Shift+V",
    matches: shifted("v"),
    run: ({ state, dispatch }) => {
      const { beside, frame, series } = state;
      const next = frame + 1 < series.frames ? frame + 1 : Math.max(0, frame - 1);
      dispatch({ type: "view/beside", change: beside === null ? { frame: next } : null });
    },
  },
  {
    ...view,
    title: "Previous, next frame of the second view",
    keys: "; '",
    matches: (key, { state }) => state.beside !== null && (plain(";")(key) || plain("'")(key)),
    run: (context, { key }) => stepBeside(context, key === ";" ? -1 : 1),
  },
  {
    ...view,
    title: "Save this view as a picture",
    keys: "Shift+F",
    matches: shifted("f"),
    run: ({ view: actions }) => actions.savePicture(),
  },
];
