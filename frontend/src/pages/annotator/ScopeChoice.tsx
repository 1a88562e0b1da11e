// Where to segment: this frame, a range that the timeline shows, or the whole series.

import { Fragment } from "preact";
import { useId } from "preact/hooks";
import type { Scope } from "../../state/annotator/model";
import { useView, useWorkspace } from "./workspace";

export function ScopeChoice() {
  const { dispatch } = useWorkspace();
  const scope = useView((state) => state.scope);
  const frame = useView((state) => state.frame);
  const frames = useView((state) => state.series.frames);
  const name = useId();
  const choices: readonly (readonly [Scope["what"], string])[] = [
    ["frame", `This frame (${frame + 1})`],
    ["range", "A range of frames"],
    ["series", `All ${frames} frames`],
  ];
  return (
    <fieldset class="scope">
      <legend>Where</legend>
      {choices.map(([what, label]) => (
        <Fragment key={what}>
          <label class="checkbox">
            <input
              type="radio"
              name={name}
              checked={scope.what === what}
              onChange={() => dispatch({ type: "scope", change: { what } })}
            />
            {label}
          </label>
          {what === "range" && scope.what === "range" && (
            <>
              <RangeInputs />
              <span class="field-hint">Or drag over the timeline with Shift held down.</span>
            </>
          )}
        </Fragment>
      ))}
      {scope.what !== "frame" && (
        <span class="scope-step">
          One frame in
          <FrameNumber
            label="One frame in how many"
            value={scope.step}
            maximum={frames}
            onValue={(step) => dispatch({ type: "scope", change: { step } })}
          />
        </span>
      )}
    </fieldset>
  );
}

/** First and last frame of the range, counted from 1 as everywhere on screen. */
export function RangeInputs() {
  const { dispatch } = useWorkspace();
  const { from, to } = useView((state) => state.scope);
  const frames = useView((state) => state.series.frames);
  return (
    <span class="scope-range">
      <FrameNumber
        label="First frame of the range"
        value={from + 1}
        maximum={frames}
        onValue={(value) => dispatch({ type: "scope", change: { from: value - 1 } })}
      />
      to
      <FrameNumber
        label="Last frame of the range"
        value={to + 1}
        maximum={frames}
        onValue={(value) => dispatch({ type: "scope", change: { to: value - 1 } })}
      />
    </span>
  );
}

interface FrameNumberProps {
  label: string;
  value: number;
  maximum: number;
  onValue: (value: number) => void;
}

export function FrameNumber({ label, value, maximum, onValue }: FrameNumberProps) {
  return (
    <input
      class="input"
      type="number"
      min={1}
      max={maximum}
      aria-label={label}
      value={value}
      onChange={(event) => {
        const number = Number(event.currentTarget.value);
        if (event.currentTarget.value !== "" && Number.isFinite(number)) onValue(number);
        event.currentTarget.value = String(value); // nothing typed, or what the range does not allow
      }}
    />
  );
}
