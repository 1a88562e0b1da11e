// Everything the keyboard can do, in one table: it runs the commands and it is the list that "?" shows.

import { fitView, reveal, zoomAt } from "../geometry/viewport";
import type { TrackingRequest } from "../protocol/tracking";
import { openProposals, removal } from "../state/annotator/drafts";
import {
  acceptTracks,
  chosenTracks,
  cut,
  endHere,
  exchange,
  join,
  type TrackPlan,
} from "../state/annotator/lineage";
import type { Annotator, ToolName } from "../state/annotator/model";
import { litProposals, selectedProposal, waitingCount } from "../state/annotator/review";
import { retrackingOf } from "../state/annotator/tracking";
import { mayEdit, objectOf, tracksOf } from "../state/annotator/view";
import { tools } from "./host";
import { type ShapeCommand, type ShapeContext, shapeCommands } from "./shape_commands";
import type { ToolContext } from "./tool";

export interface CommandContext extends ToolContext, ShapeContext {
  /** Ends a gesture under way; false when there was none. */
  cancelGesture(): boolean;
  toggleHelp(): void;
  openTracking(): void;
  openDialog(dialog: TrackDialog): void;
  /** Starts a tracking, and says where that fails. */
  track(request: TrackingRequest): void;
  openLineage(track: string): void;
}

/** What is asked about the objects that are meant. */
export type TrackDialog = "change-id" | "join" | "exchange" | "merge" | "split" | "phase-from";

/** A key as KeyboardEvent describes it. */
export interface Key {
  readonly key: string;
  readonly ctrl: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
}

export interface Command {
  readonly group: "Tools" | "Prompts" | "Proposals" | "Objects" | "Shapes" | "Tracks" | "Frames" | "View";
  readonly title: string;
  /** For people: alternatives apart by a space, keys of one by "+". */
  readonly keys: string;
  /** Only looks, although its group edits. */
  readonly harmless?: boolean;
  matches(key: Key, context: CommandContext): boolean;
  run(context: CommandContext, key: Key): void;
}

const plain = (wanted: string) => (key: Key) =>
  !key.ctrl && !key.alt && key.key.toLowerCase() === wanted.toLowerCase();
const withControl = (wanted: string, shift: boolean) => (key: Key) =>
  key.ctrl && !key.alt && key.shift === shift && key.key.toLowerCase() === wanted;

const toolCommands: Command[] = (
  ["select", "point", "box", "brush", "eraser", "pan"] satisfies ToolName[]
).map((name) => ({
  group: "Tools",
  title: tools[name].title,
  keys: tools[name].key,
  matches: plain(tools[name].key),
  run: ({ dispatch }) => dispatch({ type: "tool", tool: name }),
}));

function step(frames: number): (context: CommandContext, key: Key) => void {
  return ({ state, dispatch }, { shift }) => {
    dispatch({ type: "play", playing: false });
    dispatch({ type: "frame/show", frame: state.frame + frames * (shift ? 10 : 1) });
  };
}

function resizeBrush({ state, dispatch }: CommandContext, direction: 1 | -1): void {
  const change = Math.max(1, Math.round(state.brushDiameter / 6));
  dispatch({ type: "brush", diameter: state.brushDiameter + direction * change });
}

function zoom(factor: number): (context: CommandContext) => void {
  return ({ viewport, look, state }) =>
    look(zoomAt(viewport, { x: viewport.width / 2, y: viewport.height / 2 }, factor, state.series));
}

/** A prompt or a preview of proposals comes first. */
const drafting = ({ prompt, proposals }: Annotator) => prompt !== null || proposals !== null;

function decide({ state, dispatch, newId }: CommandContext, type: "review/accept" | "review/discard"): void {
  const proposal = selectedProposal(state);
  if (proposal !== undefined) dispatch({ type, tracks: [proposal.track.track], requestId: newId() });
}

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

const shifted = (wanted: string) => (key: Key) => plain(wanted)(key) && key.shift;
const unshifted = (wanted: string) => (key: Key) => plain(wanted)(key) && !key.shift;
const tracks = { group: "Tracks" as const };

