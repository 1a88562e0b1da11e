// One panel per model on one frame, errors coloured, and one magnifier for all of them.

import { useSignal } from "@preact/signals";
import { comparisonUrl, frameUrl } from "../../../protocol/addresses";
import type { ComparedModel, Comparison } from "../../../protocol/models";
import type { Series } from "../../../protocol/rest";
import { IconButton } from "../../../ui/Button";
import { Checkbox } from "../../../ui/Checkbox";
import { Kbd } from "../../../ui/Kbd";
import { Slider } from "../../../ui/Slider";
import { ImagePanel, type Spot } from "./ImagePanel";
import { UseButton } from "./UseButton";

export interface SideBySideProps {
  job: string;
  comparison: Comparison;
  /** Undefined: it was deleted since. */
  series: Series | undefined;
  frame: number | undefined;
  used: (row: ComparedModel) => boolean;
  onUse: ((row: ComparedModel) => Promise<void>) | undefined;
  onFrame: (frame: number) => void;
}

const STEP = 0.02;

export function SideBySide({ job, comparison, series, frame, used, onUse, onFrame }: SideBySideProps) {
  const spot = useSignal<Spot | null>(null);
  const pinned = useSignal(false);
  const zoom = useSignal(4);
  const errors = useSignal(true);
  const truth = useSignal(false);
  const controls = useSignal(false);
  const { frames, models } = comparison;
  const at = Math.max(0, frames.indexOf(frame ?? frames[0] ?? 0));
  const present = frames[at];
  if (series === undefined || present === undefined) return null;
  const rows = models.filter((row) => !row.error && (controls.value || !row.control));
  const go = (to: number) => {
    const next = frames[Math.min(frames.length - 1, Math.max(0, to))];
    if (next !== undefined && next !== present) onFrame(next);
  };
  const move = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
    const [x, y] = directions[event.key] ?? [0, 0];
    if (event.key === "Escape") {
      spot.value = null;
      pinned.value = false;
    } else if (event.key === "+" || event.key === "=") zoom.value = Math.min(16, zoom.value + 1);
    else if (event.key === "-") zoom.value = Math.max(2, zoom.value - 1);
    else if (event.shiftKey && (x !== 0 || y !== 0)) {
      const from = spot.value ?? { x: 0.5, y: 0.5 };
      spot.value = { x: inside(from.x + x * STEP), y: inside(from.y + y * STEP) };
      pinned.value = true;
    } else if (x !== 0) go(at + x);
    else return;
    event.preventDefault();
  };
  const panel = (key: string, title: string, layers: readonly string[]) => (
    <ImagePanel
      title={title}
      layers={layers}
      height={series.height}
      width={series.width}
      zoom={zoom.value}
      spot={spot}
      pinned={pinned}
      label={`${title}, frame ${present + 1}`}
      key={key}
    />
  );
  const image = frameUrl(series.id, present);
  const labels = comparisonUrl(job, "truth", present);
  return (
    <section class="panel side-by-side" aria-label="Masks side by side">
      <div class="side-head">
        <h2>Side by side</h2>
        <ul class="strip-legend">
          <li>
            <span class="strip-key right" /> right
          </li>
          <li>
            <span class="strip-key wrong" /> wrong: not in the labels
          </li>
          <li>
            <span class="strip-key missed" /> missed
          </li>
        </ul>
        <Checkbox
          label="Errors"
          checked={errors.value}
          onValue={(checked) => {
            errors.value = checked;
          }}
        />
        <Checkbox
          label="Outlines of the labels"
          checked={truth.value}
          onValue={(checked) => {
            truth.value = checked;
          }}
        />
        {models.some((row) => row.control && !row.error) && (
          <Checkbox
            label="Controls"
            checked={controls.value}
            onValue={(checked) => {
              controls.value = checked;
            }}
          />
        )}
      </div>
      <div class="side-tools">
        <div class="frame-slider">
          <IconButton
            icon="chevron-left"
            label="Frame before"
            disabled={at === 0}
            onClick={() => go(at - 1)}
          />
          <div class="frame-range">
            <input
              type="range"
              min={0}
              max={Math.max(0, frames.length - 1)}
              value={at}
              disabled={frames.length < 2}
              aria-label="Compared frame"
              aria-valuetext={`Frame ${present + 1}`}
              onInput={(event) => go(Number(event.currentTarget.value))}
            />
          </div>
          <IconButton
            icon="chevron-right"
            label="Frame after"
            disabled={at === frames.length - 1}
            onClick={() => go(at + 1)}
          />
          <span class="frame-number number">
            frame {present + 1}{" "}
            <span class="muted">
              ({at + 1} of {frames.length})
            </span>
          </span>
        </div>
        <Slider
          label="Magnifier"
          value={zoom.value}
          minimum={2}
          maximum={16}
          unit="×"
          onValue={(value) => {
            zoom.value = value;
          }}
        />
      </div>
      <section
        class="side-panels"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys change the frame and move the magnifier
        tabIndex={0}
        aria-label="Panels. Arrow keys change the frame, with Shift they move the magnifier."
        onKeyDown={move}
      >
        {panel("labels", "Labels", [image, comparisonUrl(job, "labels", present)])}
        {rows.map((row) => (
          <div key={row.key} class="side-panel">
            {panel(row.key, row.label, [
              image,
              ...(errors.value ? [comparisonUrl(job, row.key, present)] : []),
              ...(truth.value ? [labels] : []),
            ])}
            <div class="side-foot">
              <span class="number">{frameScore(comparison, row, present)}</span>
              {onUse !== undefined && !row.control && <UseButton row={row} used={used(row)} onUse={onUse} />}
            </div>
          </div>
        ))}
      </section>
      <p class="field-hint">
        Move over a panel to magnify the same place in all; a click pins the magnifier. <Kbd keys="←" />{" "}
        <Kbd keys="→" /> other frames, <Kbd keys="Shift" /> with arrows moves the magnifier, <Kbd keys="+" />{" "}
        <Kbd keys="-" /> magnify, <Kbd keys="Esc" /> puts it away.
      </p>
    </section>
  );
}

/** "IoU 0.912 on this frame", with a word where the model has learnt from it. */
function frameScore({ per_frame }: Comparison, row: ComparedModel, frame: number): string {
  const iou = per_frame?.[row.key]?.[String(frame)]?.["iou"];
  const seen = row.trained_on?.includes(frame) === true ? ", trained on it" : "";
  return typeof iou === "number" ? `IoU ${iou.toFixed(3)} here${seen}` : seen.slice(2);
}

const directions: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const inside = (value: number) => Math.min(1, Math.max(0, value));
