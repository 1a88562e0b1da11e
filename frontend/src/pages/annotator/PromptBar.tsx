// The masks on offer for the prompt: which one is shown, how good the model thinks it is, accept or cancel.

import { receivingTrack, refinedTrack } from "../../state/annotator/drafts";
import type { Annotator } from "../../state/annotator/model";
import { trackName } from "../../state/annotator/words";
import { Button, IconButton } from "../../ui/Button";
import { CommandKey, shortcut } from "./command_keys";
import { areaOf } from "./objects";
import { useView, useWorkspace } from "./workspace";

export function PromptBar() {
  const { dispatch, commands } = useWorkspace();
  const prompt = useView((state) => state.prompt);
  const frame = useView((state) => state.frame);
  const subject = useView(subjectOf);
  const refines = useView((state) => refinedTrack(state) !== null);
  const area = useView((state) => {
    const candidate = state.prompt?.answer?.candidates[state.prompt.chosen];
    return candidate === undefined ? "" : areaOf(state, candidate.area_px);
  });
  if (prompt === null) return null;
  if (prompt.frame !== frame) {
    return (
      <div class="stage-bar" role="status">
        <span>An open prompt waits on frame {prompt.frame + 1}.</span>
        <Button onClick={() => dispatch({ type: "frame/show", frame: prompt.frame })}>Show it</Button>
        <Button tone="quiet" onClick={() => dispatch({ type: "prompt/cancel" })}>
          Discard
        </Button>
      </div>
    );
  }
  if (prompt.problem !== null) {
    return (
      <div class="stage-bar" role="alert">
        <span class="bar-problem">{prompt.problem}</span>
        <Button onClick={() => dispatch({ type: "prompt/again", requestId: commands.newId() })}>
          Try again
        </Button>
        <Button tone="quiet" onClick={() => dispatch({ type: "prompt/cancel" })}>
          Cancel <CommandKey id="cancel" />
        </Button>
      </div>
    );
  }
  const candidates = prompt.answer?.candidates ?? [];
  const candidate = candidates[prompt.chosen];
  if (candidate === undefined) return null;
  return (
    <div class="stage-bar" role="status">
      {candidates.length > 1 && (
        <span class="bar-choice">
          <IconButton
            icon="chevron-left"
            label="Previous mask"
            {...shortcut("prompt.previous")}
            onClick={() => dispatch({ type: "prompt/cycle", step: -1 })}
          />
          <span class="number">
            Mask {prompt.chosen + 1} of {candidates.length}
          </span>
          <IconButton
            icon="chevron-right"
            label="Next mask"
            {...shortcut("prompt.next")}
            onClick={() => dispatch({ type: "prompt/cycle", step: 1 })}
          />
        </span>
      )}
      {candidate.score !== null && (
        <span class="number" title="How well the model expects this mask to fit">
          score {candidate.score.toFixed(2)}
        </span>
      )}
      <span class="number">{area}</span>
      <span class={refines ? "prompt-subject refines" : "prompt-subject"}>{subject}</span>
      <Button
        tone="primary"
        icon="check"
        onClick={() =>
          dispatch({ type: "prompt/accept", requestId: commands.newId(), track: commands.newId() })
        }
      >
        Accept <CommandKey id="prompt.accept" />
      </Button>
      <Button tone="quiet" onClick={() => dispatch({ type: "prompt/cancel" })}>
        Cancel <CommandKey id="cancel" />
      </Button>
    </div>
  );
}

/** Whose mask it becomes. */
function subjectOf(state: Annotator): string {
  const track = receivingTrack(state);
  if (track === null) return "New object";
  return `${refinedTrack(state) === null ? "For" : "Refines"} ${trackName(state, track)}`;
}
