// A yes or no, with an explanation.

import type { ComponentChildren } from "preact";
import "./controls.css";

export interface CheckboxProps {
  label: string;
  hint?: ComponentChildren;
  checked: boolean;
  disabled?: boolean;
  onValue: (checked: boolean) => void;
}

export function Checkbox({ label, hint, checked, disabled = false, onValue }: CheckboxProps) {
  return (
    <label class="checkbox">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onValue(event.currentTarget.checked)}
      />
      <span>
        {label}
        {hint !== undefined && <span class="field-hint">{hint}</span>}
      </span>
    </label>
  );
}
