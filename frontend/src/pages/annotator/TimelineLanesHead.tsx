// Above the lanes: which tracks they show, in which order, and how much of the time.

import type { ReadonlySignal, Signal } from "@preact/signals";
import { wholeSeries, zoomTime } from "../../geometry/time_axis";
import type { LaneTable } from "../../render/lane_layout";
import type { LaneChoice, LaneKind, LaneSort } from "../../state/annotator/lane_rows";
import { counted } from "../../state/format";
import { Button, IconButton } from "../../ui/Button";
import { Select } from "../../ui/Field";
import { keyOfCommand } from "./command_keys";
import { LanesLegend } from "./LanesLegend";
import type { TimeAxis } from "./time";
import { useView, useWorkspace } from "./workspace";

const SORTS: readonly { value: LaneSort; label: string }[] = [
  { value: "family", label: "By family" },
  { value: "number", label: "By number" },
  { value: "first", label: "By first frame" },
];
const KINDS: readonly { value: LaneKind; label: string }[] = [
  { value: "all", label: "All tracks" },
  { value: "joined", label: "With merges or splits" },
  { value: "proposed", label: "Not accepted yet" },
];

export interface TimelineLanesHeadProps {
  axis: TimeAxis;
  choice: Signal<LaneChoice>;
  table: ReadonlySignal<LaneTable>;
}

export function TimelineLanesHead({ axis, choice, table }: TimelineLanesHeadProps) {
  const { openLineage, state } = useWorkspace();
  const phases = useView((state) => state.phases);
  const all = useView((state) => (state.past?.runs ?? state.lanes.runs).size);
  const selected = useView((state) => state.selection?.track ?? null);
  const { text, phase, kind, sort } = choice.value;
  const change = (values: Partial<LaneChoice>) => {
    choice.value = { ...choice.peek(), ...values };
  };
  const shown = table.value.rows.length;
  const { frames, span } = axis;
  /** About the frame in sight. */
  const zoom = (factor: number) => {
    const { first, count } = span.peek();
    const share = (state.peek().frame + 0.5 - first) / count;
    span.value = zoomTime(span.peek(), frames, Math.min(1, Math.max(0, share)), factor);
  };
  const whole = span.value.count >= frames;
  return (
    <div class="lanes-head">
      <h2>Tracks</h2>
      <span class="muted number">{shown === all ? all : `${shown} of ${all}`}</span>
      <input
        class="input lanes-filter"
        type="search"
        placeholder="Number or name"
        aria-label="Show tracks with this number or name"
        value={text}
        onInput={(event) => change({ text: event.currentTarget.value })}
      />
      <Select
        label="Phase"
        hideLabel
        value={phase ?? ""}
        choices={[
          { value: "", label: "Every phase" },
          ...phases.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        onValue={(value) => change({ phase: value === "" ? null : value })}
      />
      <Select
        label="Which tracks"
        hideLabel
        value={kind}
        choices={KINDS}
        onValue={(value) => change({ kind: value })}
      />
      <Select
        label="Order"
        hideLabel
        value={sort}
        choices={SORTS}
        onValue={(value) => change({ sort: value })}
      />
      <div class="lanes-end">
        <Button
          tone="quiet"
          icon="lineage"
          disabled={selected === null}
          title={
            selected === null
              ? "Select a track first"
              : `What the selected track came from and became (${keyOfCommand("view.lineage") ?? "no key"})`
          }
          onClick={() => selected !== null && openLineage(selected)}
        >
          Lineage
        </Button>
        <LanesLegend />
        <IconButton
          icon="minus"
          label="Show more frames"
          shortcut="Ctrl+Wheel"
          disabled={whole}
          onClick={() => zoom(0.5)}
        />
        <IconButton
          icon="plus"
          label="Show fewer frames"
          shortcut="Ctrl+Wheel"
          disabled={span.value.count <= 8}
          onClick={() => zoom(2)}
        />
        <IconButton
          icon="fit"
          label={`Show ${counted(frames, "frame")}`}
          disabled={whole}
          onClick={() => {
            span.value = wholeSeries(frames);
          }}
        />
      </div>
    </div>
  );
}
