// The frames of the series: which are annotated, which one is in sight; step, scrub, play.

import { calibrationOf } from "../../state/annotator/view";
import { IconButton } from "../../ui/Button";
import { TimelineTrack } from "./TimelineTrack";
import { useView, useWorkspace } from "./workspace";

const RATES = [2, 5, 10, 15, 25, 50];

export function Timeline() {
  const { dispatch, state: annotator } = useWorkspace();
  const frame = useView((state) => state.frame);
  const frames = useView((state) => state.series.frames);
  const playing = useView((state) => state.playing);
  const rate = useView((state) => state.framesPerSecond);
  const interval = useView((state) => calibrationOf(state).frame_interval_s);
  const show = (wanted: number) => {
    dispatch({ type: "play", playing: false });
    dispatch({ type: "frame/show", frame: wanted });
  };
  if (frames === 1) return null; // an image has no time
  return (
    <section class="timeline" aria-label="Timeline">
      <div class="timeline-controls">
        <IconButton
          icon="chevron-left"
          label="Previous frame"
          shortcut="←"
          disabled={frame === 0}
          onClick={() => show(frame - 1)}
        />
        <IconButton
          icon={playing ? "pause" : "play"}
          label={playing ? "Pause" : "Play"}
          shortcut="P"
          disabled={frames === 1}
          onClick={() => dispatch({ type: "play", playing: !playing })}
        />
        <IconButton
          icon="chevron-right"
          label="Next frame"
          shortcut="→"
          disabled={frame === frames - 1}
          onClick={() => show(frame + 1)}
        />
      </div>
      <label class="timeline-frame">
        <span class="visually-hidden">Frame</span>
        <input
          class="input"
          type="number"
          min={1}
          max={frames}
          value={frame + 1}
          onChange={(event) => {
            const { value } = event.currentTarget;
            if (value !== "") show(Number(value) - 1);
            event.currentTarget.value = String(annotator.peek().frame + 1); // nothing typed, or a frame too far
          }}
        />
        <span class="muted number">of {frames}</span>
      </label>
      <TimelineTrack />
      {interval !== null && <span class="timeline-time muted number">{(frame * interval).toFixed(2)} s</span>}
      <label class="timeline-rate">
        <span class="visually-hidden">Frames per second</span>
        <span class="select">
          <select
            class="input"
            value={rate}
            onChange={(event) =>
              dispatch({ type: "rate", framesPerSecond: Number(event.currentTarget.value) })
            }
          >
            {RATES.map((value) => (
              <option key={value} value={value}>
                {value} fps
              </option>
            ))}
          </select>
        </span>
      </label>
    </section>
  );
}
