// The canvas, what the pointer does on it, and what floats above it.

import { batch, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { fitView, isFitted, resize, toImage, zoomAt } from "../../geometry/viewport";
import { startPainting } from "../../render/painter";
import { mayEdit, objectAt } from "../../state/annotator/view";
import { resized } from "../../tools/brush";
import type { Pointer, PointerDown } from "../../tools/tool";
import { ErrorNote } from "../../ui/ErrorNote";
import { ContextMenu } from "../../ui/Menu";
import { ArchiveBanner } from "./ArchiveBanner";
import { BrushCursor } from "./BrushCursor";
import { Outline } from "./drawing/Outline";
import { OutlineBar } from "./drawing/OutlineBar";
import { HoverCard } from "./HoverCard";
import { DifferenceBanner } from "./history/DifferenceBanner";
import { KeyPointer } from "./keys/KeyPointer";
import { pick } from "./keys/pointing";
import { Marks } from "./Marks";
import { objectMenu, openObjectMenu } from "./object_menu";
import { PastBanner } from "./PastBanner";
import { PromptBar } from "./PromptBar";
import { ProposalsBar } from "./ProposalsBar";
import { play } from "./play";
import { ReviewBar } from "./ReviewBar";
import { ToolHint } from "./ToolHint";
import { PickBar, RetrackBar } from "./TrackBars";
import { FrameWaits } from "./view/FrameWaits";
import { Minimap } from "./view/Minimap";
import { ProfileCard } from "./view/ProfileCard";
import { Rulers } from "./view/Rulers";
import { WaitingSpinner } from "./WaitingSpinner";
import { useView, useWorkspace, type Workspace } from "./workspace";

export function Stage() {
  const workspace = useWorkspace();
  const stage = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const failure = useSignal<string | null>(null);
  const { frame } = workspace.drawn.value; // the image that is there, also while the next one loads
  const name = useView((state) => state.series.name);
  useView((state) => `${state.tool} ${mayEdit(state)}`); // what the host's tool depends on
  const cursor = workspace.holding.value ? "grab" : workspace.host.tool.cursor;

  useEffect(() => {
    if (stage.current === null || canvas.current === null) return;
    const stopFitting = fitToStage(workspace, stage.current);
    const stopPointing = listenToPointer(workspace, canvas.current);
    try {
      const painter = startPainting({
        ...workspace,
        canvas: canvas.current,
      });
      const stopTiles = workspace.tilesLoaded.subscribe(() => painter.repaint());
      const stopPlaying = play(workspace, painter);
      return () => {
        stopPlaying();
        stopTiles();
        painter.stop();
        stopPointing();
        stopFitting();
      };
    } catch (cause) {
      failure.value = cause instanceof Error ? cause.message : String(cause);
      return () => {
        stopPointing();
        stopFitting();
      };
    }
  }, [workspace]);

  return (
    <main ref={stage} class={workspace.picking.value === null ? "stage" : "stage picking"}>
      <canvas
        ref={canvas}
        class="stage-canvas"
        role="img"
        aria-label={`Frame ${frame + 1} of ${name}`}
        style={{ cursor }}
      />
      {failure.value !== null && (
        <div class="stage-failure">
          <ErrorNote message={failure.value} />
        </div>
      )}
      <Marks />
      <ArchiveBanner />
      <Outline />
      <PastBanner />
      <DifferenceBanner />
      <ToolHint />
      <BrushCursor />
      <KeyPointer />
      <HoverCard />
      <WaitingSpinner />
      <FrameWaits />
      <Rulers />
      <Minimap />
      <ProfileCard />
      <ObjectMenu />
      <div class="stage-bars">
        <PickBar />
        <RetrackBar />
        <OutlineBar />
        <PromptBar />
        <ProposalsBar />
        <ReviewBar />
      </div>
    </main>
  );
}

/** Fits the image when the canvas first has a size, and as long as it is left so; else its middle stays. */
function fitToStage({ viewport, state }: Workspace, stage: HTMLElement): () => void {
  const observer = new ResizeObserver(() => {
    const size = { width: stage.clientWidth, height: stage.clientHeight };
    const before = viewport.peek();
    if (size.width === 0 || size.height === 0) return;
    const { series } = state.peek();
    viewport.value = isFitted(before, series) ? fitView(size, series) : resize(before, size);
  });
  observer.observe(stage);
  return () => observer.disconnect();
}

function ObjectMenu() {
  const workspace = useWorkspace();
  const { menu } = workspace;
  const track = useView((state) => state.selection?.track);
  if (menu.value === null || track === undefined) return null;
  return (
    <ContextMenu
      label="What to do with the object"
      at={menu.value}
      entries={objectMenu(workspace, track)}
      onClose={() => {
        menu.value = null;
      }}
    />
  );
}

const TURN_PX = 50; // of the wheel's way: half a notch of most mice, a short stroke on a touchpad
const BUTTONS: readonly PointerDown["button"][] = ["left", "middle", "right"];

function listenToPointer(workspace: Workspace, canvas: HTMLCanvasElement): () => void {
  const { host, viewport, pointer, picking, session, state, dispatch } = workspace;
  const listening = new AbortController();
  const listen = <Name extends keyof HTMLElementEventMap>(
    name: Name,
    handle: (event: HTMLElementEventMap[Name]) => void,
  ) => canvas.addEventListener(name, handle, { signal: listening.signal, passive: false });

  const read = (event: MouseEvent): Pointer => {
    const bounds = canvas.getBoundingClientRect();
    const screen = { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
    const pressure = event instanceof PointerEvent && event.pointerType === "pen" ? event.pressure : null;
    const image = toImage(viewport.peek(), screen);
    return { screen, image, alt: event.altKey, shift: event.shiftKey, pressure };
  };

  listen("pointerdown", (event) => {
    const button = BUTTONS[event.button];
    if (button === undefined || host.busy) return;
    event.preventDefault();
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    canvas.setPointerCapture(event.pointerId);
    const at = read(event);
    pointer.value = at;
    if (button === "left" && pick(session.store, picking, at)) return;
    if (button === "right" && host.tool.name === "select") return; // the menu opens on release
    host.down({ ...at, button });
  });
  listen("pointermove", (event) => {
    const at = read(event);
    pointer.value = at;
    if (host.busy) {
      const passed = event.getCoalescedEvents();
      // One repaint for all of them, however often the device tells where it is.
      batch(() => {
        for (const each of passed.length === 0 ? [event] : passed) host.move(read(each));
      });
    } else if (host.tool.names === true) {
      const present = state.peek();
      const object = objectAt(present, present.frame, at.image);
      dispatch({ type: "hover", track: object?.track.track ?? null });
    } else if (state.peek().hovered !== null) {
      dispatch({ type: "hover", track: null });
    }
  });
  listen("pointerup", (event) => {
    const at = read(event);
    const present = state.peek();
    if (BUTTONS[event.button] === "right" && !host.busy && host.tool.name === "select") {
      const track = objectAt(present, present.frame, at.image)?.track.track;
      if (track !== undefined) openObjectMenu(workspace, track, { x: event.clientX, y: event.clientY });
    }
    host.up(at);
  });
  listen("pointercancel", () => host.cancel());
  listen("pointerleave", () => {
    pointer.value = null;
    if (state.peek().hovered !== null) dispatch({ type: "hover", track: null });
  });
  listen("contextmenu", (event) => event.preventDefault());
  let turned = 0; // of the wheel since the brush last changed its size
  listen("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const { tool, brushDiameter } = state.peek();
    if (event.altKey && (tool === "brush" || tool === "eraser")) {
      turned += (event.deltaY * lines) / TURN_PX;
      const turns = Math.trunc(turned);
      turned -= turns;
      if (turns !== 0) dispatch({ type: "brush", diameter: resized(brushDiameter, -turns) });
      return;
    }
    // Pinching on a touchpad arrives as a wheel with Ctrl, in smaller steps.
    const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015));
    viewport.value = zoomAt(viewport.peek(), read(event).screen, factor, state.peek().series);
    pointer.value = read(event);
  });
  return () => listening.abort();
}
