// Settings of "segment frame": which model, with which parameters.

import type { ModelParameter } from "../../protocol/rest";
import type { Segmenter } from "../../state/annotator/model";
import { mayEdit } from "../../state/annotator/view";
import { pressKey } from "../../tools/commands";
import { Button } from "../../ui/Button";
import { Checkbox } from "../../ui/Checkbox";
import { Select } from "../../ui/Field";
import { Kbd } from "../../ui/Kbd";
import { Slider } from "../../ui/Slider";
import { useView, useWorkspace } from "./workspace";

type Value = Segmenter["parameters"][string];

export function SegmentPanel() {
  const { dispatch, commands } = useWorkspace();
  const models = useView((state) => state.models);
  const segmenter = useView((state) => state.segmenter);
  const editable = useView(mayEdit);
  const busy = useView((state) => {
    const { proposals } = state;
    return proposals !== null && proposals.answer === null && proposals.problem === null;
  });
  const model = models.find(({ name }) => name === segmenter.model);
  const set = (name: string, value: Value) =>
    dispatch({
      type: "segmenter",
      segmenter: { ...segmenter, parameters: { ...segmenter.parameters, [name]: value } },
    });
  if (model === undefined)
    return <p class="side-empty muted">No model is installed that segments whole frames.</p>;
  return (
    <div class="side-form">
      <Select
        label="Model"
        value={segmenter.model}
        choices={models.map(({ name, title }) => ({ value: name, label: title }))}
        onValue={(name) => dispatch({ type: "segmenter", segmenter: { model: name, parameters: {} } })}
      />
      {model.parameters.map((parameter) => (
        <Parameter
          key={parameter.name}
          parameter={parameter}
          value={segmenter.parameters[parameter.name] ?? null}
          onValue={(value) => set(parameter.name, value)}
        />
      ))}
      <Button
        tone="primary"
        icon="wand"
        busy={busy}
        disabled={!editable}
        onClick={() => pressKey(commands, { key: "s", ctrl: false, shift: false, alt: false })}
      >
        Segment this frame <Kbd keys="S" />
      </Button>
      <p class="field-hint">
        Finds objects of the whole frame and proposes them. Nothing is saved before you accept.
      </p>
    </div>
  );
}

interface ParameterProps {
  parameter: ModelParameter;
  /** Null: nobody has chosen, the default holds. */
  value: Value;
  onValue: (value: Value) => void;
}

function Parameter({ parameter, value, onValue }: ParameterProps) {
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
