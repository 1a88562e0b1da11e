// How a series is looked at beside its annotations: rulers, a line profile, named windows, a second view. Pure.

import type { DisplayPreset, SeriesState } from "../../protocol/rest";
import type { Annotator, Beside, Display, Profile, Ruler } from "./model";

/** The part of the display that a series' members share under a name. */
export type Look = Pick<Display, "low" | "high" | "gamma" | "invert">;

export type ViewAction =
  /** Adds a ruler, or changes the one with its ID. */
  | { type: "view/ruler"; ruler: Ruler }
  | { type: "view/ruler-gone"; id: string }
  | { type: "view/rulers-gone"; frame: number }
  | { type: "view/rulers-kept"; rulers: readonly Ruler[] }
  | { type: "view/profile"; profile: Profile | null }
  | { type: "view/presets"; presets: readonly DisplayPreset[] }
  /** Opens the second view, changes it, or closes it. */
  | { type: "view/beside"; change: Partial<Omit<Beside, "past">> | null }
  | { type: "view/beside-loaded"; state: SeriesState };

export const WIDEST_PROFILE = 200;

export function changeView(state: Annotator, action: ViewAction): Annotator {
  switch (action.type) {
    case "view/ruler": {
      const { ruler } = action;
      const known = state.rulers.some(({ id }) => id === ruler.id);
      const rulers = known
        ? state.rulers.map((one) => (one.id === ruler.id ? ruler : one))
        : [...state.rulers, ruler];
      return { ...state, rulers };
    }
    case "view/ruler-gone":
      return { ...state, rulers: state.rulers.filter(({ id }) => id !== action.id) };
    case "view/rulers-gone":
      return { ...state, rulers: state.rulers.filter(({ frame }) => frame !== action.frame) };
    case "view/rulers-kept":
      return { ...state, rulers: action.rulers };
    case "view/profile":
      return { ...state, profile: action.profile };
    case "view/presets":
      return { ...state, presets: action.presets };
    case "view/beside":
      return { ...state, beside: changedBeside(state, action.change) };
    case "view/beside-loaded":
      return { ...state, beside: withLoaded(state.beside, action.state) };
  }
}

function changedBeside(state: Annotator, change: Partial<Omit<Beside, "past">> | null): Beside | null {
  if (change === null) return null;
  const before = state.beside ?? { frame: state.frame, follows: false, version: null, past: null };
  const next = { ...before, ...change };
  const frame = Math.min(state.series.frames - 1, Math.max(0, Math.round(next.frame)));
  return { ...next, frame, past: next.version === before.version ? before.past : null };
}

function withLoaded(beside: Beside | null, loaded: SeriesState): Beside | null {
  if (beside === null || beside.version !== loaded.version) return beside; // it shows something else by now
  const masks = new Map(loaded.masks.map((revision) => [revision.track, revision]));
  return {
    ...beside,
    past: {
      version: loaded.version,
      tracks: new Map(loaded.tracks.map((revision) => [revision.track, revision])),
      events: new Map(),
      frames: new Map(beside.past?.frames).set(loaded.frame, { loaded: true, masks }),
      runs: null,
      calibration: loaded.calibration,
    },
  };
}

/** The frame that the second view shows. */
export function frameBeside({ beside, frame }: Annotator): number {
  return beside === null || beside.follows ? frame : beside.frame;
}

const NO_PAST = { tracks: new Map(), events: new Map(), frames: new Map(), runs: null, calibration: null };

/** The series as the second view shows it: nothing is being made there, and the window is the same. */
export function stateBeside(state: Annotator): Annotator {
  const { beside } = state;
  if (beside === null) return state;
  const past = beside.version === null ? null : (beside.past ?? { ...NO_PAST, version: beside.version });
  return {
    ...state,
    frame: frameBeside(state),
    past,
    difference: null,
    prompt: null,
    proposals: null,
    stroke: null,
    outline: null,
    band: null,
    marked: new Set(),
    beside: null,
  };
}

export function lookOf({ low, high, gamma, invert }: Look): Look {
  return { low, high, gamma, invert };
}

/** The preset that is in use, where one is. */
export function presetInUse({ presets, display }: Annotator): DisplayPreset | undefined {
  return presets.find(
    ({ low, high, gamma, invert }) =>
      low === display.low && high === display.high && gamma === display.gamma && invert === display.invert,
  );
}

/** The one after the preset in use; the first where none is. */
export function nextPreset(state: Annotator): DisplayPreset | undefined {
  const present = presetInUse(state);
  const at = present === undefined ? -1 : state.presets.indexOf(present);
  return state.presets[(at + 1) % Math.max(1, state.presets.length)];
}
