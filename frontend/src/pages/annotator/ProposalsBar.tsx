// The objects that "segment frame" found: choose by score, accept all or, by clicking, one by one.

import { openProposals } from "../../state/annotator/drafts";
import { chosenSegmenter, leastScore } from "../../state/annotator/segmenters";
import { counted } from "../../state/format";
import { Button } from "../../ui/Button";
import { ProgressBar } from "../../ui/ProgressBar";
import { CommandKey } from "./command_keys";
import { useView, useWorkspace } from "./workspace";

export function ProposalsBar() {
  const { dispatch, commands } = useWorkspace();
  const proposals = useView((state) => state.proposals);
  const frame = useView((state) => state.frame);
  const open = useView((state) => (state.proposals === null ? null : openProposals(state)));
  const hasPrompt = useView((state) => state.prompt !== null);
  const least = useView((state) =>
    state.proposals === null
      ? 0
      : leastScore(chosenSegmenter({ ...state, segmenter: state.proposals }), state.proposals.parameters),
  );
  if (proposals === null || open === null || hasPrompt) return null;
  const dismiss = () => dispatch({ type: "proposals/dismiss" });
  if (proposals.problem !== null) {
    return (
      <div class="stage-bar" role="alert">
        <span class="bar-problem">{proposals.problem}</span>
        <Button tone="quiet" onClick={dismiss}>
          Close <CommandKey id="cancel" />
        </Button>
      </div>
    );
  }
  if (proposals.frame !== frame) {
    return (
      <div class="stage-bar" role="status">
        <span>Proposals wait on frame {proposals.frame + 1}.</span>
        <Button onClick={() => dispatch({ type: "frame/show", frame: proposals.frame })}>Show them</Button>
        <Button tone="quiet" onClick={dismiss}>
          Dismiss
        </Button>
      </div>
    );
  }
  if (proposals.answer === null) {
    return (
      <div class="stage-bar" role="status">
        <span>Looking for objects on this frame…</span>
        <ProgressBar label="Segmenting the frame" value={proposals.progress} />
        <Button tone="quiet" onClick={dismiss}>
          Cancel <CommandKey id="cancel" />
        </Button>
      </div>
    );
  }
  const scores = proposals.answer.items.map((item) => item.score ?? 1);
  const graded = scores.some((score) => score < 1);
  const accept = () => {
    const accepted = open.map(({ index }) => [index, commands.newId()] as const);
    dispatch({ type: "proposals/accept", requestId: commands.newId(), accepted });
  };
  return (
    <div class="stage-bar" role="status">
      <span>
        <strong class="number">{counted(open.length, "new object")}</strong>
        {open.length > 0 && <span class="bar-note"> · click one to accept it alone</span>}
      </span>
      {graded && (
        <label class="bar-slider">
          Score ≥ <span class="number">{proposals.minimumScore.toFixed(2)}</span>
          <input
            type="range"
            min={least}
            max={1}
            step={0.01}
            value={proposals.minimumScore}
            onInput={(event) =>
              dispatch({ type: "proposals/score", minimum: Number(event.currentTarget.value) })
            }
          />
        </label>
      )}
      <Button tone="primary" icon="check" disabled={open.length === 0} onClick={accept}>
        Accept all <CommandKey id="prompt.accept" />
      </Button>
      <Button tone="quiet" onClick={dismiss}>
        Dismiss <CommandKey id="cancel" />
      </Button>
    </div>
  );
}