const trackCommands: Command[] = [
  {
    ...tracks,
    title: "Track from here",
    keys: "T",
    matches: (key, { state }) => unshifted("t")(key) && state.series.frames > 1,
    run: ({ openTracking }) => openTracking(),
  },
  {
    ...tracks,
    title: "Re-track from here, as the last time",
    keys: "Shift+T",
    matches: (key, { state }) => shifted("t")(key) && state.series.frames > 1,
    run: ({ state, dispatch, track }) => {
      const request = retrackingOf(state);
      if (request !== null) track(request);
      else dispatch({ type: "notice", text: "Nothing can be tracked from this frame forward." });
    },
  },
  {
    ...tracks,
    title: "Change the ID of the selection",
    keys: "I",
    matches: (key, { state }) => unshifted("i")(key) && chosenHere(state).length > 0,
    run: ({ openDialog }) => openDialog("change-id"),
  },
  {
    ...tracks,
    title: "Cut: a new ID from this frame on",
    keys: "X",
    matches: (key, { state }) => unshifted("x")(key) && chosenHere(state).length === 1,
    run: (context) => {
      const [track] = chosenHere(context.state);
      if (track !== undefined) plan(context, cut(context.state, track, context.newId()));
    },
  },
  {
    ...tracks,
    title: "Join the marked objects on all frames",
    keys: "J",
    matches: (key, { state }) => unshifted("j")(key) && chosenTracks(state).length > 0,
    run: (context) => {
      const chosen = chosenTracks(context.state);
      if (chosen.length > 1) plan(context, join(context.state, chosen));
      else context.openDialog("join");
    },
  },
  {
    ...tracks,
    title: "Exchange two IDs from this frame on",
    keys: "Shift+I",
    matches: (key, { state }) => shifted("i")(key) && chosenHere(state).length > 0,
    run: (context) => {
      const [one, other, ...more] = chosenHere(context.state);
      if (one !== undefined && other !== undefined && more.length === 0) {
        plan(context, exchange(context.state, one, other));
      } else context.openDialog("exchange");
    },
  },
  {
    ...tracks,
    title: "The object ends on this frame",
    keys: "Q",
    matches: (key, { state }) => plain("q")(key) && chosenTracks(state).length === 1,
    run: (context) => {
      const [track] = chosenTracks(context.state);
      if (track !== undefined) plan(context, endHere(context.state, track));
    },
  },
  {
    ...tracks,
    title: "Mark a merge, a split on this frame",
    keys: "G Shift+G",
    matches: (key, { state }) => plain("g")(key) && state.frame > 0,
    run: ({ openDialog }, { shift }) => openDialog(shift ? "split" : "merge"),
  },
  {
    ...tracks,
    title: "Accept the track up to this frame, the whole track",
    keys: "A Shift+A",
    matches: (key, { state }) => plain("a")(key) && chosenTracks(state).length > 0,
    run: (context, { shift }) =>
      plan(context, acceptTracks(context.state, chosenTracks(context.state), !shift)),
  },
];

/** "Shift+H"; which signs need Shift depends on the keyboard. */
function nameOf({ key, ctrl, shift, alt }: Key): string {
  const letter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  const printed = key === "Escape" ? "Esc" : letter ? key.toUpperCase() : key;
  return `${ctrl ? "Ctrl+" : ""}${alt ? "Alt+" : ""}${shift && (letter || key.length > 1) ? "Shift+" : ""}${printed}`;
}

const asCommand = ({ group, title, keys, when, run }: ShapeCommand): Command => ({
  group,
  title,
  keys: keys.join(" "),
  matches: (key, context) => keys.includes(nameOf(key)) && (when?.(context) ?? true),
  run,
});

