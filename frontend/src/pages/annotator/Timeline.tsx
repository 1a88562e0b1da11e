// The frames of the series: which are annotated, which one is in sight; step, scrub, play.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { followFrame, wholeSeries } from "../../geometry/time_axis";
import type { RunsByTrack } from "../../state/annotator/model";
import { calibrationOf } from "../../state/annotator/view";
import { IconButton } from "../../ui/Button";
import { shortcut } from "./command_keys";
import { keepLanesWanted, lanesWanted } from "./lanes_kept";
import { TimelineLanes } from "./TimelineLanes";
import { TimelineTrack } from "./TimelineTrack";
import type { TimeAxis } from "./time";
import { useView, useWorkspace } from "./workspace";

const SLOW = 0.9; // of the rate asked for
const RATES = [2, 5, 10, 15, 25, 50];

export function Timeline() {
  const { dispatch, state: annotator } = useWorkspace();
  const frame = useView((state) => state.frame);
  const frames = useView((state) => state.series.frames);
  const playing = useView((state) => state.playing);
  const rate = useView((state) => state.framesPerSecond);
  const interval = useView((state) => calibrationOf(state).frame_interval_s);
  const axis = useTimeAxis();
  const lanes = useLanesOpen();
  const show = (wanted: number) => {
    dispatch({ type: "play", playing: false });
    dispatch({ type: "frame/show", frame: wanted });
  };
  if (frames === 1) return null; // an image has no time
  return (
    <>
      {lanes.open && <TimelineLanes axis={axis} />}
      <section class="timeline" aria-label="Timeline">
        <div class="timeline-controls">
          <IconButton
            icon="chevron-left"
            label="Previous frame"
            {...shortcut("frame.previous")}
            disabled={frame === 0}
            onClick={() => show(frame - 1)}
          />
          <IconButton
            icon={playing ? "pause" : "play"}
            label={playing ? "Pause" : "Play"}
            {...shortcut("frame.play")}
            disabled={frames === 1}
            onClick={() => dispatch({ type: "play", playing: !playing })}
          />
          <IconButton
            icon="chevron-right"
            label="Next frame"
            {...shortcut("frame.next")}
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
        <TimelineTrack axis={axis} />
        {interval !== null && (
          <span class="timeline-time muted number">{(frame * interval).toFixed(2)} s</span>
        )}
        <SlowPlay rate={rate} />
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
        <IconButton
          icon="lanes"
          label={lanes.open ? "Hide the tracks" : "Show the tracks"}
          pressed={lanes.open}
          onClick={lanes.toggle}
        />
      </section>
    </>
  );
}

/** Says so when every frame is shown, but not as fast as was asked for. */
function SlowPlay({ rate }: { rate: number }) {
  const { playedRate } = useWorkspace();
  const reached = playedRate.value;
  if (reached === null || reached > SLOW * rate) return null;
  return (
    <span
      class="number bar-problem"
      title="No frame is skipped: loading or drawing takes longer than asked for"
    >
      {reached.toFixed(reached < 10 ? 1 : 0)} of
    </span>
  );
}

/** Shared by the bar to scrub on and the lanes above it, so that a frame lies at one place in both. */
function useTimeAxis(): TimeAxis {
  const { state } = useWorkspace();
  const { frames } = state.peek().series;
  const span = useSignal(wholeSeries(frames));
  const place = useSignal({ left: 0, width: 0 });
  const frame = useView((all) => all.frame);
  useEffect(() => {
    span.value = followFrame(span.peek(), frames, frame);
  }, [frame]);
  return useMemo(() => ({ span, place, frames }), []);
}

/** As this browser had it last; else open where something lives for longer than a frame. */
function useLanesOpen(): { open: boolean; toggle: () => void } {
  const wanted = useSignal(lanesWanted());
  const tracked = useView((state) => longLived(state.past?.runs ?? state.lanes.runs));
  const met = useSignal(false);
  useEffect(() => {
    if (tracked) met.value = true; // once open, a moment without tracks does not close it
  }, [tracked]);
  const open = wanted.value ?? (tracked || met.value);
  const toggle = () => {
    wanted.value = !open;
    keepLanesWanted(!open);
  };
  return { open, toggle };
}

const longLivedRuns = new WeakMap<RunsByTrack, boolean>();

function longLived(runs: RunsByTrack): boolean {
  let found = longLivedRuns.get(runs);
  if (found === undefined) {
    found = [...runs.values()].some((ofTrack) => (ofTrack.at(-1)?.last ?? 0) > (ofTrack[0]?.first ?? 0));
    longLivedRuns.set(runs, found);
  }
  return found;
}
