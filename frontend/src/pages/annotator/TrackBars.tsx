// Over the canvas: what the next click names, and the offer to follow anew what was just corrected.

import { offersRetrack } from "../../state/annotator/tracking";
import { mayEdit } from "../../state/annotator/view";
import { runCommand } from "../../tools/commands";
import { Button, IconButton } from "../../ui/Button";
import { Kbd } from "../../ui/Kbd";
import { CommandKey } from "./command_keys";
import { useView, useWorkspace } from "./workspace";

export function PickBar() {
  const { picking } = useWorkspace();
  if (picking.value === null) return null;
  return (
    <div class="stage-bar" role="status">
      <span>{picking.value.hint}</span>
      <Button
        tone="quiet"
        onClick={() => {
          picking.value = null;
        }}
      >
        Cancel <Kbd keys="Esc" />
      </Button>
    </div>
  );
}

export function RetrackBar() {
  const { commands, dispatch, picking } = useWorkspace();
  const offered = useView((state) => offersRetrack(state) && mayEdit(state) && state.prompt === null);
  if (!offered || picking.value !== null) return null;
  return (
    <div class="stage-bar retrack" role="status">
      <span class="bar-note">Corrected.</span>
      <Button icon="track" onClick={() => runCommand(commands, "track.again")}>
        Re-track from here <CommandKey id="track.again" />
      </Button>
      <IconButton icon="close" label="Not now" onClick={() => dispatch({ type: "retrack/dismiss" })} />
    </div>
  );
}
