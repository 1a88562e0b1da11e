// How far something is, with a way to stop it.

import { percent } from "../state/format";
import { IconButton } from "./Button";
import "./data.css";

export interface ProgressBarProps {
  /** What is in progress, for screen readers. */
  label: string;
  /** 0 to 1; undefined: not known yet. */
  value: number | undefined;
  tone?: "accent" | "success" | "danger";
  /** What pauses it; where it is paused, what lets it go on. */
  onPause?: (() => void) | undefined;
  paused?: boolean;
  onCancel?: (() => void) | undefined;
}

export function ProgressBar(props: ProgressBarProps) {
  const { label, value, tone = "accent", onPause, paused = false, onCancel } = props;
  return (
    <span class="progress">
      <span
        class={`progress-track ${tone}${paused ? " paused" : ""}`}
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(value === undefined ? {} : { "aria-valuenow": Math.round(value * 100) })}
      >
        <span
          class={value === undefined ? "progress-fill unknown" : "progress-fill"}
          style={{ width: value === undefined ? "30%" : `${value * 100}%` }}
        />
      </span>
      <span class="progress-number">{value === undefined ? "" : percent(value)}</span>
      {onPause !== undefined && (
        <IconButton
          icon={paused ? "play" : "pause"}
          label={paused ? `Go on with ${label}` : `Pause ${label}`}
          onClick={onPause}
        />
      )}
      {onCancel !== undefined && <IconButton icon="close" label={`Cancel ${label}`} onClick={onCancel} />}
    </span>
  );
}
