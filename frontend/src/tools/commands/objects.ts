// What is done with objects: phase, deletion, undo and redo.

import { removal } from "../../state/annotator/drafts";
import { objectOf, tracksOf } from "../../state/annotator/view";
import type { CommandTable } from "./command";

export const objectCommands = {
  "object.phase": {
    group: "Objects",
    title: "Phase of the selection, or of what comes next: the project's settings say which key is whose",
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    fixed: true,
    when: ({ state }, key) => state.phases.some((phase) => phase.key === key),
    run: ({ state, dispatch, newId }, key) => {
      const phase = state.phases.find((candidate) => candidate.key === key);
      if (phase !== undefined) dispatch({ type: "phase", phase: phase.id, requestId: newId() });
    },
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
    run: ({ state, dispatch, newId }) =>
      dispatch({ type: state.prompt?.frame === state.frame ? "prompt/back" : "undo", requestId: newId() }),
  },
  redo: {
    group: "Objects",
    title: "Redo",
    keys: ["Ctrl+Shift+Z", "Ctrl+Y"],
    run: ({ dispatch, newId }) => dispatch({ type: "redo", requestId: newId() }),
  },
} satisfies CommandTable;
