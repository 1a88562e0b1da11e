// Settings of "segment frame": which model, with which parameters.

import type { Segmenter } from "../../state/annotator/model";
import { mayEdit } from "../../state/annotator/view";
import { pressKey } from "../../tools/commands";
import { Button } from "../../ui/Button";
import { Select } from "../../ui/Field";
import { Kbd } from "../../ui/Kbd";
import { ParameterField } from "../../ui/ParameterField";
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
        <ParameterField
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
