// How image and masks look to this person. Networks never see any of it.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Histogram } from "../../protocol/rest";
import { initialDisplay } from "../../state/annotator/initial";
import type { Display } from "../../state/annotator/model";
import { Button } from "../../ui/Button";
import { Checkbox } from "../../ui/Checkbox";
import { Select } from "../../ui/Field";
import { Kbd } from "../../ui/Kbd";
import { Slider } from "../../ui/Slider";
import { HistogramPlot } from "./HistogramPlot";
import { PresetChoice } from "./view/PresetChoice";
import { ViewPart } from "./view/ViewPart";
import { autoWindow } from "./window";
import { useView, useWorkspace } from "./workspace";

const SETTLED_MS = 200;

export function DisplayPanel() {
  const { dispatch, session } = useWorkspace();
  const display = useView((state) => state.display);
  const series = useView((state) => state.series);
  const phases = useView((state) => state.phases);
  const frame = useView((state) => state.frame);
  const playing = useView((state) => state.playing);
  const histogram = useSignal<Histogram | null>(null);
  const change = (values: Partial<Display>) => dispatch({ type: "display", change: values });

  useEffect(() => {
    if (playing) return;
    const request = new AbortController();
    const timer = setTimeout(() => {
      session.histogram(frame, request.signal).then(
        (found) => {
          histogram.value = found;
        },
        () => undefined, // the sliders work without
      );
    }, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      request.abort();
    };
  }, [frame, playing]);

  const original = initialDisplay(series, phases);
  const low = Math.min(histogram.value?.min ?? original.low, display.low);
  const high = Math.max(histogram.value?.max ?? original.high, display.high);
  const step = series.dtype === "float32" ? (high - low) / 1000 : 1;
  return (
    <div class="side-form">
      <h2 class="side-heading">Image</h2>
      <HistogramPlot
        histogram={histogram.value}
        low={display.low}
        high={display.high}
        onWindow={(window) => change(window)}
      />
      <div class="side-buttons">
        <Button
          icon="contrast"
          disabled={histogram.value === null}
          title="From the darkest to the brightest 0.35 % of this frame"
          onClick={() => histogram.value !== null && change(autoWindow(histogram.value))}
        >
          Auto <Kbd keys="0" />
        </Button>
        <Button
          icon="refresh"
          title="The range that networks see"
          onClick={() => change({ low: original.low, high: original.high, gamma: 1, invert: false })}
        >
          Reset
        </Button>
      </div>
      <Slider
        label="Black at"
        value={rounded(display.low, step)}
        minimum={low}
        maximum={high}
        step={step}
        onValue={(value) => change({ low: Math.min(value, display.high - step) })}
      />
      <Slider
        label="White at"
        value={rounded(display.high, step)}
        minimum={low}
        maximum={high}
        step={step}
        onValue={(value) => change({ high: Math.max(value, display.low + step) })}
      />
      <Slider
        label="Gamma"
        value={display.gamma}
        minimum={0.2}
        maximum={3}
        step={0.05}
        onValue={(gamma) => change({ gamma })}
      />
      <Checkbox label="Invert" checked={display.invert} onValue={(invert) => change({ invert })} />
      <PresetChoice />
      <h2 class="side-heading">Masks</h2>
      <Slider
        label="Fill"
        unit="%"
        value={Math.round(display.opacity * 100)}
        minimum={0}
        maximum={100}
        onValue={(value) => change({ opacity: value / 100 })}
      />
      <Checkbox label="Show masks" checked={display.masks} onValue={(masks) => change({ masks })} />
      <Checkbox label="Outlines" checked={display.outline} onValue={(outline) => change({ outline })} />
      <Checkbox label="Numbers" checked={display.numbers} onValue={(numbers) => change({ numbers })} />
      <Select
        label="Colour"
        value={display.colourBy}
        choices={[
          { value: "phase", label: "By phase" },
          { value: "object", label: "By object" },
        ]}
        onValue={(colourBy) => change({ colourBy })}
      />
      <ViewPart />
    </div>
  );
}

function rounded(value: number, step: number): number {
  return Number((Math.round(value / step) * step).toPrecision(6));
}
