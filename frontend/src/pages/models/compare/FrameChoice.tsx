// Chooses among the annotated frames of a series: one by one, or some spread evenly.

import { counted } from "../../../state/format";
import { spread } from "../../../state/models/split";
import { Button } from "../../../ui/Button";

export const MOST_FRAMES = 50;
const FEW = 8;

export interface FrameChoiceProps {
  labelled: readonly number[];
  chosen: ReadonlySet<number>;
  /** Those that a chosen model has learnt from. */
  seen: ReadonlySet<number>;
  onChosen: (frames: ReadonlySet<number>) => void;
}

export function FrameChoice({ labelled, chosen, seen, onChosen }: FrameChoiceProps) {
  if (labelled.length === 0)
    return <p class="muted">No frame of this series is annotated at this version.</p>;
  const pick = (count: number) => () => onChosen(new Set(spread(labelled, count)));
  const fresh = labelled.filter((frame) => !seen.has(frame));
  const toggle = (frame: number) => () => {
    const next = new Set(chosen);
    if (!next.delete(frame)) next.add(frame);
    onChosen(next);
  };
  return (
    <fieldset class="frame-choice">
      <legend class="visually-hidden">Annotated frames</legend>
      <div class="frame-picks">
        <span role="status">
          {chosen.size} of {counted(labelled.length, "annotated frame")}
          {labelled.length > MOST_FRAMES && <span class="muted"> (at most {MOST_FRAMES})</span>}
        </span>
        <Button onClick={pick(MOST_FRAMES)}>
          {labelled.length > MOST_FRAMES ? `${MOST_FRAMES} evenly` : "All"}
        </Button>
        {labelled.length > FEW && <Button onClick={pick(FEW)}>{FEW} evenly</Button>}
        {seen.size > 0 && fresh.length > 0 && (
          <Button onClick={() => onChosen(new Set(spread(fresh, MOST_FRAMES)))}>
            Only what no model has learnt from
          </Button>
        )}
        <Button onClick={() => onChosen(new Set())}>None</Button>
      </div>
      <div class="frame-toggles">
        {labelled.map((frame) => (
          <button
            key={frame}
            type="button"
            class={seen.has(frame) ? "frame-toggle number seen" : "frame-toggle number"}
            aria-pressed={chosen.has(frame)}
            aria-label={seen.has(frame) ? `Frame ${frame + 1}, learnt from` : `Frame ${frame + 1}`}
            onClick={toggle(frame)}
          >
            {frame + 1}
          </button>
        ))}
      </div>
      {chosen.size > MOST_FRAMES && (
        <p class="field-error">
          {chosen.size} frames are more than {MOST_FRAMES}; leave out some.
        </p>
      )}
    </fieldset>
  );
}
