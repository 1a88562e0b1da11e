// Segmenting with any model: which one, with which settings, and where: this frame as a preview, or many as a job.

import { frameCount } from "../../state/annotator/review";
import { chosenSegmenter, keyOf, segmenterChoices } from "../../state/annotator/segmenters";
import { mayEdit } from "../../state/annotator/view";
import { counted } from "../../state/format";
import { runCommand } from "../../tools/commands";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/Button";
import { Checkbox } from "../../ui/Checkbox";
import { ErrorNote } from "../../ui/ErrorNote";
import { CommandKey } from "./command_keys";
import { ScopeChoice } from "./ScopeChoice";
import { SegmentationJobs } from "./SegmentationJobs";
import { SegmenterChoice, SegmenterSettings } from "./SegmenterChoice";
import { useView, useWorkspace } from "./workspace";

export function SegmentPanel() {
  const installed = useView((state) => segmenterChoices(state).length > 0);
  const choice = useView(chosenSegmenter);
  const frames = useView((state) => state.series.frames);
  if (!installed) return <p class="side-empty muted">No model is installed that segments whole frames.</p>;
  return (
    <div class="side-form">
      <SegmenterChoice label="Model">
        <SeriesDefault />
      </SegmenterChoice>
      {frames > 1 && <ScopeChoice />}
      <SegmenterSettings />
      <div class="segment-start">
        <SegmentationJobs />
        <Start runnable={choice !== undefined} />
      </div>
    </div>
  );
}

/** Says whether this model is the series' default, and makes it that. */
function SeriesDefault() {
  const { session } = useWorkspace();
  const segmenter = useView((state) => state.segmenter);
  const usual = useView((state) => state.seriesModel);
  const editable = useView(mayEdit);
  const { busy, error, run } = useAction();
  if (usual !== null && keyOf(usual) === keyOf(segmenter)) {
    return <span class="field-hint">The default of this series</span>;
  }
  if (!editable) return null;
  return (
    <>
      <button
        type="button"
        class="link-button"
        disabled={busy.value}
        onClick={() => run(() => session.setSeriesModel(segmenter))}
      >
        Make it the default of this series
      </button>
      {error.value !== null && <ErrorNote message={error.value.message} />}
    </>
  );
}

/** A preview of this frame, or a job that segments many. */
function Start({ runnable }: { runnable: boolean }) {
  const { dispatch, commands, session } = useWorkspace();
  const scope = useView((state) => state.scope);
  const frames = useView((state) => state.series.frames);
  const editable = useView(mayEdit);
  const looking = useView((state) => {
    const { proposals } = state;
    return proposals !== null && proposals.answer === null && proposals.problem === null;
  });
  const { busy, error, run } = useAction();
  if (frames === 1 || scope.what === "frame") {
    return (
      <>
        <Button
          tone="primary"
          icon="wand"
          busy={looking}
          disabled={!editable || !runnable}
          onClick={() => runCommand(commands, "segment.frame")}
        >
          Segment this frame <CommandKey id="segment.frame" />
        </Button>
        <p class="field-hint">
          Finds objects of the whole frame and proposes them. Nothing is saved before you accept.
        </p>
      </>
    );
  }
  const start = () =>
    run(async () => {
      await session.segment();
      dispatch({ type: "review", change: { minimumScore: 0 } });
    });
  const many = frameCount(scope, frames);
  return (
    <>
      <Checkbox
        label="Replace proposals that wait there"
        checked={scope.replace}
        disabled={!editable}
        onValue={(replace) => dispatch({ type: "scope", change: { replace } })}
      />
      <Button tone="primary" icon="wand" busy={busy.value} disabled={!editable || !runnable} onClick={start}>
        Segment {counted(many, "frame")}
      </Button>
      {error.value !== null && <ErrorNote message={error.value.message} />}
      <p class="field-hint">
        Runs as a job and goes on when you leave. What it finds waits as proposals on every frame; accepted
        masks stay as they are.
      </p>
    </>
  );
}
