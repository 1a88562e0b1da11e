// Changes that the server did not take, object by object: apply them on top of the others', or let them go.

import { useEffect } from "preact/hooks";
import type { Conflict } from "../../protocol/messages";
import type { Annotator, PendingCommit } from "../../state/annotator/model";
import { tracksOf } from "../../state/annotator/view";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { objectName } from "./objects";
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
            <li key={`${conflict.track}/${conflict.frame}`}>{describe(state, conflict)}</li>
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

function describe(state: Annotator, { track, frame, current, author }: Conflict): string {
  const known = tracksOf(state).get(track);
  const name = known === undefined ? "An object" : objectName(known);
  const where = frame === null ? "" : ` on frame ${frame + 1}`;
  const who = author?.name ?? "somebody else";
  const gone =
    current === null ||
    (current.kind === "track" && current.deleted) ||
    (current.kind === "mask" && current.sha256 === null);
  return `${name}${where} was ${gone ? "deleted" : "changed"} by ${who} meanwhile.`;
}
