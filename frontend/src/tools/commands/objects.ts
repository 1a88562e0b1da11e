// What is done with objects: phase, deletion, undo and redo.

import { removal } from "../../state/annotator/drafts";
import { objectOf, objectsOn, tracksOf } from "../../state/annotator/view";
import type { CommandContext, CommandTable } from "./command";

export const objectCommands = {
  "object.phase": {
    group: "Objects",
    title: "Phase of the selection, or of what comes next",
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    fixed: true,
    when: ({ state }, key) => state.phases.some((phase) => phase.key === key),
    run: ({ state, dispatch, newId }, key) => {
      const phase = state.phases.find((candidate) => candidate.key === key);
      if (phase !== undefined) dispatch({ type: "phase", phase: phase.id, requestId: newId() });
    },
  },
  "object.next": {
    group: "Objects",
    title: "Select the next object of this frame",
    keys: ["↓"],
    harmless: true,
    run: (context) => selectNext(context, 1),
  },
  "object.previous": {
    group: "Objects",
    title: "Select the previous object of this frame",
    keys: ["↑"],
    harmless: true,
    run: (context) => selectNext(context, -1),
  },
  "object.menu": {
    group: "Objects",
    title: "Menu of the selection",
    keys: ["Shift+F10", "Menu"],
    when: ({ state }) => state.selection !== null,
    run: ({ openMenu }) => openMenu(),
  },
  "object.delete": {
    group: "Objects",
    title: "Delete the selection on this frame",
    keys: ["Del", "Backspace"],
    run: ({ state, dispatch, newId }) => {
      const track = state.selection?.track;
      if (track === undefined || objectOf(state, track, state.frame) === undefined) return;
      const operations = [removal(state, track, state.frame)];
      dispatch({ type: "commit", gesture: { requestId: newId(), reason: "Delete a mask", operations } });
    },
  },
  "object.delete-everywhere": {
    group: "Objects",
    title: "Delete the selection on every frame",
    keys: ["Shift+Del"],
    run: ({ state, dispatch, newId }) => {
      const track = state.selection?.track;
      if (track === undefined || (tracksOf(state).get(track)?.deleted ?? true)) return;
      const operations = [{ op: "track.delete" as const, track }];
      dispatch({ type: "commit", gesture: { requestId: newId(), reason: "Delete an object", operations } });
    },
  },
  undo: {
    group: "Objects",
    title: "Undo",
    keys: ["Ctrl+Z"],
    run: ({ dispatch, newId }) => dispatch({ type: "undo", requestId: newId() }),
  },
  "object.undo": {
    group: "Objects",
    title: "Undo my latest change of the selection alone",
    keys: ["Ctrl+Alt+Z"],
    when: ({ state }) => state.selection !== null,
    run: ({ state, dispatch, newId }) => {
      const track = state.selection?.track;
      if (track !== undefined) dispatch({ type: "undo/object", track, requestId: newId() });
    },
  },
  redo: {
    group: "Objects",
    title: "Redo",
    keys: ["Ctrl+Shift+Z", "Ctrl+Y"],
    run: ({ dispatch, newId }) => dispatch({ type: "redo", requestId: newId() }),
  },
} satisfies CommandTable;

/** In the order of their numbers, from the last to the first again. */
function selectNext({ state, dispatch }: CommandContext, step: 1 | -1): void {
  const tracks = objectsOn(state, state.frame)
    .map(({ track }) => track)
    .sort((a, b) => (a.number ?? Infinity) - (b.number ?? Infinity));
  const at = tracks.findIndex(({ track }) => track === state.selection?.track);
  const next =
    tracks[at === -1 ? (step === 1 ? 0 : tracks.length - 1) : (at + step + tracks.length) % tracks.length];
  if (next !== undefined) dispatch({ type: "selection", selection: { track: next.track, lasting: true } });
}
