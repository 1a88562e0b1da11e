// One setting of a segmenter: a slider, a switch or a choice; or "chosen from the image".

import type { ModelParameter } from "../protocol/rest";
import { Checkbox } from "./Checkbox";
import { Select } from "./Field";
import { Slider } from "./Slider";
import "./controls.css";

type Value = number | boolean | string | null;

export interface ParameterFieldProps {
  parameter: ModelParameter;
  /** Null: nobody has chosen, the default holds. */
  value: Value;
  disabled?: boolean;
  onValue: (value: Value) => void;
}

export function ParameterField({ parameter, value, disabled = false, onValue }: ParameterFieldProps) {
  const { kind, label, help, unit, minimum, maximum, step, choices } = parameter;
  const present = value ?? parameter.default;
  const note = help === "" ? {} : { hint: help };
  if (kind === "bool") {
    return (
      <Checkbox label={label} {...note} checked={present === true} disabled={disabled} onValue={onValue} />
    );
  }
  if (kind === "choice") {
    return (
      <Select
        label={label}
        {...note}
        disabled={disabled}
        value={String(present ?? choices[0] ?? "")}
        choices={choices.map((choice) => ({ value: choice, label: choice }))}
        onValue={onValue}
      />
    );
  }
  const low = minimum ?? 0;
  const high = maximum ?? 1;
  const automatic = present === null;
  return (
    <div class="parameter">
      {parameter.default === null && (
        <Checkbox
          label={`${label}: chosen from the image`}
          {...note}
          checked={automatic}
          disabled={disabled}
          onValue={(checked) => onValue(checked ? null : begin(parameter, low, high))}
        />
      )}
      {!automatic && (
        <>
          <Slider
            label={label}
            value={Number(present)}
            minimum={low}
            maximum={high}
            step={step ?? (kind === "int" ? 1 : (high - low) / 100)}
            unit={unit}
            disabled={disabled}
            onValue={onValue}
          />
          {parameter.default !== null && help !== "" && <span class="field-hint">{help}</span>}
        </>
      )}
    </div>
  );
}

/** Where a slider starts that the image had chosen: low, because ranges reach far beyond what is usual. */
function begin({ kind, step }: ModelParameter, low: number, high: number): number {
  const start = low + (high - low) / 10;
  const grid = step ?? (kind === "int" ? 1 : null);
  return grid === null ? start : low + Math.round((start - low) / grid) * grid;
}
