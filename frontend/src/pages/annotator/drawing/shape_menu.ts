// What can be done to the shape of what is selected: in the toolbar's menu and in an object's own.

import { chosenTracks } from "../../../state/annotator/lineage";
import { objectOf, objectsOn } from "../../../state/annotator/view";
import { type CommandId, runCommand } from "../../../tools/commands";
import type { MenuEntry } from "../../../ui/Menu";
import { shortcut } from "../command_keys";
import type { Workspace } from "../workspace";

const RADII_PX = [1, 2, 3, 5, 8, 12];

/** `aim` selects what is meant before a command runs. `forAll`: also what this selection does not allow. */
export function shapeEntries(
  { commands, state }: Workspace,
  aim: () => void = () => undefined,
  forAll = false,
): MenuEntry[] {
  const present = state.value;
  const chosen = chosenTracks(present).filter(
    (track) => objectOf(present, track, present.frame) !== undefined,
  ).length;
  const offered = present.prompt?.answer !== null && present.prompt?.frame === present.frame;
  const none = chosen === 0 && !offered;
  const several = present.series.frames > 1;
  const entry = (id: CommandId, label: string, disabled: boolean): MenuEntry => ({
    label,
    ...shortcut(id),
    disabled,
    onChoose: () => {
      aim();
      runCommand(commands, id);
    },
  });
  const empty = objectsOn(present, present.frame).length === 0;
  return [
    entry("shape.fill", "Fill holes", none),
    entry("shape.smooth", `Smooth by ${present.drawing.smoothRadiusPx} px`, none),
    entry("shape.grow", "Grow by 1 px", none),
    entry("shape.shrink", "Shrink by 1 px", none),
    ...(chosen > 1 || forAll ? [entry("shape.merge", "Merge on this frame", chosen < 2)] : []),
    ...(several
      ? [
          entry("shape.copy", chosen === 0 ? "Copy all to the next frame" : "Copy to the next frame", empty),
          entry("shape.interpolate", "Interpolate between frames", chosenTracks(present).length !== 1),
        ]
      : []),
  ];
}

export function shapeMenu(workspace: Workspace): readonly MenuEntry[] {
  const { drawing } = workspace.state.value;
  return [
    { heading: "Shape of the selection" },
    ...shapeEntries(workspace, undefined, true),
    "separator",
    { heading: "Smoothing radius" },
    ...RADII_PX.map(
      (smoothRadiusPx): MenuEntry => ({
        label: `${smoothRadiusPx} px`,
        checked: drawing.smoothRadiusPx === smoothRadiusPx,
        onChoose: () => workspace.dispatch({ type: "drawing", change: { smoothRadiusPx } }),
      }),
    ),
  ];
}
