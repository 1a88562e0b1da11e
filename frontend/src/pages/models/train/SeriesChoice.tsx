// The series to learn from, each at its present version or an earlier one.

import type { Series } from "../../../protocol/rest";
import { counted } from "../../../state/format";
import type { TrainingPlan } from "../../../state/models/training";
import { Checkbox } from "../../../ui/Checkbox";
import { Select } from "../../../ui/Field";
import { NumberField } from "../../../ui/NumberField";

export interface SeriesChoiceProps {
  all: readonly Series[];
  plan: TrainingPlan;
  onChange: (values: Partial<TrainingPlan>) => void;
}

const uses = [
  { value: "training", label: "for training" },
  { value: "validation", label: "for validation" },
];

export function SeriesChoice({ all, plan, onChange }: SeriesChoiceProps) {
  const choose = (id: string, checked: boolean) => {
    const series = new Map(plan.series);
    if (checked) series.set(id, null);
    else series.delete(id);
    onChange({ series });
  };
  return (
    <ul class="series-choices">
      {all.map((one) => {
        const chosen = plan.series.has(one.id);
        return (
          <li key={one.id} class="series-choice">
            <Checkbox
              label={one.name}
              hint={`${one.annotated_frames} of ${counted(one.frames, "frame")} annotated`}
              checked={chosen}
              disabled={one.annotated_frames === 0}
              onValue={(checked) => choose(one.id, checked)}
            />
            {chosen && plan.by === "series" && (
              <Select
                label={`What ${one.name} is for`}
                hideLabel
                value={plan.held.has(one.id) ? "validation" : "training"}
                choices={uses}
                onValue={(use) => {
                  const held = new Set(plan.held);
                  if (use === "validation") held.add(one.id);
                  else held.delete(one.id);
                  onChange({ held });
                }}
              />
            )}
            {chosen && (
              <NumberField
                label={`Version of ${one.name}`}
                hideLabel
                placeholder={`present version (${one.version})`}
                value={plan.series.get(one.id) ?? null}
                minimum={1}
                maximum={Math.max(1, one.version)}
                whole
                onValue={(version) => onChange({ series: new Map(plan.series).set(one.id, version) })}
              />
            )}
          </li>
        );
      })}
    </ul>
  );
}
