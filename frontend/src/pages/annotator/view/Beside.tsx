// The second view: another frame or an older version, read only. Both views pan and zoom as one.

import { computed, signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { pan, toImage, toScreen, zoomAt } from "../../../geometry/viewport";
import type { HistoryEntry } from "../../../protocol/history";
import { ChunkCache } from "../../../render/chunks";
import { startDecoder } from "../../../render/decoder";
import { ClickTimer } from "../../../render/latency";
import { startPainting } from "../../../render/painter";
import type { Drawn } from "../../../render/scene";
import type { Beside } from "../../../state/annotator/model";
import { frameBeside, stateBeside } from "../../../state/annotator/viewing";
import { IconButton } from "../../../ui/Button";
import { Checkbox } from "../../../ui/Checkbox";
import { Select } from "../../../ui/Field";
import { shortcut } from "../command_keys";
import { Numbers } from "../Marks";
import { useView, useWorkspace, type Workspace } from "../workspace";

export function BesideView() {
  const beside = useView((state) => state.beside);
  return beside === null ? null : <View beside={beside} />;
}

function View({ beside }: { beside: Beside }) {
  const workspace = useWorkspace();
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = useMemo(() => computed(() => stateBeside(workspace.state.value)), [workspace]);
  const drawn = useMemo(() => signal<Drawn>({ frame: shown.peek().frame, complete: false }), [workspace]);
  const frame = useView(frameBeside);
  const name = useView((state) => state.series.name);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const { series } = workspace.state.peek();
    const decoder = startDecoder();
    const chunks = new ChunkCache(
      series.pixels,
      workspace.session.loadChunk,
      decoder.decode,
      () => painter.repaint(),
      (text) => workspace.dispatch({ type: "notice", text }),
    );
    const { viewport } = workspace;
    const painter = startPainting({
      canvas: element,
      state: shown,
      viewport,
      chunks,
      timer: new ClickTimer(),
      drawn,
    });
    const stopPointing = movesBothViews(workspace, element);
    const online = computed(() => workspace.state.value.connection === "online");
    const stopRetrying = online.subscribe((there) => {
      if (there) chunks.retry();
    });
    return () => {
      stopPointing();
      stopRetrying();
      painter.close();
      chunks.close();
      decoder.close();
    };
  }, [workspace]);

  const where = beside.version === null ? "" : `, version ${beside.version}`;
  return (
    <section class="stage beside" aria-label="Second view">
      <canvas
        ref={canvas}
        class="stage-canvas"
        role="img"
        aria-label={`Second view: frame ${frame + 1} of ${name}${where}`}
      />
      <svg class="marks" aria-hidden="true">
        <Numbers source={shown} drawn={drawn} />
        <PointerMark />
      </svg>
      <Bar beside={beside} frame={frame} />
    </section>
  );
}

/** Where the pointer is in the first view. */
function PointerMark() {
  const { pointer, viewport } = useWorkspace();
  const at = pointer.value?.screen;
  if (at === undefined) return null;
  const { x, y } = toScreen(viewport.value, toImage(viewport.value, at));
  return (
    <g class="pointer-mark" transform={`translate(${x} ${y})`}>
      <path class="ruler-shade" d="M-9 0H9M0-9V9" />
      <path d="M-9 0H9M0-9V9" />
    </g>
  );
}

function Bar({ beside, frame }: { beside: Beside; frame: number }) {
  const { dispatch, session } = useWorkspace();
  const frames = useView((state) => state.series.frames);
  const head = useView((state) => state.serverHead);
  const entries = useMemo(() => signal<readonly HistoryEntry[]>([]), []);
  useEffect(() => {
    session.history(null, {}).then(
      ({ results }) => {
        entries.value = results;
      },
      () => undefined, // the present can still be shown
    );
  }, [head]);
  const change = (values: Partial<Omit<Beside, "past">>) => dispatch({ type: "view/beside", change: values });
  const older = entries.value.filter(({ version }) => version < head);
  const listed = beside.version === null || older.some(({ version }) => version === beside.version);
  return (
    <div class="beside-bar">
      <IconButton
        icon="chevron-left"
        label="Previous frame of the second view"
        {...shortcut("view.beside-previous")}
        disabled={frame === 0}
        onClick={() => change({ frame: frame - 1, follows: false })}
      />
      <input
        class="input"
        type="number"
        aria-label="Frame of the second view"
        min={1}
        max={frames}
        value={frame + 1}
        onChange={(event) => {
          const { value } = event.currentTarget;
          if (value !== "") change({ frame: Number(value) - 1, follows: false });
          event.currentTarget.value = String(frame + 1);
        }}
      />
      <IconButton
        icon="chevron-right"
        label="Next frame of the second view"
        {...shortcut("view.beside-next")}
        disabled={frame === frames - 1}
        onClick={() => change({ frame: frame + 1, follows: false })}
      />
      <Select
        label="Version of the second view"
        hideLabel
        title="Which version of the annotations the second view shows"
        value={String(beside.version ?? "now")}
        choices={[
          { value: "now", label: "Now" },
          ...(listed ? [] : [{ value: String(beside.version), label: `Version ${beside.version}` }]),
          ...older.map(({ version, reason }) => ({
            value: String(version),
            label: `Version ${version}${reason === "" ? "" : `: ${reason}`}`,
          })),
        ]}
        onValue={(value) => change({ version: value === "now" ? null : Number(value) })}
      />
      <Checkbox
        label="Same frame"
        checked={beside.follows}
        onValue={(follows) => change({ follows, frame })}
      />
      <IconButton
        icon="close"
        label="Close the second view"
        {...shortcut("view.beside")}
        onClick={() => dispatch({ type: "view/beside", change: null })}
      />
    </div>
  );
}

/** Dragging and the wheel do here what they do in the first view. */
function movesBothViews({ viewport, state }: Workspace, canvas: HTMLCanvasElement): () => void {
  const listening = new AbortController();
  const options = { signal: listening.signal, passive: false };
  canvas.addEventListener("pointerdown", ({ pointerId }) => canvas.setPointerCapture(pointerId), options);
  canvas.addEventListener(
    "pointermove",
    ({ buttons, movementX, movementY }) => {
      if (buttons === 0) return;
      viewport.value = pan(viewport.peek(), movementX, movementY, state.peek().series);
    },
    options,
  );
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const bounds = canvas.getBoundingClientRect();
      const at = { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015));
      viewport.value = zoomAt(viewport.peek(), at, factor, state.peek().series);
    },
    options,
  );
  return () => listening.abort();
}
