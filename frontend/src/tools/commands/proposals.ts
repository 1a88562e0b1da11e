// Deciding about the proposals that are stored.

import type { Annotator } from "../../state/annotator/model";
import { litProposals, selectedProposal, waitingCount } from "../../state/annotator/review";
import type { CommandContext, CommandTable } from "./command";

/** A prompt or a preview of proposals comes first. */
const drafting = ({ prompt, proposals }: Annotator) => prompt !== null || proposals !== null;

const waiting = ({ state }: CommandContext) => state.past === null && waitingCount(state) > 0;

export const proposalCommands = {
  "proposal.next": {
    group: "Proposals",
    title: "Next proposal, over all frames",
    keys: ["N"],
    harmless: true,
    when: waiting,
    run: ({ dispatch }) => dispatch({ type: "review/step", direction: 1 }),
  },
  "proposal.previous": {
    group: "Proposals",
    title: "Previous proposal, over all frames",
    keys: ["Shift+N"],
    harmless: true,
    when: waiting,
    run: ({ dispatch }) => dispatch({ type: "review/step", direction: -1 }),
  },
  "proposal.accept": {
    group: "Proposals",
    title: "Accept the selected proposal",
    keys: ["Enter"],
    when: ({ state }) => !drafting(state) && selectedProposal(state) !== undefined,
    run: (context) => decide(context, "review/accept"),
  },
  "proposal.accept-frame": {
    group: "Proposals",
    title: "Accept those of this frame that reach the score",
    keys: ["Shift+Enter"],
    when: ({ state }) => !drafting(state) && litProposals(state, state.frame).length > 0,
    run: ({ state, dispatch, newId }) => {
      const tracks = litProposals(state, state.frame).map(({ track }) => track.track);
      dispatch({ type: "review/accept", tracks, requestId: newId() });
    },
  },
  "proposal.discard": {
    group: "Proposals",
    title: "Discard the selected proposal",
    keys: ["Del", "Backspace"],
    when: ({ state }) => state.prompt?.frame !== state.frame && selectedProposal(state) !== undefined,
    run: (context) => decide(context, "review/discard"),
  },
} satisfies CommandTable;

function decide({ state, dispatch, newId }: CommandContext, type: "review/accept" | "review/discard"): void {
  const proposal = selectedProposal(state);
  if (proposal !== undefined) dispatch({ type, tracks: [proposal.track.track], requestId: newId() });
}
