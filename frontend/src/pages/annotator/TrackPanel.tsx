// Following objects from the frame in sight: which, where to, by what; and the jobs that do it.

import { chosenTracks } from "../../state/annotator/lineage";
import type { Tracking } from "../../state/annotator/model";
import { chosenTracker, trackingOf, trackingText, whyNotTrack } from "../../state/annotator/tracking";
import { mayEdit, objectOf, objectsOn } from "../../state/annotator/view";
import { counted } from "../../state/format";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { Select } from "../../ui/Field";
import { FrameNumber } from "./ScopeChoice";
import { SegmenterChoice, SegmenterSettings } from "./SegmenterChoice";
import { TrackingJobs } from "./TrackingJobs";
import { useView, useWorkspace } from "./workspace";

export function TrackPanel() {
  return (
    <div class="side-form track-form">
      <WhatChoice />
      <WhereChoice />
      <TrackerChoice />
      <SegmenterChoice label="Segmenter" />
      <Settings />
      <div class="segment-start">
        <TrackingJobs />
        <Start />
      </div>
    </div>
  );
}

function WhatChoice() {
  const { dispatch } = useWorkspace();
  const what = useView((state) => state.tracking.what);
  const here = useView((state) => objectsOn(state, state.frame).length);
  const chosen = useView(
    (state) => chosenTracks(state).filter((track) => objectOf(state, track, state.frame)).length,
  );
  return (
    <>
      <Select<Tracking["what"]>
        label="What"
        value={what}
        choices={[
          { value: "everything", label: "All, and what appears" },
          { value: "frame", label: `Objects of this frame (${here})` },
          { value: "selected", label: `Selected objects (${chosen})` },
        ]}
        onValue={(value) => dispatch({ type: "tracking", change: { what: value } })}
      />
      {what === "selected" && (
        <span class="field-hint">Click an object on the image; with Shift, one more.</span>
      )}
    </>
  );
}

function WhereChoice() {
  const { dispatch } = useWorkspace();
  const { where, to } = useView((state) => state.tracking);
  const frames = useView((state) => state.series.frames);
  return (
    <>
      <Select<Tracking["where"]>
        label="Where to"
        value={where}
        choices={[
          { value: "end", label: `The end, frame ${frames}` },
          { value: "beginning", label: "The beginning, frame 1" },
          { value: "frame", label: "Another frame" },
        ]}
        onValue={(value) => dispatch({ type: "tracking", change: { where: value } })}
      />
      {where === "frame" && (
        <span class="scope-range">
          Frame
          <FrameNumber
            label="Last frame that is tracked"
            value={to + 1}
            maximum={frames}
            onValue={(value) => dispatch({ type: "tracking", change: { to: value - 1 } })}
          />
        </span>
      )}
    </>
  );
}

function TrackerChoice() {
  const { dispatch } = useWorkspace();
  const trackers = useView((state) => state.trackers);
  const chosen = useView(chosenTracker);
  if (trackers.length === 0) return <p class="muted">No tracker is installed.</p>;
  return (
    <Select
      label="Tracker"
      value={chosen?.name ?? ""}
      choices={trackers.map(({ name, title, available }) => ({
        value: name,
        label: title,
        disabled: !available,
      }))}
      onValue={(tracker) => dispatch({ type: "tracking", change: { tracker } })}
    />
  );
}

/** Of the segmenter; and what is missing for the trackers that cannot run. */
function Settings() {
  const missing = useView((state) => state.trackers).filter(({ available }) => !available);
  return (
    <details class="track-settings">
      <summary>
        Settings
        {missing.length > 0 && `, and why ${counted(missing.length, "tracker")} cannot run`}
      </summary>
      <SegmenterSettings />
      {missing.length > 0 && (
        <ul class="track-reasons">
          {missing.map(({ name, title, reason }) => (
            <li key={name}>
              <strong>{title}</strong> {reason}
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}

function Start() {
  const { session, state } = useWorkspace();
  const editable = useView(mayEdit);
  const hindrance = useView(whyNotTrack);
  const known = useView((all) => all.jobs.some(({ kind }) => kind === "track"));
  const text = useView((all) => (whyNotTrack(all) === null ? trackingText(all) : null));
  const { busy, error, run } = useAction();
  const start = () =>
    run(async () => {
      const request = trackingOf(state.peek());
      if (request !== null) await session.track(request);
    });
  return (
    <>
      <p class={hindrance === null ? "track-text" : "track-text muted"} role="status">
        {text ?? hindrance}
      </p>
      <Button
        tone="primary"
        icon="track"
        busy={busy.value}
        disabled={!editable || hindrance !== null}
        onClick={start}
      >
        Start
      </Button>
      {error.value !== null && <ErrorNote message={error.value.message} />}
      {!known && (
        <p class="field-hint">
          Runs as a job and goes on when you leave. Masks appear frame by frame as proposals, each with its
          ID.
        </p>
      )}
    </>
  );
}
