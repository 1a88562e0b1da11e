// What can be done with the outline that is open, for who draws with the pointer alone.

import { isComplete, outlineHere } from "../../../state/annotator/outline";
import { mayEdit } from "../../../state/annotator/view";
import { counted } from "../../../state/format";
import { runCommand } from "../../../tools/commands";
import { Button } from "../../../ui/Button";
import { Kbd } from "../../../ui/Kbd";
import { useView, useWorkspace } from "../workspace";

export function OutlineBar() {
  const { dispatch, commands, host } = useWorkspace();
  const outline = useView((state) => state.outline);
  const here = useView((state) => outlineHere(state) !== null);
  const editable = useView(mayEdit);
  if (outline === null || !editable) return null;
  const cancel = () => dispatch({ type: "outline", outline: null });
  if (!here) {
    return (
      <div class="stage-bar" role="status">
        <span>An open outline waits on frame {outline.frame + 1}.</span>
        <Button onClick={() => dispatch({ type: "frame/show", frame: outline.frame })}>Show it</Button>
        <Button tone="quiet" onClick={cancel}>
          Discard
        </Button>
      </div>
    );
  }
  if (outline.tool === "lasso" && host.busy) return null; // the release closes it
  const split = outline.tool === "split";
  return (
    <div class="stage-bar" role="status">
      <span class="number">{counted(outline.corners.length, "corner")}</span>
      <Button disabled={outline.corners.length === 0} onClick={() => dispatch({ type: "outline/back" })}>
        Back <Kbd keys="Backspace" />
      </Button>
      <Button
        tone="primary"
        icon="check"
        disabled={!isComplete(outline)}
        onClick={() => runCommand(commands, "outline.close")}
      >
        {split ? "Split" : "Close"} <Kbd keys="Enter" />
      </Button>
      <Button tone="quiet" onClick={cancel}>
        Cancel <Kbd keys="Esc" />
      </Button>
    </div>
  );
}