export const commands: readonly Command[] = [
  ...Object.values(shapeCommands).map(asCommand),
  ...toolCommands,
  {
    group: "Tools",
    title: "Smaller, larger brush",
    keys: "[ ]",
    matches: ({ key, ctrl }) => !ctrl && (key === "[" || key === "]"),
    run: (context, { key }) => resizeBrush(context, key === "]" ? 1 : -1),
  },
  {
    group: "Prompts",
    title: "Accept the mask, or the proposals",
    keys: "Enter",
    matches: (key, { state }) => plain("Enter")(key) && (state.prompt !== null || state.proposals !== null),
    run: ({ state, dispatch, newId }) => {
      if (state.prompt?.frame === state.frame) {
        dispatch({ type: "prompt/accept", requestId: newId(), track: newId() });
      } else {
        const accepted = openProposals(state).map(({ index }) => [index, newId()] as const);
        dispatch({ type: "proposals/accept", requestId: newId(), accepted });
      }
    },
  },
  {
    group: "Prompts",
    title: "Next candidate mask",
    keys: "Tab Shift+Tab",
    // Only with masks to choose from: otherwise Tab moves the focus, as everywhere.
    matches: ({ key, ctrl }, { state }) =>
      key === "Tab" && !ctrl && state.prompt?.frame === state.frame && state.prompt.answer !== null,
    run: ({ dispatch }, { shift }) => dispatch({ type: "prompt/cycle", step: shift ? -1 : 1 }),
  },
  {
    group: "Prompts",
    title: "Cancel, then let go of the selection",
    keys: "Esc",
    matches: plain("Escape"),
    run: ({ state, dispatch, cancelGesture }) => {
      if (cancelGesture()) return;
      if (state.prompt !== null) dispatch({ type: "prompt/cancel" });
      else if (state.proposals !== null) dispatch({ type: "proposals/dismiss" });
      else if (state.past !== null) dispatch({ type: "past/close" });
      else dispatch({ type: "selection", selection: null });
    },
  },
  {
    group: "Prompts",
    title: "Segment the whole frame",
    keys: "S",
    matches: plain("s"),
    run: ({ dispatch, newId }) => {
      dispatch({ type: "segment", requestId: newId() });
      dispatch({ type: "tool", tool: "select" });
    },
  },
  {
    group: "Proposals",
    title: "Next, previous proposal, over all frames",
    keys: "N Shift+N",
    harmless: true,
    matches: (key, { state }) => plain("n")(key) && state.past === null && waitingCount(state) > 0,
    run: ({ dispatch }, { shift }) => dispatch({ type: "review/step", direction: shift ? -1 : 1 }),
  },
  {
    group: "Proposals",
    title: "Accept the selected proposal",
    keys: "Enter",
    matches: (key, { state }) =>
      plain("Enter")(key) && !key.shift && !drafting(state) && selectedProposal(state) !== undefined,
    run: (context) => decide(context, "review/accept"),
  },
  {
    group: "Proposals",
    title: "Accept those of this frame that reach the score",
    keys: "Shift+Enter",
    matches: (key, { state }) =>
      plain("Enter")(key) && key.shift && !drafting(state) && litProposals(state, state.frame).length > 0,
    run: ({ state, dispatch, newId }) => {
      const tracks = litProposals(state, state.frame).map(({ track }) => track.track);
      dispatch({ type: "review/accept", tracks, requestId: newId() });
    },
  },
  {
    group: "Proposals",
    title: "Discard the selected proposal",
    keys: "Del",
    matches: (key, { state }) =>
      (plain("Delete")(key) || plain("Backspace")(key)) &&
      !key.shift &&
      state.prompt?.frame !== state.frame &&
      selectedProposal(state) !== undefined,
    run: (context) => decide(context, "review/discard"),
  },
  {
    group: "Objects",
    title: "Phase of the selection, or of what comes next",
    keys: "1 … 9",
    matches: (key, { state }) => !key.ctrl && !key.alt && state.phases.some((phase) => phase.key === key.key),
    run: ({ state, dispatch, newId }, { key }) => {
      const phase = state.phases.find((candidate) => candidate.key === key);
      if (phase !== undefined) dispatch({ type: "phase", phase: phase.id, requestId: newId() });
    },
  },
  {
    group: "Objects",
    title: "Take back the last point",
    keys: "Backspace",
    matches: (key, { state }) => plain("Backspace")(key) && state.prompt?.frame === state.frame,
    run: ({ dispatch, newId }) => dispatch({ type: "prompt/back", requestId: newId() }),
  },
  {
    group: "Objects",
    title: "Delete the selection on this frame",
    keys: "Del",
    matches: (key) => (plain("Delete")(key) || plain("Backspace")(key)) && !key.shift,
    run: ({ state, dispatch, newId }) => {
      const track = state.selection?.track;
      if (track === undefined || objectOf(state, track, state.frame) === undefined) return;
      const operations = [removal(state, track, state.frame)];
      dispatch({ type: "commit", gesture: { requestId: newId(), reason: "Delete a mask", operations } });
    },
  },
  {
    group: "Objects",
    title: "Delete the selection on every frame",
    keys: "Shift+Del",
    matches: (key) => plain("Delete")(key) && key.shift,
    run: ({ state, dispatch, newId }) => {
      const track = state.selection?.track;
      if (track === undefined || (tracksOf(state).get(track)?.deleted ?? true)) return;
      const operations = [{ op: "track.delete" as const, track }];
      dispatch({ type: "commit", gesture: { requestId: newId(), reason: "Delete an object", operations } });
    },
  },
  {
    group: "Objects",
    title: "Undo",
    keys: "Ctrl+Z",
    matches: withControl("z", false),
    run: ({ state, dispatch, newId }) =>
      dispatch({ type: state.prompt?.frame === state.frame ? "prompt/back" : "undo", requestId: newId() }),
  },
  {
    group: "Objects",
    title: "Redo",
    keys: "Ctrl+Shift+Z",
    matches: (key) => withControl("z", true)(key) || withControl("y", false)(key),
    run: ({ dispatch, newId }) => dispatch({ type: "redo", requestId: newId() }),
  },
  ...trackCommands,
  {
    group: "Frames",
    title: "Next frame, with Shift ten",
    keys: "→",
    matches: plain("ArrowRight"),
    run: step(1),
  },
  {
    group: "Frames",
    title: "Previous frame, with Shift ten",
    keys: "←",
    matches: plain("ArrowLeft"),
    run: step(-1),
  },
  {
    group: "Frames",
    title: "First, last frame",
    keys: "Home End",
    matches: (key) => plain("Home")(key) || plain("End")(key),
    run: ({ state, dispatch }, { key }) =>
      dispatch({ type: "frame/show", frame: key === "Home" ? 0 : state.series.frames - 1 }),
  },
  {
    group: "Frames",
    title: "Play, pause",
    keys: "P",
    matches: plain("p"),
    run: ({ state, dispatch }) =>
      dispatch({ type: "play", playing: !state.playing && state.series.frames > 1 }),
  },
  {
    group: "View",
    title: "Fit the image",
    keys: "F",
    matches: plain("f"),
    run: ({ state, viewport, look }) => look(fitView(viewport, state.series)),
  },
  {
    group: "View",
    title: "Zoom in, out",
    keys: "Plus Minus",
    matches: ({ key, ctrl }) => !ctrl && (key === "+" || key === "=" || key === "-"),
    run: (context, { key }) => zoom(key === "-" ? 1 / 1.5 : 1.5)(context),
  },
  {
    group: "View",
    title: "Show the selection",
    keys: "Z",
    matches: plain("z"),
    run: ({ state, viewport, look }) => {
      const object =
        state.selection === null ? undefined : objectOf(state, state.selection.track, state.frame);
      if (object === undefined) return;
      const [x0, y0, x1, y1] = object.box;
      look(reveal(viewport, { x: (x0 + x1) / 2, y: (y0 + y1) / 2 }, state.series));
    },
  },
  {
    group: "View",
    title: "Lineage of the selection, or of what is under the pointer",
    keys: "L",
    matches: (key, { state }) => plain("l")(key) && (state.selection !== null || state.hovered !== null),
    run: ({ state, openLineage }) => openLineage(state.selection?.track ?? state.hovered ?? ""),
  },
  {
    group: "View",
    title: "Masks on, off",
    keys: "M",
    matches: plain("m"),
    run: ({ state, dispatch }) => dispatch({ type: "display", change: { masks: !state.display.masks } }),
  },
  {
    group: "View",
    title: "This list",
    keys: "?",
    matches: ({ key, ctrl }) => key === "?" && !ctrl,
    run: ({ toggleHelp }) => toggleHelp(),
  },
];

/** Runs the command of a key. False: the key means nothing here and goes on to the browser. */
export function pressKey(context: CommandContext, key: Key): boolean {
  const command = commands.find((candidate) => candidate.matches(key, context));
  if (command === undefined) return false;
  const edits = EDITING.has(command.group) && command.harmless !== true;
  if (edits && !mayEdit(context.state) && key.key !== "Escape") return false;
  command.run(context, key);
  return true;
}

const EDITING: ReadonlySet<Command["group"]> = new Set([
  "Prompts",
  "Proposals",
  "Objects",
  "Shapes",
  "Tracks",
]);
