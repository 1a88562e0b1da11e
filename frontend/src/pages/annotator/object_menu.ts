// What can be done with an object, or with all that are marked: the menu of its row and of a right click on it.

import type { Point } from "../../geometry/stroke";
import {
  acceptTracks,
  chosenTracks,
  cut,
  endHere,
  exchange,
  join,
  type TrackPlan,
} from "../../state/annotator/lineage";
import { mayEdit, objectOf, objectsOn } from "../../state/annotator/view";
import { listed, trackName } from "../../state/annotator/words";
import { counted } from "../../state/format";
import { type CommandId, plan, runCommand, type TrackDialog } from "../../tools/commands";
import type { MenuEntry } from "../../ui/Menu";
import { shortcut } from "./command_keys";
import { shapeEntries } from "./drawing/shape_menu";
import type { Workspace } from "./workspace";

const MOST_NAMES = 3;

/** Opens the menu at a place of the window, once the pointer is released, which would close it. */
export function openObjectMenu({ state, dispatch, menu }: Workspace, track: string, at: Point): void {
  const present = state.peek();
  if (!chosenTracks(present).includes(track)) {
    dispatch({ type: "selection", selection: { track, lasting: true } });
  }
  dispatch({ type: "hover", track: null });
  setTimeout(() => {
    menu.value = at;
  });
}

/** `track` alone, unless it is among several that are marked. */
export function objectMenu(workspace: Workspace, track: string): readonly MenuEntry[] {
  const { commands, dispatch, state } = workspace;
  const present = state.value;
  const chosen = chosenTracks(present);
  const meant = chosen.includes(track) ? chosen : [track];
  const aim = () => {
    if (!chosen.includes(track)) dispatch({ type: "selection", selection: { track, lasting: true } });
  };
  const aimed = (action: () => void) => () => {
    aim();
    action();
  };
  const asks = (dialog: TrackDialog) => aimed(() => commands.openDialog(dialog));
  const does = (make: () => TrackPlan | null) => aimed(() => plan(commands, make()));
  const runs = (id: CommandId) => aimed(() => runCommand(commands, id));
  const here = meant.every((each) => objectOf(present, each, present.frame) !== undefined);
  const names =
    meant.length > MOST_NAMES
      ? counted(meant.length, "object")
      : listed(meant.map((each) => trackName(present, each)));
  const trackFrom: MenuEntry = {
    label: "Track from here…",
    icon: "track",
    ...shortcut("track.from"),
    disabled: !here,
    onChoose: aimed(() => {
      dispatch({ type: "tracking", change: { what: "selected" } });
      commands.openTracking();
    }),
  };
  const proposed = meant.some((each) => objectOf(present, each, present.frame)?.state === "proposal");
  const accepting: MenuEntry[] = [
    {
      label: "Accept up to this frame",
      icon: "check",
      ...shortcut("track.accept-to"),
      onChoose: does(() => acceptTracks(present, meant, true)),
    },
    {
      label: "Accept on all frames",
      ...shortcut("track.accept"),
      onChoose: does(() => acceptTracks(present, meant, false)),
    },
  ];
  const lineage: MenuEntry[] = [
    {
      label: "Mark a merge here…",
      ...shortcut("track.merge"),
      disabled: present.frame === 0,
      onChoose: asks("merge"),
    },
    {
      label: "Mark a split here…",
      ...shortcut("track.split"),
      disabled: present.frame === 0,
      onChoose: asks("split"),
    },
  ];
  const [one, other] = meant;
  if (one === undefined) return [];
  const life: MenuEntry = {
    label: "Who made it, frame by frame",
    icon: "clock",
    ...shortcut("history.life"),
    onChoose: aimed(() => commands.openLife(one)),
  };
  if (!mayEdit(present)) return [{ heading: names }, life];
  if (other !== undefined) {
    return [
      { heading: names },
      trackFrom,
      "separator",
      { label: "Join on all frames", ...shortcut("track.join"), onChoose: does(() => join(present, meant)) },
      ...(meant.length > 2
        ? []
        : [
            {
              label: "Exchange IDs from this frame on",
              ...shortcut("track.exchange"),
              disabled: !here,
              onChoose: does(() => exchange(present, one, other)),
            },
          ]),
      ...lineage,
      "separator",
      ...shapeEntries(workspace, aim),
      "separator",
      ...accepting,
    ];
  }
  const single = objectsOn(present, present.frame).length < 2 && present.tracks.size < 2;
  return [
    { heading: names },
    trackFrom,
    "separator",
    {
      label: "Change ID…",
      icon: "tag",
      ...shortcut("track.change-id"),
      disabled: !here,
      onChoose: asks("change-id"),
    },
    {
      label: "Cut: new ID from this frame on",
      ...shortcut("track.cut"),
      disabled: !here,
      onChoose: aimed(() => plan(commands, cut(present, one, commands.newId()))),
    },
    {
      label: "New ID on this frame only",
      disabled: !here,
      onChoose: aimed(() => plan(commands, cut(present, one, commands.newId(), { only: true }))),
    },
    { label: "Join with…", ...shortcut("track.join"), disabled: single, onChoose: asks("join") },
    {
      label: "Exchange IDs with…",
      ...shortcut("track.exchange"),
      disabled: single || !here,
      onChoose: asks("exchange"),
    },
    {
      label: "Show its lineage",
      ...shortcut("view.lineage"),
      onChoose: aimed(() => commands.openLineage(one)),
    },
    life,
    { label: "Phase from this frame on…", disabled: !here, onChoose: asks("phase-from") },
    ...lineage,
    "separator",
    ...shapeEntries(workspace, aim),
    "separator",
    ...(proposed
      ? [
          {
            label: "Accept on this frame",
            ...shortcut("proposal.accept"),
            onChoose: aimed(() =>
              dispatch({ type: "review/accept", tracks: [one], requestId: commands.newId() }),
            ),
          },
        ]
      : []),
    ...accepting,
    "separator",
    {
      label: "Undo my latest change of it",
      icon: "undo",
      ...shortcut("object.undo"),
      onChoose: runs("object.undo"),
    },
    "separator",
    {
      label: "The object ends on this frame",
      ...shortcut("track.end"),
      danger: true,
      disabled: endHere(present, one) === null,
      onChoose: does(() => endHere(present, one)),
    },
    {
      label: "Delete on this frame",
      icon: "trash",
      ...shortcut("object.delete"),
      danger: true,
      disabled: !here,
      onChoose: runs("object.delete"),
    },
    {
      label: "Delete on every frame",
      ...shortcut("object.delete-everywhere"),
      danger: true,
      onChoose: runs("object.delete-everywhere"),
    },
  ];
}
