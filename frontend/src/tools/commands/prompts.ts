// What is done with the mask or the proposals on offer.

import { openProposals } from "../../state/annotator/drafts";
import { mayEdit } from "../../state/annotator/view";
import type { CommandTable } from "./command";

export const promptCommands = {
  "prompt.accept": {
    group: "Prompts",
    title: "Accept the mask, or the proposals",
    keys: ["Enter"],
    when: ({ state }) => state.prompt !== null || state.proposals !== null,
    run: ({ state, dispatch, newId }) => {
      if (state.prompt?.frame === state.frame) {
        dispatch({ type: "prompt/accept", requestId: newId(), track: newId() });
      } else {
        const accepted = openProposals(state).map(({ index }) => [index, newId()] as const);
        dispatch({ type: "proposals/accept", requestId: newId(), accepted });
      }
    },
  },
  // Only with masks to choose from: otherwise Tab moves the focus, as everywhere.
  "prompt.next": {
    group: "Prompts",
    title: "Next candidate mask",
    keys: ["Tab"],
    when: ({ state }) => state.prompt?.frame === state.frame && state.prompt.answer !== null,
    run: ({ dispatch }) => dispatch({ type: "prompt/cycle", step: 1 }),
  },
  "prompt.previous": {
    group: "Prompts",
    title: "Previous candidate mask",
    keys: ["Shift+Tab"],
    when: ({ state }) => state.prompt?.frame === state.frame && state.prompt.answer !== null,
    run: ({ dispatch }) => dispatch({ type: "prompt/cycle", step: -1 }),
  },
  "prompt.back": {
    group: "Prompts",
    title: "Take back the last point",
    keys: ["Backspace"],
    when: ({ state }) => state.prompt?.frame === state.frame,
    run: ({ dispatch, newId }) => dispatch({ type: "prompt/back", requestId: newId() }),
  },
  cancel: {
    group: "Prompts",
    title: "Cancel, then let go of the selection",
    keys: ["Esc"],
    fixed: true,
    harmless: true,
    run: ({ state, dispatch, cancelGesture }) => {
      if (cancelGesture()) return;
      if (state.past !== null) dispatch({ type: "past/close" });
      else if (state.prompt !== null && mayEdit(state)) dispatch({ type: "prompt/cancel" });
      else if (state.proposals !== null && mayEdit(state)) dispatch({ type: "proposals/dismiss" });
      else dispatch({ type: "selection", selection: null });
    },
  },
  "segment.frame": {
    group: "Prompts",
    title: "Segment the whole frame",
    keys: ["S"],
    run: ({ dispatch, newId }) => {
      dispatch({ type: "segment", requestId: newId() });
      dispatch({ type: "tool", tool: "select" });
    },
  },
} satisfies CommandTable;
