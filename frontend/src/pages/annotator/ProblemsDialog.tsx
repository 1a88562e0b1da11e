// Changes that the server did not take, object by object: apply them on top of the others', or let them go.

import { useEffect } from "preact/hooks";
import type { Annotator, PendingCommit } from "../../state/annotator/model";
import { conflictText } from "../../state/annotator/words";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { useView, useWorkspace } from "./workspace";

export function ProblemsDialog({ onClose }: { onClose: () => void }) {
  const { state } = useWorkspace();
  const lost = useView((all) => all.pending).filter((commit) => commit.problem !== null);
  useEffect(() => {
    if (lost.length === 0) onClose();
  }, [lost.length]);
  return (
    <Dialog
      title="Changes that were not saved"
      wide
      onClose={onClose}
      footer={<Button onClick={onClose}>Close</Button>}
    >
      <ul class="problems">
        {lost.map((commit) => (
          <Problem key={commit.requestId} commit={commit} state={state.value} onShow={onClose} />
        ))}
      </ul>
      <p class="muted">They stay in this browser, drawn dashed in red, until you decide.</p>
    </Dialog>
  );
}

interface ProblemProps {
  commit: PendingCommit;
  state: Annotator;
  onShow: () => void;
}

function Problem({ commit, state, onShow }: ProblemProps) {
  const { dispatch, commands } = useWorkspace();
  const { problem, requestId } = commit;
  const frame = commit.operations
    .map((operation) => ("frame" in operation ? operation.frame : null))
    .find((at) => at !== null);
  const reapply = () => dispatch({ type: "problem/reapply", requestId, newRequestId: commands.newId() });
  return (
    <li class="problem">
      <strong>{commit.reason}</strong>
      {problem?.kind === "refused" && <p>{problem.message}</p>}
      {problem?.kind === "conflict" && (
        <ul>
          {problem.conflicts.map((conflict) => (
            <li key={`${conflict.track}/${conflict.frame}`}>{conflictText(state, conflict)}</li>
          ))}
        </ul>
      )}
      <div class="problem-actions">
        {frame !== undefined && frame !== null && (
          <Button
            tone="quiet"
            icon="eye"
            onClick={() => {
              dispatch({ type: "frame/show", frame });
              onShow();
            }}
          >
            Show
          </Button>
        )}
        <Button onClick={() => dispatch({ type: "problem/discard", requestId })}>Discard mine</Button>
        <Button tone="primary" onClick={reapply}>
          {problem?.kind === "conflict" ? "Apply mine on top" : "Try again"}
        </Button>
      </div>
    </li>
  );
}
