// Corrections of tracks and of their lineage.

import {
  acceptTracks,
  chosenTracks,
  cut,
  endHere,
  exchange,
  join,
  type TrackPlan,
} from "../../state/annotator/lineage";
import type { Annotator } from "../../state/annotator/model";
import { retrackingOf } from "../../state/annotator/tracking";
import { objectOf } from "../../state/annotator/view";
import type { CommandContext, CommandTable } from "./command";

/** The objects that are meant and on this frame. */
function chosenHere(state: Annotator): string[] {
  return chosenTracks(state).filter((track) => objectOf(state, track, state.frame) !== undefined);
}

export function plan(
  { dispatch, newId }: Pick<CommandContext, "dispatch" | "newId">,
  wanted: TrackPlan | null,
) {
  if (wanted !== null) dispatch({ type: "tracks/edit", gesture: { ...wanted, requestId: newId() } });
}

const severalFrames = ({ state }: CommandContext) => state.series.frames > 1;
const afterFirst = ({ state }: CommandContext) => state.frame > 0;
const someChosen = ({ state }: CommandContext) => chosenTracks(state).length > 0;
const someHere = ({ state }: CommandContext) => chosenHere(state).length > 0;

export const trackCommands = {
  "track.from": {
    group: "Tracks",
    title: "Track from here",
    keys: ["T"],
    when: severalFrames,
    run: ({ openTracking }) => openTracking(),
  },
  "track.again": {
    group: "Tracks",
    title: "Re-track from here, as the last time",
    keys: ["Shift+T"],
    when: severalFrames,
    run: ({ state, dispatch, track }) => {
      const request = retrackingOf(state);
      if (request !== null) track(request);
      else dispatch({ type: "notice", text: "Nothing can be tracked from this frame forward." });
    },
  },
  "track.change-id": {
    group: "Tracks",
    title: "Change the ID of the selection",
    keys: ["I"],
    when: someHere,
    run: ({ openDialog }) => openDialog("change-id"),
  },
  "track.cut": {
    group: "Tracks",
    title: "Cut: a new ID from this frame on",
    keys: ["X"],
    when: ({ state }) => chosenHere(state).length === 1,
    run: (context) => {
      const [track] = chosenHere(context.state);
      if (track !== undefined) plan(context, cut(context.state, track, context.newId()));
    },
  },
  "track.join": {
    group: "Tracks",
    title: "Join the marked objects on all frames",
    keys: ["J"],
    when: someChosen,
    run: (context) => {
      const chosen = chosenTracks(context.state);
      if (chosen.length > 1) plan(context, join(context.state, chosen));
      else context.openDialog("join");
    },
  },
  "track.exchange": {
    group: "Tracks",
    title: "Exchange two IDs from this frame on",
    keys: ["Shift+I"],
    when: someHere,
    run: (context) => {
      const [one, other, ...more] = chosenHere(context.state);
      if (one !== undefined && other !== undefined && more.length === 0) {
        plan(context, exchange(context.state, one, other));
      } else context.openDialog("exchange");
    },
  },
  "track.end": {
    group: "Tracks",
    title: "The object ends on this frame",
    keys: ["Q"],
    when: ({ state }) => chosenTracks(state).length === 1,
    run: (context) => {
      const [track] = chosenTracks(context.state);
      if (track !== undefined) plan(context, endHere(context.state, track));
    },
  },
  "track.merge": {
    group: "Tracks",
    title: "Mark a merge on this frame",
    keys: ["G"],
    when: afterFirst,
    run: ({ openDialog }) => openDialog("merge"),
  },
  "track.split": {
    group: "Tracks",
    title: "Mark a split on this frame",
    keys: ["Shift+G"],
    when: afterFirst,
    run: ({ openDialog }) => openDialog("split"),
  },
  "track.accept-to": {
    group: "Tracks",
    title: "Accept the track up to this frame",
    keys: ["A"],
    when: someChosen,
    run: (context) => plan(context, acceptTracks(context.state, chosenTracks(context.state), true)),
  },
  "track.accept": {
    group: "Tracks",
    title: "Accept the whole track",
    keys: ["Shift+A"],
    when: someChosen,
    run: (context) => plan(context, acceptTracks(context.state, chosenTracks(context.state), false)),
  },
} satisfies CommandTable;
