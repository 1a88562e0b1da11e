// Moves through the frames of a series; marked ones are shown, and reached by a button each way.

import { IconButton } from "../../ui/Button";

export interface FrameSliderProps {
  frames: number;
  frame: number;
  /** Indices of the annotated frames, rising. */
  marked: readonly number[];
  onFrame: (frame: number) => void;
}

export function FrameSlider({ frames, frame, marked, onFrame }: FrameSliderProps) {
  const before = marked.findLast((one) => one < frame);
  const after = marked.find((one) => one > frame);
  const go = (to: number | undefined) => () => {
    if (to !== undefined) onFrame(to);
  };
  return (
    <div class="frame-slider">
      <IconButton
        icon="chevron-left"
        label="Annotated frame before"
        disabled={before === undefined}
        onClick={go(before)}
      />
      <div class="frame-range">
        <input
          type="range"
          min={0}
          max={Math.max(0, frames - 1)}
          value={frame}
          disabled={frames < 2}
          aria-label="Frame"
          aria-valuetext={`Frame ${frame + 1} of ${frames}`}
          onInput={(event) => onFrame(Number(event.currentTarget.value))}
        />
        <svg class="frame-marks" viewBox={`0 0 ${frames} 1`} preserveAspectRatio="none" aria-hidden="true">
          {marked.map((one) => (
            <rect key={one} x={one} y={0} width={1} height={1} />
          ))}
        </svg>
      </div>
      <IconButton
        icon="chevron-right"
        label="Annotated frame after"
        disabled={after === undefined}
        onClick={go(after)}
      />
      <span class="frame-number number">
        {frame + 1} / {frames}
        <span class="muted">{marked.includes(frame) ? " annotated" : ""}</span>
      </span>
    </div>
  );
}
