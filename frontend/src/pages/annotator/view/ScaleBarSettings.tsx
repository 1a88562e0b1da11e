// How long the scale bar is, and how it looks, on the screen and in pictures.

import { type Corner, corners, type ScaleBarStyle } from "../../../geometry/scale_bar";
import { Select } from "../../../ui/Field";
import { NumberField } from "../../../ui/NumberField";

export const CORNER_NAMES: Readonly<Record<Corner, string>> = {
  "bottom-left": "Bottom left",
  "bottom-right": "Bottom right",
  "top-left": "Top left",
  "top-right": "Top right",
};
export const cornerChoices = corners.map((value) => ({ value, label: CORNER_NAMES[value] }));

export interface ScaleBarSettingsProps {
  style: ScaleBarStyle;
  /** The calibration's unit; "px" without one. */
  unit: string;
  onChange: (style: ScaleBarStyle) => void;
}

export function ScaleBarSettings({ style, unit, onChange }: ScaleBarSettingsProps) {
  return (
    <div class="scale-bar-settings">
      <NumberField
        label="Length"
        unit={unit}
        placeholder="Automatic"
        value={style.length}
        minimum={1e-6}
        maximum={1e9}
        onValue={(length) => onChange({ ...style, length })}
      />
      <Select
        label="Corner"
        value={style.corner}
        choices={cornerChoices}
        onValue={(corner) => onChange({ ...style, corner })}
      />
      <Select
        label="Colour"
        value={`${style.colour}${style.plate ? "" : " bare"}`}
        choices={[
          { value: "white", label: "White on dark" },
          { value: "black", label: "Black on bright" },
          { value: "white bare", label: "White, nothing behind" },
          { value: "black bare", label: "Black, nothing behind" },
        ]}
        onValue={(value) =>
          onChange({
            ...style,
            colour: value.startsWith("white") ? "white" : "black",
            plate: !value.endsWith("bare"),
          })
        }
      />
    </div>
  );
}
