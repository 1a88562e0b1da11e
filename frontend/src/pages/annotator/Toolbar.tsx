// The tools beside the canvas, each with its key.

import type { ToolName } from "../../state/annotator/model";
import { canRedo, canUndo } from "../../state/annotator/undo";
import { mayEdit, objectOf } from "../../state/annotator/view";
import { runCommand } from "../../tools/commands";
import { tools } from "../../tools/host";
import { IconButton } from "../../ui/Button";
import { Icon, type IconName } from "../../ui/icons";
import { Menu } from "../../ui/Menu";
import { shortcut } from "./command_keys";
import { shapeMenu } from "./drawing/shape_menu";
import { useView, useWorkspace } from "./workspace";

const GROUPS: readonly (readonly (readonly [ToolName, IconName])[])[] = [
  [
    ["select", "cursor"],
    ["pan", "move"],
    ["contrast", "contrast"],
    ["ruler", "ruler"],
    ["profile", "profile"],
  ],
  [
    ["point", "point-plus"],
    ["box", "box"],
    ["brush", "brush"],
    ["eraser", "eraser"],
  ],
  [
    ["polygon", "polygon"],
    ["lasso", "lasso"],
    ["magnetic", "magnet"],
    ["split", "scissors"],
  ],
];
const GROUP_NAMES = ["look", "mark", "outline"];

export function Toolbar() {
  const workspace = useWorkspace();
  const { dispatch, commands, dialog } = workspace;
  const tool = useView((state) => state.tool);
  const editable = useView(mayEdit);
  const selected = useView(
    (state) => state.selection !== null && objectOf(state, state.selection.track, state.frame) !== undefined,
  );
  const undoable = useView(canUndo);
  const redoable = useView(canRedo);
  const several = useView((state) => state.series.frames > 1);
  const masks = useView((state) => state.display.masks);
  return (
    <div class="toolbar" role="toolbar" aria-label="Tools" aria-orientation="vertical">
      {GROUPS.map((group, index) => (
        <div key={GROUP_NAMES[index]} class="toolbar-group">
          {group.map(([name, icon]) => (
            <IconButton
              key={name}
              icon={icon}
              data-tour={name}
              label={tools[name].title}
              {...shortcut(`tool.${name}`)}
              pressed={tool === name}
              disabled={!editable && !tools[name].harmless}
              onClick={() => dispatch({ type: "tool", tool: name })}
            />
          ))}
        </div>
      ))}
      <div class="toolbar-group">
        {editable && (
          <Menu
            label="Change the shape of the selection"
            align="start"
            buttonClass="button icon-button quiet"
            entries={() => shapeMenu(workspace)}
          >
            <Icon name="shape" />
          </Menu>
        )}
        <IconButton
          icon="wand"
          label="Segment the whole frame"
          {...shortcut("segment.frame")}
          disabled={!editable}
          onClick={() => runCommand(commands, "segment.frame")}
        />
        {several && (
          <IconButton
            icon="track"
            label="Track from here"
            {...shortcut("track.from")}
            disabled={!editable}
            onClick={() => runCommand(commands, "track.from")}
          />
        )}
        <IconButton
          icon="trash"
          label="Delete the selection on this frame"
          {...shortcut("object.delete")}
          disabled={!editable || !selected}
          onClick={() => runCommand(commands, "object.delete")}
        />
      </div>
      <div class="toolbar-group">
        <IconButton
          icon="undo"
          data-tour="undo"
          label="Undo"
          {...shortcut("undo")}
          disabled={!editable || !undoable}
          onClick={() => runCommand(commands, "undo")}
        />
        <IconButton
          icon="redo"
          label="Redo"
          {...shortcut("redo")}
          disabled={!editable || !redoable}
          onClick={() => runCommand(commands, "redo")}
        />
      </div>
      <div class="toolbar-group end">
        <IconButton
          icon={masks ? "eye" : "eye-off"}
          label={masks ? "Hide masks" : "Show masks"}
          {...shortcut("view.masks")}
          pressed={!masks}
          onClick={() => dispatch({ type: "display", change: { masks: !masks } })}
        />
        <IconButton
          icon="fit"
          label="Fit the image"
          {...shortcut("view.fit")}
          onClick={() => runCommand(commands, "view.fit")}
        />
        <IconButton
          icon="keyboard"
          label="Keys"
          {...shortcut("help")}
          onClick={() => {
            dialog.value = "help";
          }}
        />
      </div>
    </div>
  );
}
