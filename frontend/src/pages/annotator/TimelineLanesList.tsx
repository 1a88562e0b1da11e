// The lanes themselves: one canvas that stays in place while the list scrolls, and what the pointer and keys do on it.

import { type ReadonlySignal, type Signal, useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { frameAt } from "../../geometry/time_axis";
import { hitAt, type LaneHit, type LaneTable, ROW_PX, RULER_PX } from "../../render/lane_layout";
import {
  EVERY_LANE,
  firstFrame,
  type LaneChoice,
  type LaneRow,
  runAt,
} from "../../state/annotator/lane_rows";
import { Button } from "../../ui/Button";
import { occurrenceText, rowText, runText } from "./happenings";
import { laneMove } from "./lane_keys";
import { type LanePainter, paintLanes } from "./lane_painter";
import { openObjectMenu } from "./object_menu";
import { phaseName } from "./objects";
import { type TimeAxis, wheelTime } from "./time";
import { useView, useWorkspace } from "./workspace";

interface Pointed {
  readonly hit: LaneHit;
  /** In px of the window. */
  readonly x: number;
  readonly y: number;
}

export interface TimelineLanesListProps {
  axis: TimeAxis;
  choice: Signal<LaneChoice>;
  table: ReadonlySignal<LaneTable>;
}

export function TimelineLanesList({ axis, choice, table }: TimelineLanesListProps) {
  const workspace = useWorkspace();
  const { dispatch, state, openLineage } = workspace;
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<LanePainter>(null);
  const scrubbing = useRef(false);
  const pointed = useSignal<Pointed | null>(null);
  const hoveredEvent = useComputed(() => {
    const hit = pointed.value?.hit;
    return hit?.kind === "join" || hit?.kind === "mark" ? hit.occurrence.event.event : null;
  });
  const selected = useView((all) => all.selection?.track ?? null);
  const { rows, rowOf } = table.value;
  const at = selected === null ? undefined : rowOf.get(selected);

  useEffect(() => {
    if (scroller.current === null || canvas.current === null) return;
    const parts = { scroller: scroller.current, canvas: canvas.current };
    painter.current = paintLanes({ workspace, axis, table, hoveredEvent, ...parts });
    return () => painter.current?.stop();
  }, [workspace]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null || at === undefined) return;
    const room = element.clientHeight - RULER_PX;
    const top = at * ROW_PX;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW_PX > element.scrollTop + room) element.scrollTop = top + ROW_PX - room;
  }, [selected]);

  const show = (frame: number) => {
    dispatch({ type: "play", playing: false });
    dispatch({ type: "frame/show", frame });
  };
  const select = (track: string) => dispatch({ type: "selection", selection: { track, lasting: true } });
  const choose = (hit: LaneHit, more: boolean) => {
    const { frame, track } = aim(hit, state.peek().frame);
    if (more) {
      if (track !== undefined) dispatch({ type: "mark", track });
      return;
    }
    if (frame !== null) show(frame);
    if (track !== undefined) select(track);
  };
  const find = (event: MouseEvent): LaneHit | null => {
    if (canvas.current === null || painter.current === null) return null;
    const bounds = canvas.current.getBoundingClientRect();
    return hitAt(painter.current.view(), event.clientX - bounds.left, event.clientY - bounds.top);
  };
  const scrub = (event: PointerEvent) => {
    const { left, width } = axis.place.peek();
    show(frameAt(axis.span.peek(), width, event.clientX - left, axis.frames));
  };
  const move = (event: PointerEvent) => {
    if (scrubbing.current) {
      scrub(event);
      return;
    }
    const hit = find(event);
    pointed.value = hit === null ? null : { hit, x: event.clientX, y: event.clientY };
    dispatch({ type: "hover", track: hit === null ? null : (trackOf(hit) ?? null) });
  };
  const leave = () => {
    pointed.value = null;
    dispatch({ type: "hover", track: null });
  };
  const press = (event: KeyboardEvent) => {
    const move = laneMove(rows, at, event.key);
    if (move === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if ("select" in move) select(move.select);
    else show(move.show);
    event.preventDefault();
  };
  return (
    <>
      <div
        ref={scroller}
        class="lanes-scroll"
        role="listbox"
        tabIndex={0}
        aria-label={`${rows.length} tracks`}
        {...(at === undefined ? {} : { "aria-activedescendant": "lane-selected" })}
        onKeyDown={press}
        onWheel={(event) => {
          if (wheelTime(axis, event)) event.preventDefault();
        }}
        onScroll={leave}
      >
        <div style={{ height: `${rows.length * ROW_PX + RULER_PX}px` }} class="lanes-rows">
          <canvas
            ref={canvas}
            class="lanes-canvas"
            onPointerDown={(event) => {
              const { top, height } = event.currentTarget.getBoundingClientRect();
              scrubbing.current = event.button === 0 && event.clientY >= top + height - RULER_PX;
              if (!scrubbing.current) return;
              event.currentTarget.setPointerCapture(event.pointerId);
              scrub(event);
            }}
            onPointerMove={move}
            onPointerUp={(event) => {
              scrubbing.current = false;
              const hit = event.button === 2 ? find(event) : null;
              const track = hit === null ? undefined : trackOf(hit);
              if (track === undefined) return;
              pointed.value = null;
              openObjectMenu(workspace, track, { x: event.clientX, y: event.clientY });
            }}
            onContextMenu={(event) => event.preventDefault()}
            onPointerLeave={leave}
            onClick={(event) => {
              const hit = find(event);
              if (hit !== null) choose(hit, event.shiftKey);
            }}
            onDblClick={(event) => {
              const hit = find(event);
              const track = hit === null ? undefined : trackOf(hit);
              if (track !== undefined && hit?.kind === "join") openLineage(track);
            }}
          />
        </div>
        {at !== undefined && <SelectedLane row={rows[at]} place={at} table={table} />}
      </div>
      {rows.length === 0 && <NoLanes choice={choice} />}
      {pointed.value !== null && <LaneTip {...pointed.value} />}
    </>
  );
}

