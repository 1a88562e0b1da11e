// How large a pixel is and how far frames are apart. A change is a version, with who said so.

import { useSignal } from "@preact/signals";
import type { ApiError } from "../../protocol/errors";
import type { Calibration } from "../../protocol/rest";
import { calibrationOf, mayEdit } from "../../state/annotator/view";
import { fieldError, formError, useAction } from "../../ui/action";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { ErrorNote } from "../../ui/ErrorNote";
import { Field, Select } from "../../ui/Field";
import { useView, useWorkspace } from "./workspace";

const UNITS = ["pm", "Å", "nm", "µm", "mm"] as const;

export function CalibrationDialog({ onClose }: { onClose: () => void }) {
  const { session } = useWorkspace();
  const calibration = useView(calibrationOf);
  const frames = useView((state) => state.series.frames);
  const editable = useView(mayEdit);
  const size = useSignal(calibration.pixel_size === null ? "" : String(calibration.pixel_size));
  const unit = useSignal(calibration.unit === "" || calibration.unit === "px" ? "nm" : calibration.unit);
  const interval = useSignal(
    calibration.frame_interval_s === null ? "" : String(calibration.frame_interval_s),
  );
  const note = useSignal("");
  const seen = useSignal(calibration.revision ?? 0);
  const { busy, error, run } = useAction();
  const units = UNITS.some((known) => known === unit.value) ? UNITS : [...UNITS, unit.value];
  const sizeProblem = problemOf(size.value);
  const intervalProblem = problemOf(interval.value);
  const save = async () => {
    if (sizeProblem !== undefined || intervalProblem !== undefined) return;
    const values = {
      pixel_size: numberOrNull(size.value),
      unit: unit.value,
      frame_interval_s: numberOrNull(interval.value),
      base: seen.value,
      ...(note.value.trim() === "" ? {} : { source_note: note.value.trim() }),
    };
    if (await run(() => session.calibrate(values))) onClose();
    // Somebody else's is said by now: saving again is over it, knowingly.
    else seen.value = newerRevision(error.value) ?? seen.value;
  };
  const shown = ["pixel_size", "unit", "frame_interval_s", "source_note"];
  const failure = formError(error.value, shown);
  return (
    <Dialog
      title="Calibration"
      onClose={onClose}
      onSubmit={save}
      footer={
        <>
          <Button onClick={onClose}>{editable ? "Cancel" : "Close"}</Button>
          {editable && (
            <Button type="submit" tone="primary" busy={busy.value}>
              Save
            </Button>
          )}
        </>
      }
    >
      <p class="muted">
        {calibration.source === "" ? "Not calibrated: nobody has said yet." : `Source: ${calibration.source}`}
      </p>
      <div class="field-pair">
        <Field
          label="Pixel size"
          hint="Empty: not known, lengths stay in px"
          inputMode="decimal"
          value={size.value}
          disabled={!editable}
          error={sizeProblem ?? fieldError(error.value, "pixel_size")}
          autofocus
          onValue={(value) => {
            size.value = value;
          }}
        />
        <Select
          label="Unit per pixel"
          value={unit.value}
          disabled={!editable}
          choices={units.map((name) => ({ value: name, label: name }))}
          onValue={(value) => {
            unit.value = value;
          }}
        />
      </div>
      {frames > 1 && (
        <Field
          label="Seconds from frame to frame"
          hint="Empty: not known, time stays in frames"
          inputMode="decimal"
          value={interval.value}
          disabled={!editable}
          error={intervalProblem ?? fieldError(error.value, "frame_interval_s")}
          onValue={(value) => {
            interval.value = value;
          }}
        />
      )}
      {editable && (
        <Field
          label="Where this comes from"
          placeholder="Microscope log, scale bar on frame 1, …"
          maxLength={200}
          value={note.value}
          error={fieldError(error.value, "source_note")}
          onValue={(value) => {
            note.value = value;
          }}
        />
      )}
      {failure !== undefined && <ErrorNote message={failure} />}
    </Dialog>
  );
}

/** That of the calibration which a refusal tells of. */
function newerRevision(error: ApiError | null): number | null {
  const newer = error?.code === "stale" ? (error.details["calibration"] as Partial<Calibration>) : undefined;
  return newer?.revision ?? null;
}

function numberOrNull(text: string): number | null {
  return text.trim() === "" ? null : Number(text.trim().replace(",", "."));
}

function problemOf(text: string): string | undefined {
  const value = numberOrNull(text);
  if (value === null || (Number.isFinite(value) && value > 0)) return undefined;
  return `“${text}” is not a positive number. Write one like 0.25, or leave the field empty.`;
}
