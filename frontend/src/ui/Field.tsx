// Labelled inputs: the label, a hint, and what is wrong, tied to the control for assistive technology.

import type { ComponentChildren, Ref } from "preact";
import { useId, useRef } from "preact/hooks";
import "./controls.css";

interface LabelledProps {
  label: string;
  hint?: ComponentChildren;
  /** What is wrong with the value; empty or undefined: nothing. */
  error?: string | undefined;
  hideLabel?: boolean;
}

interface Wiring {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid": boolean;
}

function Labelled(props: LabelledProps & { control: (wiring: Wiring) => ComponentChildren }) {
  const id = useId();
  const failed = props.error !== undefined && props.error !== "";
  const noteId = `${id}-note`;
  const note = failed ? props.error : props.hint;
  const wiring: Wiring = { id, "aria-invalid": failed };
  if (note !== undefined) wiring["aria-describedby"] = noteId;
  return (
    <div class="field">
      <label for={id} class={props.hideLabel ? "visually-hidden" : ""}>
        {props.label}
      </label>
      {props.control(wiring)}
      {note !== undefined && (
        <div id={noteId} class={failed ? "field-error" : "field-hint"} {...(failed ? { role: "alert" } : {})}>
          {note}
        </div>
      )}
    </div>
  );
}

interface ControlAttributes {
  name?: string;
  title?: string;
  disabled?: boolean;
  autofocus?: boolean;
  onBlur?: () => void;
}

interface TextAttributes extends ControlAttributes {
  placeholder?: string;
  maxLength?: number;
  spellcheck?: boolean;
}

interface InputAttributes extends TextAttributes {
  type?: "text" | "password" | "color" | "number";
  inputMode?: "decimal" | "numeric";
  autocomplete?: "off" | "username" | "current-password";
  onKeyDown?: (event: KeyboardEvent) => void;
}

export interface FieldProps extends LabelledProps, InputAttributes {
  value: string;
  onValue: (value: string) => void;
  inputRef?: Ref<HTMLInputElement>;
}

/** Preact's types tell inputs apart by `type` and want one at a time. */
const inputType = (type: FieldProps["type"]) => ({ type: type as "text" });

export function Field({
  label,
  hint,
  error,
  hideLabel,
  type = "text",
  value,
  onValue,
  inputRef,
  ...rest
}: FieldProps) {
  return (
    <Labelled
      {...labelled(label, hint, error, hideLabel)}
      control={(wiring) => (
        <input
          class="input"
          {...inputType(type)}
          {...rest}
          {...wiring}
          {...(inputRef === undefined ? {} : { ref: inputRef })}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    />
  );
}

export interface TextAreaProps extends LabelledProps, TextAttributes {
  value: string;
  onValue: (value: string) => void;
}

export function TextArea({ label, hint, error, hideLabel, value, onValue, ...rest }: TextAreaProps) {
  return (
    <Labelled
      {...labelled(label, hint, error, hideLabel)}
      control={(wiring) => (
        <textarea
          class="input"
          rows={3}
          {...rest}
          {...wiring}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    />
  );
}

export interface Choice<T extends string> {
  value: T;
  label: string;
  /** Neighbours of one group are listed under its name. */
  group?: string;
  disabled?: boolean;
}

export interface SelectProps<T extends string> extends LabelledProps, ControlAttributes {
  value: T;
  choices: readonly Choice<T>[];
  /** What was chosen is shown until this is over, then `value` again: the choice may have been refused. */
  onValue: (value: T) => void | Promise<void>;
}

export function Select<T extends string>(props: SelectProps<T>) {
  const { label, hint, error, hideLabel, value, choices, onValue, ...rest } = props;
  const latest = useRef(value);
  latest.current = value;
  const choose = async (select: HTMLSelectElement) => {
    const choice = choices.find((item) => item.value === select.value);
    if (choice !== undefined) await onValue(choice.value);
    select.value = latest.current;
  };
  return (
    <Labelled
      {...labelled(label, hint, error, hideLabel)}
      control={(wiring) => (
        <span class="select">
          <select
            class="input"
            {...rest}
            {...wiring}
            value={value}
            onChange={(event) => choose(event.currentTarget)}
          >
            {grouped(choices).map(([group, members]) =>
              group === undefined ? (
                members.map(option)
              ) : (
                <optgroup key={group} label={group}>
                  {members.map(option)}
                </optgroup>
              ),
            )}
          </select>
        </span>
      )}
    />
  );
}

const option = ({ value, label, disabled = false }: Choice<string>) => (
  <option key={value} value={value} disabled={disabled}>
    {label}
  </option>
);

function grouped<T extends string>(choices: readonly Choice<T>[]): [string | undefined, Choice<T>[]][] {
  const groups: [string | undefined, Choice<T>[]][] = [];
  for (const choice of choices) {
    const last = groups.at(-1);
    if (last !== undefined && last[0] === choice.group) last[1].push(choice);
    else groups.push([choice.group, [choice]]);
  }
  return groups;
}

function labelled(
  label: string,
  hint: ComponentChildren,
  error: string | undefined,
  hideLabel: boolean | undefined,
): LabelledProps {
  return { label, hint, error, hideLabel: hideLabel ?? false };
}
