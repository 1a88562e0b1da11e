// A lane for each track above the bar to scrub on: its life, what it came from and what became of it.

import { computed, type ReadonlySignal, type Signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { type LaneTable, laneTable } from "../../render/lane_layout";
import { EVERY_LANE, type LaneChoice, laneRows } from "../../state/annotator/lane_rows";
import { joinsOf, occurrencesOf } from "../../state/annotator/occurrences";
import { tracksOf } from "../../state/annotator/view";
import { keepLanesHeight, LEAST_HEIGHT_PX, lanesHeight } from "./lanes_kept";
import { TimelineLanesHead } from "./TimelineLanesHead";
import { TimelineLanesList } from "./TimelineLanesList";
import type { TimeAxis } from "./time";
import { useWorkspace } from "./workspace";

/** Bars, timeline, and an image large enough to work on. */
const REST_OF_WINDOW_PX = 480;
const KEY_PX = 22;

export function TimelineLanes({ axis }: { axis: TimeAxis }) {
  const choice = useSignal<LaneChoice>(EVERY_LANE);
  const height = useSignal(lanesHeight());
  const table = useLaneTable(choice);
  return (
    <section class="lanes" aria-label="Tracks">
      <Resizer height={height} />
      <TimelineLanesHead axis={axis} choice={choice} table={table} />
      <div class="lanes-body" style={{ height: `${Math.min(height.value, largestHeight())}px` }}>
        <TimelineLanesList axis={axis} choice={choice} table={table} />
      </div>
    </section>
  );
}

function useLaneTable(choice: Signal<LaneChoice>): ReadonlySignal<LaneTable> {
  const { state } = useWorkspace();
  return useMemo(() => {
    const tracks = computed(() => tracksOf(state.value));
    const runs = computed(() => (state.value.past === null ? state.value.lanes.runs : state.value.past.runs));
    const joins = computed(() => joinsOf(state.value));
    const occurrences = computed(() => occurrencesOf(state.value));
    const phases = computed(() => state.value.phases);
    return computed(() => {
      const names = new Map(phases.value.map(({ id, name }) => [id, name]));
      const phaseName = (phase: string | null) => names.get(phase ?? "") ?? "";
      const rows = laneRows(tracks.value, runs.value ?? new Map(), joins.value, choice.value, phaseName);
      return laneTable(rows, joins.value, occurrences.value);
    });
  }, [state]);
}

/** The upper edge: dragged, or moved with the arrow keys. */
function Resizer({ height }: { height: Signal<number> }) {
  const resize = (wanted: number) => {
    height.value = Math.min(largestHeight(), Math.max(LEAST_HEIGHT_PX, wanted));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule that separates two panes takes the focus and moves
    <div
      class="lanes-resizer"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the tracks"
      aria-valuemin={LEAST_HEIGHT_PX}
      aria-valuemax={largestHeight()}
      aria-valuenow={Math.round(height.value)}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.buttons === 1) resize(height.peek() - event.movementY);
      }}
      onPointerUp={() => keepLanesHeight(height.peek())}
      onKeyDown={(event) => {
        const step = event.key === "ArrowUp" ? KEY_PX : event.key === "ArrowDown" ? -KEY_PX : 0;
        if (step === 0) return;
        event.preventDefault();
        resize(height.peek() + step);
        keepLanesHeight(height.peek());
      }}
    />
  );
}

function largestHeight(): number {
  return Math.max(LEAST_HEIGHT_PX, window.innerHeight - REST_OF_WINDOW_PX);
}
