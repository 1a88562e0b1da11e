// A number that is typed: what is no number within the limits is said, and not passed on.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Field } from "./Field";

export interface NumberFieldProps {
  label: string;
  hideLabel?: boolean;
  hint?: string;
  placeholder?: string;
  unit?: string;
  value: number | null;
  minimum: number;
  maximum: number;
  whole?: boolean;
  disabled?: boolean;
  error?: string | undefined;
  /** Null: the field is empty. */
  onValue: (value: number | null) => void;
}

export function NumberField(props: NumberFieldProps) {
  const { label, unit, value, minimum, maximum, whole = false, hint, error, onValue } = props;
  const text = useSignal(shown(value));
  const known = useRef(value);
  useEffect(() => {
    if (known.current === value) return;
    known.current = value;
    text.value = shown(value);
  }, [value, text]);
  const problem = problemOf(text.value, minimum, maximum, whole);
  return (
    <Field
      label={unit === undefined ? label : `${label} (${unit})`}
      hideLabel={props.hideLabel ?? false}
      inputMode={whole ? "numeric" : "decimal"}
      autocomplete="off"
      {...(props.placeholder === undefined ? {} : { placeholder: props.placeholder })}
      disabled={props.disabled ?? false}
      {...(hint === undefined ? {} : { hint })}
      error={problem ?? error}
      value={text.value}
      onValue={(next) => {
        text.value = next;
        if (problemOf(next, minimum, maximum, whole) !== undefined) return;
        known.current = next.trim() === "" ? null : Number(next);
        onValue(known.current);
      }}
    />
  );
}

const shown = (value: number | null) => (value === null ? "" : String(value));

export function problemOf(
  text: string,
  minimum: number,
  maximum: number,
  whole: boolean,
): string | undefined {
  if (text.trim() === "") return undefined;
  const number = Number(text);
  const range = `from ${minimum.toLocaleString("en")} to ${maximum.toLocaleString("en")}`;
  if (!Number.isFinite(number) || number < minimum || number > maximum) return `Give a number ${range}.`;
  if (whole && !Number.isInteger(number)) return `Give a whole number ${range}.`;
  return undefined;
}