/** Where a click leads. `frame` null: where one is. */
function aim(hit: LaneHit, present: number): { frame: number | null; track: string | undefined } {
  const track = trackOf(hit);
  switch (hit.kind) {
    case "join":
      return { frame: hit.occurrence.event.last_frame, track };
    case "mark": {
      const { what, first_frame, last_frame } = hit.occurrence.event;
      return { frame: what === "dissolution" || what === "exit" ? first_frame : last_frame, track };
    }
    case "run":
      return { frame: hit.frame, track };
    case "row": {
      const there = hit.frame ?? (runAt(hit.row, present) === undefined ? firstFrame(hit.row) : null);
      return { frame: there, track };
    }
  }
}

/** The child of a join: what one wants to see of it. */
function trackOf(hit: LaneHit): string | undefined {
  if (hit.kind === "join") return hit.occurrence.children[0]?.track;
  return hit.kind === "mark" ? hit.track.track : hit.row.track.track;
}

/** The selected row in words: the canvas says nothing to who cannot see it. */
function SelectedLane({
  row,
  place,
  table,
}: {
  row: LaneRow | undefined;
  place: number;
  table: ReadonlySignal<LaneTable>;
}) {
  const { rows, joins } = table.value;
  const phase = useView((state) => phaseName(state, row?.track.phase ?? null));
  if (row === undefined) return null;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names this as its active option
    <div
      id="lane-selected"
      class="visually-hidden"
      role="option"
      aria-selected="true"
      aria-setsize={rows.length}
      aria-posinset={place + 1}
    >
      {rowText(row, phase, joins)}
    </div>
  );
}

function NoLanes({ choice }: { choice: Signal<LaneChoice> }) {
  const known = useView((state) =>
    state.past === null ? state.lanes.version >= 0 : state.past.runs !== null,
  );
  const none = useView((state) => (state.past?.runs ?? state.lanes.runs).size === 0);
  return (
    <div class="lanes-none muted">
      {!known ? (
        <span class="spinner" role="status" aria-label="Loading the tracks" />
      ) : none ? (
        "No tracks yet. Every object that you draw or accept is one; tracking follows it from frame to frame."
      ) : (
        <>
          No track fits the choice above.
          <Button
            onClick={() => {
              choice.value = { ...EVERY_LANE, sort: choice.peek().sort };
            }}
          >
            Show all tracks
          </Button>
        </>
      )}
    </div>
  );
}

function LaneTip({ hit, x, y }: Pointed) {
  const text = useView((state) => {
    switch (hit.kind) {
      case "join":
      case "mark":
        return occurrenceText(hit.occurrence);
      case "run":
        return runText(hit.row, hit.run, phaseName(state, hit.row.track.phase));
      case "row":
        return hit.frame === null
          ? rowText(hit.row, phaseName(state, hit.row.track.phase), NO_JOINS)
          : `Track ${hit.row.track.number ?? "without a number"} is not on frame ${hit.frame + 1}`;
    }
  });
  const across = x > 0.6 * window.innerWidth ? "calc(-100% - 8px)" : "12px";
  return (
    <div
      class="lane-tip"
      role="tooltip"
      style={{ left: `${x}px`, top: `${y}px`, transform: `translate(${across}, calc(-100% - 8px))` }}
    >
      {text}
    </div>
  );
}

const NO_JOINS = { all: [], into: new Map(), outOf: new Map() };
