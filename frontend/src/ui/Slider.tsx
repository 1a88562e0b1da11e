// A number chosen by dragging, by arrow keys, or by typing it.

import { useId } from "preact/hooks";
import "./controls.css";

export interface SliderProps {
  label: string;
  value: number;
  minimum: number;
  maximum: number;
  step?: number;
  /** Shown behind the number, and read with it. */
  unit?: string;
  disabled?: boolean;
  onValue: (value: number) => void;
}

export function Slider({
  label,
  value,
  minimum,
  maximum,
  step = 1,
  unit = "",
  disabled = false,
  onValue,
}: SliderProps) {
  const id = useId();
  const choose = (text: string) => {
    const number = Number(text);
    if (text !== "" && Number.isFinite(number)) onValue(Math.min(maximum, Math.max(minimum, number)));
  };
  const limits = { min: minimum, max: maximum, step, disabled };
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <input
        {...limits}
        type="range"
        value={value}
        aria-label={label}
        onInput={(event) => choose(event.currentTarget.value)}
      />
      <span class="slider-number">
        <input
          {...limits}
          id={id}
          class="input"
          type="number"
          value={value}
          onChange={(event) => choose(event.currentTarget.value)}
        />
        {unit !== "" && <span class="muted">{unit}</span>}
      </span>
    </div>
  );
}
