// One setting of a segmenter: a slider, a choice or a check box, as its kind wants.

import type { SettingValue } from "../../protocol/models";
import type { ModelParameter } from "../../protocol/rest";
import { Checkbox } from "../../ui/Checkbox";
import { Select } from "../../ui/Field";
import { Slider } from "../../ui/Slider";

export interface ParameterProps {
  parameter: ModelParameter;
  /** Null: nobody has chosen, the default holds. */
  value: SettingValue;
  onValue: (value: SettingValue) => void;
}

export function Parameter({ parameter, value, onValue }: ParameterProps) {
  const { kind, label, help, unit, minimum, maximum, step, choices } = parameter;
  const present = value ?? parameter.default;
  const note = help === "" ? {} : { hint: help };
  if (kind === "bool")
    return <Checkbox label={label} {...note} checked={present === true} onValue={onValue} />;
  if (kind === "choice") {
    return (
      <Select
        label={label}
        {...note}
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
          onValue={(checked) => onValue(checked ? null : (low + high) / 2)}
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
            onValue={onValue}
          />
          {parameter.default !== null && help !== "" && <span class="field-hint">{help}</span>}
        </>
      )}
    </div>
  );
}
