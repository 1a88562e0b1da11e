// Changes that the server did not take, decided object by object: mine, theirs, or both together.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import {
  belongTogether,
  type Choice,
  type Choices,
  contestedBy,
  mayUnite,
} from "../../../state/annotator/conflicts";
import type { PendingCommit } from "../../../state/annotator/model";
import { counted } from "../../../state/format";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { type Pictures, startPictures } from "../pictures";
import { useView, useWorkspace } from "../workspace";
import { ContestedObject } from "./ContestedObject";
import "./conflicts.css";

export function ProblemsDialog({ onClose }: { onClose: () => void }) {
  const workspace = useWorkspace();
  const lost = useView((all) => all.pending).filter((commit) => commit.problem !== null);
  const pictures = useMemo(() => startPictures(workspace), []);
  useEffect(() => pictures.close, []);
  useEffect(() => {
    if (lost.length === 0) onClose();
  }, [lost.length]);
  const [first] = lost;
  if (first === undefined) return null;
  return (
    <Problem
      key={first.requestId}
      commit={first}
      more={lost.length - 1}
      pictures={pictures}
      onClose={onClose}
    />
  );
}

interface ProblemProps {
  commit: PendingCommit;
  /** How many others wait behind this one. */
  more: number;
  pictures: Pictures;
  onClose: () => void;
}

function Problem({ commit, more, pictures, onClose }: ProblemProps) {
  const { dispatch, commands, state } = useWorkspace();
  const { problem, requestId, reason } = commit;
  const frames = useView((all) => all.frames);
  const contested = useMemo(() => contestedBy(state.peek(), commit), [frames, commit]);
  const choices = useSignal<Choices>({});
  const choiceOf = (key: string): Choice => choices.value[key] ?? "mine";
  const all = (choice: Choice) => {
    const fitting = contested.filter((each) => choice !== "union" || mayUnite(each));
    choices.value = { ...choices.value, ...Object.fromEntries(fitting.map(({ key }) => [key, choice])) };
  };
  const decide = () => {
    const newRequestId = commands.newId();
    if (problem?.kind === "conflict") {
      dispatch({ type: "problem/settle", requestId, newRequestId, choices: choices.value });
    } else dispatch({ type: "problem/reapply", requestId, newRequestId });
  };
  const frame = contested.find(({ masks }) => masks !== null)?.masks?.frame;
  const behind = more === 0 ? "" : `, and ${counted(more, "other change")} after this`;
  return (
    <Dialog
      title={`Not saved: ${reason}${behind}`}
      wide
      onClose={onClose}
      onSubmit={decide}
      footer={
        <>
          {frame !== undefined && (
            <Button
              icon="eye"
              onClick={() => {
                dispatch({ type: "frame/show", frame });
                onClose();
              }}
            >
              Show on the image
            </Button>
          )}
          <Button onClick={() => dispatch({ type: "problem/discard", requestId })}>Discard mine</Button>
          <Button type="submit" tone="primary">
            {problem?.kind === "conflict" ? "Save as chosen" : "Try again"}
          </Button>
        </>
      }
    >
      {problem?.kind === "refused" && <p>{problem.message}</p>}
      {contested.length > 1 && (
        <div class="contested-all">
          <span>All {contested.length} objects:</span>
          <Button onClick={() => all("mine")}>Mine</Button>
          <Button onClick={() => all("theirs")}>Theirs</Button>
          {contested.some(mayUnite) && <Button onClick={() => all("union")}>Both together</Button>}
        </div>
      )}
      {contested.map((each) => (
        <ContestedObject
          key={each.key}
          contested={each}
          choice={choiceOf(each.key)}
          pictures={pictures}
          onChoose={(choice) => {
            choices.value = { ...choices.value, [each.key]: choice };
          }}
        />
      ))}
      {belongTogether(commit) && contested.some(({ key }) => choiceOf(key) === "theirs") && (
        <p>
          What was changed here makes sense only together: with theirs for one object, all of them stay as
          they are.
        </p>
      )}
      <p class="muted">Your change stays in this browser until you decide. Arrow keys choose, Enter saves.</p>
    </Dialog>
  );
}
