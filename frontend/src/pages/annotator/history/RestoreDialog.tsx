// Brings back an older version, or a part of it. It says what will change before, and it can be undone.

import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import type { Restoration, RestorationPreview } from "../../../protocol/history";
import { countsText } from "../../../state/annotator/log";
import { framesProblem, typedFrames } from "../../../state/annotator/log_filter";
import { trackName } from "../../../state/annotator/words";
import { counted } from "../../../state/format";
import { failed, loading, type Remote, ready } from "../../../state/remote";
import { useAction } from "../../../ui/action";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { ErrorNote } from "../../../ui/ErrorNote";
import { Field } from "../../../ui/Field";
import { showToast } from "../../../ui/Toast";
import { useView, useWorkspace } from "../workspace";
import "./history.css";

export function RestoreDialog({ onClose }: { onClose: () => void }) {
  const { session } = useWorkspace();
  const version = useView((state) => state.difference?.from ?? state.past?.version ?? null);
  const frame = useView((state) => state.frame);
  const count = useView((state) => state.series.frames);
  const track = useView((state) => state.selection?.track ?? null);
  const object = useView((state) => (track === null ? "" : trackName(state, track)));
  const where = useSignal<"frame" | "range" | "all">("all");
  const only = useSignal(false);
  const typed = useSignal(`1-${count}`);
  const preview = useSignal<Remote<RestorationPreview>>(loading);
  const { busy, error, run } = useAction();
  const name = useId();
  const range = where.value === "frame" ? [frame, frame] : typedFrames(typed.value, count);
  const whole = where.value === "all";
  const what: Restoration | null =
    version === null || (!whole && range === null)
      ? null
      : {
          version,
          first_frame: whole ? null : (range?.[0] ?? null),
          last_frame: whole ? null : (range?.[1] ?? null),
          tracks: only.value && track !== null ? [track] : null,
        };
  const asked = JSON.stringify(what);
  useEffect(() => {
    if (what === null) return;
    let left = false;
    preview.value = loading;
    session.previewRestoration(what).then(
      (found) => {
        if (!left) preview.value = ready(found);
      },
      (cause) => {
        if (!left) preview.value = failed(cause);
      },
    );
    return () => {
      left = true;
    };
  }, [asked]);
  if (version === null) return null;
  const changes = preview.value.status === "ready" ? countsText(preview.value.value.counts) : "";
  const submit = async () => {
    if (what === null || changes === "") return;
    if (!(await run(() => session.restore(what)))) return;
    showToast("success", `Version ${version} is restored, as a new version. Ctrl+Z takes it back.`);
    onClose();
  };
  const choices = [
    ["all", count === 1 ? "The whole image" : `All ${count} frames`],
    ...(count === 1
      ? []
      : ([
          ["frame", `This frame (${frame + 1})`],
          ["range", "A range of frames"],
        ] as const)),
  ] as const;
  return (
    <Dialog
      title={`Restore version ${version}`}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" type="submit" busy={busy.value} disabled={what === null || changes === ""}>
            Restore
          </Button>
        </>
      }
    >
      <fieldset class="scope">
        <legend>Where</legend>
        {choices.map(([value, label]) => (
          <label key={value} class="checkbox">
            <input
              type="radio"
              name={name}
              checked={where.value === value}
              onChange={() => {
                where.value = value;
              }}
            />
            {label}
          </label>
        ))}
      </fieldset>
      {where.value === "range" && (
        <Field
          label="Frames, first and last"
          inputMode="numeric"
          autocomplete="off"
          value={typed.value}
          error={framesProblem(typed.value, count)}
          onValue={(text) => {
            typed.value = text;
          }}
        />
      )}
      <fieldset class="scope">
        <legend>What</legend>
        {[false, true].map((alone) => (
          <label key={String(alone)} class="checkbox">
            <input
              type="radio"
              name={`${name}-what`}
              checked={only.value === alone}
              disabled={alone && track === null}
              onChange={() => {
                only.value = alone;
              }}
            />
            {alone
              ? `Only ${track === null ? "the selected object (select one first)" : object}`
              : "All objects"}
          </label>
        ))}
      </fieldset>
      <p class="restore-preview" role="status">
        {what === null
          ? "Say which frames."
          : preview.value.status === "loading"
            ? "Counting what would change…"
            : preview.value.status === "failed"
              ? ""
              : previewText(version, preview.value.value)}
      </p>
      {preview.value.status === "failed" && <ErrorNote message={preview.value.error.message} />}
      {error.value !== null && <ErrorNote message={error.value.message} />}
    </Dialog>
  );
}

function previewText(
  version: number,
  { counts, frames, first_frame, last_frame }: RestorationPreview,
): string {
  const changes = countsText(counts);
  if (changes === "") return `Nothing would change: it is as in version ${version}.`;
  const on =
    first_frame === null || last_frame === null
      ? ""
      : first_frame === last_frame
        ? ` on frame ${first_frame + 1}`
        : ` on ${counted(frames, "frame")} (${first_frame + 1} to ${last_frame + 1})`;
  return `This will change: ${changes}${on}. It is one new version; nothing is lost, and Ctrl+Z takes it back.`;
}
