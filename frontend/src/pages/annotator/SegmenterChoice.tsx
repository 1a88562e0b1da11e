// Which segmenter, and its settings: the same choice wherever whole frames are segmented.

import type { ComponentChildren } from "preact";
import { chosenSegmenter, keyOf, segmenterChoices } from "../../state/annotator/segmenters";
import { Select } from "../../ui/Field";
import { ParameterField } from "../../ui/ParameterField";
import { useView, useWorkspace } from "./workspace";

export function SegmenterChoice({ label, children }: { label: string; children?: ComponentChildren }) {
  const { dispatch } = useWorkspace();
  const choices = useView(segmenterChoices);
  const segmenter = useView((state) => state.segmenter);
  const choice = useView(chosenSegmenter);
  const several = new Set(choices.map(({ group }) => group)).size < choices.length;
  const missing = choice === undefined ? [{ value: keyOf(segmenter), label: "Not available any more" }] : [];
  return (
    <div class="segment-model">
      <Select
        label={label}
        value={keyOf(segmenter)}
        choices={[
          ...missing,
          ...choices.map(({ key, label: title, group }) => ({
            value: key,
            label: title,
            ...(several ? { group } : {}),
          })),
        ]}
        onValue={(key) => {
          const next = choices.find((each) => each.key === key);
          if (next === undefined) return;
          const { model, version } = next;
          dispatch({ type: "segmenter", segmenter: { model, version, parameters: {} } });
        }}
      />
      {children}
    </div>
  );
}

export function SegmenterSettings() {
  const { dispatch } = useWorkspace();
  const segmenter = useView((state) => state.segmenter);
  const choice = useView(chosenSegmenter);
  return (
    <>
      {choice?.parameters.map((parameter) => (
        <ParameterField
          key={`${choice.key} ${parameter.name}`}
          parameter={parameter}
          value={segmenter.parameters[parameter.name] ?? null}
          onValue={(value) => {
            const parameters = { ...segmenter.parameters, [parameter.name]: value };
            dispatch({ type: "segmenter", segmenter: { ...segmenter, parameters } });
          }}
        />
      ))}
    </>
  );
}
