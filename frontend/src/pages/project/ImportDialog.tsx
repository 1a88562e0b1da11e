// Chooses files and says which series they will become.

import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { counted, fileSize, percent } from "../../state/format";
import { startImport } from "../../state/imports/effects";
import { folderOf } from "../../state/imports/folders";
import { type Grouping, isClutter, isImage, planSeries } from "../../state/imports/plan";
import { knownTransfer, unfinished } from "../../state/imports/store";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/icons";
import { ImportThumbnail } from "./ImportThumbnail";

export interface ImportDialogProps {
  project: string;
  /** What was dropped last, on the page or on this dialog; or nothing yet. */
  files: readonly File[];
  onClose: () => void;
}

export function ImportDialog({ project, files, onClose }: ImportDialogProps) {
  const chosen = useSignal<readonly File[]>([]);
  const grouping = useSignal<Grouping>("one");
  const names = useSignal<ReadonlyMap<string, string>>(new Map());
  const planned = useComputed(() => planSeries(chosen.value, grouping.value, folderOf));
  const picker = useRef<HTMLInputElement>(null);

  const add = (more: readonly File[]) => {
    const known = new Set(chosen.value.map(keyOf));
    chosen.value = [...chosen.value, ...more.filter((file) => !isClutter(file) && !known.has(keyOf(file)))];
  };
  useEffect(() => add(files), [files]);
  const submit = () => {
    for (const one of planned.value) {
      const name = names.value.get(planKey(one.files))?.trim();
      startImport(project, name ? { ...one, name } : one);
    }
    onClose();
  };
  const images = chosen.value.filter(isImage);
  const together = planSeries(images, "one", folderOf).length;
  return (
    <Dialog
      title="Import series"
      onClose={onClose}
      onSubmit={submit}
      wide
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" disabled={planned.value.length === 0}>
            {planned.value.length > 1 ? `Import ${planned.value.length} series` : "Import"}
          </Button>
        </>
      }
    >
      <div class="drop-box">
        <Icon name="upload" size={20} />
        <div>
          <Button onClick={() => picker.current?.click()}>Choose files</Button>{" "}
          <span class="muted">or drop them here</span>
          <p class="field-hint">
            PNG, JPEG or TIFF frames, a zip of frames, a TIFF or OME-TIFF stack, MP4 or AVI. Bit depth, pixel
            size and time step are kept.
          </p>
        </div>
        <input
          ref={picker}
          class="visually-hidden"
          type="file"
          multiple
          tabIndex={-1}
          aria-label="Files to import"
          onChange={(event) => {
            add([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
      </div>
      {images.length > 1 && (
        <fieldset class="grouping">
          <legend class="visually-hidden">What the images are</legend>
          {radio(grouping.value === "one", oneSeries(images.length, together), () => {
            grouping.value = "one";
          })}
          {radio(grouping.value === "each", "Each image or stack is a series of its own", () => {
            grouping.value = "each";
          })}
        </fieldset>
      )}
      {planned.value.length > 0 && (
        <ul class="planned">
          {planned.value.map((one) => {
            const key = planKey(one.files);
            return (
              <li key={key}>
                {one.files[0] !== undefined && <ImportThumbnail file={one.files[0]} />}
                <Field
                  label="Series name"
                  hint={summary(one.files)}
                  maxLength={200}
                  autocomplete="off"
                  value={names.value.get(key) ?? one.name}
                  onValue={(value) => {
                    names.value = new Map(names.value).set(key, value);
                  }}
                />
                <Button
                  tone="quiet"
                  onClick={() => {
                    const gone = new Set(one.files.map(keyOf));
                    chosen.value = chosen.value.filter((file) => !gone.has(keyOf(file)));
                  }}
                >
                  Remove
                </Button>
              </li>
            );
          })}
        </ul>
      )}
    </Dialog>
  );
}

const keyOf = (file: File) => `${folderOf(file)}/${file.name}/${file.size}/${file.lastModified}`;
const planKey = (files: readonly File[]) => files.map(keyOf).join("\n");

const radio = (checked: boolean, label: string, onChoose: () => void) => (
  <label class="checkbox">
    <input type="radio" name="grouping" checked={checked} onChange={onChoose} />
    {label}
  </label>
);

const oneSeries = (images: number, together: number) =>
  together > 1
    ? `Images of the same folder and kind are the frames of one series: ${together} series`
    : `${images} images are the frames of one series`;

function summary(files: readonly File[]): string {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const known = files.reduce((sum, file) => sum + (knownTransfer(file, unfinished.value)?.offset ?? 0), 0);
  const here = known > 0 ? ` · ${percent(known / bytes)} is here already` : "";
  const first = files[0]?.name ?? "";
  if (files.length === 1) return `${first} · ${fileSize(bytes)}${here}`;
  return `${counted(files.length, "frame")}: ${first} … ${files.at(-1)?.name} · ${fileSize(bytes)}${here}`;
}
