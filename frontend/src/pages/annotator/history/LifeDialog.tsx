// Who or which model made each part of an object's life, and every version of its mask on one frame.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Life, LifeRun, MaskVersions } from "../../../protocol/history";
import { makerKey, makerText, versionText } from "../../../state/annotator/makers";
import { tracksOf } from "../../../state/annotator/view";
import { counted, timeAgo } from "../../../state/format";
import { failed, loading, type Remote, ready } from "../../../state/remote";
import { Dialog } from "../../../ui/Dialog";
import { ErrorNote } from "../../../ui/ErrorNote";
import { framesText } from "../happenings";
import { areaOf, objectName, phaseName } from "../objects";
import { useView, useWorkspace } from "../workspace";
import "./history.css";

const COLOURS = 7;

export interface LifeDialogProps {
  track: string;
  onClose: () => void;
}

export function LifeDialog({ track, onClose }: LifeDialogProps) {
  const { session, dispatch } = useWorkspace();
  const known = useView((state) => tracksOf(state).get(track));
  const shownFrame = useView((state) => state.frame);
  const life = useSignal<Remote<Life>>(loading);
  const frame = useSignal<number>(shownFrame);
  useEffect(() => {
    session.life(track).then(
      (found) => {
        life.value = ready(found);
        const there = found.runs.some(({ first, last }) => first <= shownFrame && shownFrame <= last);
        if (!there && found.runs[0] !== undefined) frame.value = found.runs[0].first;
      },
      (cause) => {
        life.value = failed(cause);
      },
    );
  }, [track]);
  if (known === undefined) return null;
  const go = (to: number) => {
    dispatch({ type: "play", playing: false });
    dispatch({ type: "frame/show", frame: to });
    dispatch({ type: "selection", selection: { track, lasting: true } });
    onClose();
  };
  return (
    <Dialog title={`Who made ${objectName(known)}`} onClose={onClose} wide>
      {life.value.status === "loading" && <p class="muted">Loading…</p>}
      {life.value.status === "failed" && <ErrorNote message={life.value.error.message} />}
      {life.value.status === "ready" && (
        <>
          <LifeBar life={life.value.value} frame={frame.value} onGo={go} />
          <LifeRuns life={life.value.value} onGo={go} />
          <LifeChanges life={life.value.value} />
          <FrameVersions
            track={track}
            frame={frame.value}
            onFrame={(to) => {
              frame.value = to;
            }}
            onClose={onClose}
          />
        </>
      )}
    </Dialog>
  );
}

/** The same colour for the same people and models, in the order in which they come. */
function coloursOf(runs: readonly LifeRun[]): ReadonlyMap<string, number> {
  const keys = [...new Set(runs.map(({ maker }) => makerKey(maker)))];
  return new Map(keys.map((key, index) => [key, index % COLOURS]));
}

function LifeBar({ life, frame, onGo }: { life: Life; frame: number; onGo: (frame: number) => void }) {
  const frames = useView((state) => state.series.frames);
  const colours = coloursOf(life.runs);
  return (
    <div class="life-bar" aria-hidden="true">
      {life.runs.map((run) => (
        <button
          key={run.first}
          type="button"
          tabIndex={-1}
          class={`life-part life-${colours.get(makerKey(run.maker))} ${run.state}`}
          style={{
            left: `${(100 * run.first) / frames}%`,
            width: `${(100 * (run.last - run.first + 1)) / frames}%`,
          }}
          title={framesText(run.first, run.last)}
          onClick={() => onGo(run.first)}
        />
      ))}
      <i class="life-here" style={{ left: `${(100 * (frame + 0.5)) / frames}%` }} />
    </div>
  );
}

function LifeRuns({ life, onGo }: { life: Life; onGo: (frame: number) => void }) {
  const { state } = useWorkspace();
  const colours = coloursOf(life.runs);
  if (life.runs.length === 0) return <p class="muted">It has no masks in this version.</p>;
  return (
    <ol class="life-runs" aria-label="Its life, part by part">
      {life.runs.map((run) => (
        <li key={run.first}>
          <button type="button" class="life-run" onClick={() => onGo(run.first)}>
            <i class={`life-swatch life-${colours.get(makerKey(run.maker))} ${run.state}`} />
            <span class="number">{framesText(run.first, run.last)}</span>
            <span>
              {makerText(state.value, run.maker)}
              {run.state === "proposal" && <span class="muted"> (a proposal)</span>}
            </span>
            <span class="muted number">
              {run.first_version === run.last_version
                ? `version ${run.first_version}`
                : `versions ${run.first_version}–${run.last_version}`}
              , {timeAgo(run.made_at, Date.now())}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function LifeChanges({ life }: { life: Life }) {
  const { state } = useWorkspace();
  if (life.changes.length < 2) return null;
  return (
    <details>
      <summary>{counted(life.changes.length, "version")} of its phase and name</summary>
      <ul class="life-changes">
        {life.changes.map(({ version, author, created_at, phase, name, deleted }) => (
          <li key={version}>
            <span class="number">{version}</span> {author.name}, {timeAgo(created_at, Date.now())}:{" "}
            {deleted
              ? "deleted"
              : [phaseName(state.value, phase), name].filter((part) => part !== "").join(", ")}
          </li>
        ))}
      </ul>
    </details>
  );
}

interface FrameVersionsProps {
  track: string;
  frame: number;
  onFrame: (frame: number) => void;
  onClose: () => void;
}

function FrameVersions({ track, frame, onFrame, onClose }: FrameVersionsProps) {
  const { session, dispatch, state } = useWorkspace();
  const count = useView((all) => all.series.frames);
  const head = useView((all) => all.serverHead);
  const found = useSignal<Remote<MaskVersions>>(loading);
  useEffect(() => {
    let left = false;
    session.maskVersions(track, frame).then(
      (versions) => {
        if (!left) found.value = ready(versions);
      },
      (cause) => {
        if (!left) found.value = failed(cause);
      },
    );
    return () => {
      left = true;
    };
  }, [track, frame]);
  const show = (version: number) => {
    dispatch(version === head ? { type: "past/close" } : { type: "past/open", version });
    dispatch({ type: "frame/show", frame });
    dispatch({ type: "selection", selection: { track, lasting: true } });
    onClose();
  };
  return (
    <section class="life-frame" aria-label="Versions of its mask on a frame">
      <label class="life-frame-choice">
        Versions of its mask on frame
        <input
          class="input"
          type="number"
          min={1}
          max={count}
          value={frame + 1}
          onChange={(event) => {
            const wanted = Math.round(event.currentTarget.valueAsNumber) - 1;
            if (wanted >= 0 && wanted < count) onFrame(wanted);
            else event.currentTarget.value = String(frame + 1);
          }}
        />
      </label>
      {found.value.status === "failed" && <ErrorNote message={found.value.error.message} />}
      {found.value.status === "ready" && (
        <ol class="life-versions">
          {found.value.value.revisions.length === 0 && <li class="muted">It never had one on this frame.</li>}
          {found.value.value.revisions.map((revision) => (
            <li key={revision.version}>
              <button type="button" class="life-run" onClick={() => show(revision.version)}>
                <span class="number">{revision.version}</span>
                <span>
                  {versionText(state.value, revision)}
                  {revision.reason !== "" && <span class="muted"> · {revision.reason}</span>}
                </span>
                <span class="muted number">
                  {revision.sha256 === null ? "" : `${areaOf(state.value, revision.area_px)}, `}
                  {timeAgo(revision.created_at, Date.now())}
                </span>
              </button>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
