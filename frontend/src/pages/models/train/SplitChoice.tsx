// How frames are parted into those to learn from and those to judge by. Never at random: neighbours are nearly alike.

import { emptyPlan, type TrainingPlan } from "../../../state/models/training";
import { NumberField } from "../../../ui/NumberField";

export interface SplitChoiceProps {
  plan: TrainingPlan;
  onChange: (values: Partial<TrainingPlan>) => void;
}

export function SplitChoice({ plan, onChange }: SplitChoiceProps) {
  const radio = (by: TrainingPlan["by"], label: string, hint: string) => (
    <label class="checkbox">
      <input type="radio" name="split" checked={plan.by === by} onChange={() => onChange({ by })} />
      <span>
        {label}
        <span class="field-hint">{hint}</span>
      </span>
    </label>
  );
  return (
    <>
      <fieldset class="split-kinds">
        <legend class="visually-hidden">How frames are parted</legend>
        {radio(
          "blocks",
          "By blocks of frames",
          "Stretches of each series are kept for validation, with a gap beside them.",
        )}
        {radio("series", "By series", "Whole series are kept for validation: say which ones above.")}
      </fieldset>
      {plan.by === "blocks" && (
        <div class="form-grid">
          <NumberField
            label="Block"
            unit="frames"
            value={plan.block}
            minimum={1}
            maximum={10_000}
            whole
            hint="As long as neighbours look alike."
            onValue={(block) => onChange({ block: block ?? emptyPlan.block })}
          />
          <NumberField
            label="For validation"
            unit="%"
            value={Math.round(plan.share * 100)}
            minimum={1}
            maximum={90}
            onValue={(share) => onChange({ share: (share ?? emptyPlan.share * 100) / 100 })}
          />
          <NumberField
            label="Gap"
            unit="frames"
            value={plan.gap}
            minimum={0}
            maximum={1000}
            whole
            hint="Beside each validation block, used by neither."
            onValue={(gap) => onChange({ gap: gap ?? 0 })}
          />
        </div>
      )}
    </>
  );
}
