// What the parts of the annotator share: the session, the view of the image, and the tool in hand.

import { type ReadonlySignal, type Signal, signal, useComputed } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Point } from "../../geometry/stroke";
import { fitView, reveal, type Viewport } from "../../geometry/viewport";
import { asApiError } from "../../protocol/errors";
import { ChunkCache } from "../../render/chunks";
import { startDecoder } from "../../render/decoder";
import { EdgeFollower } from "../../render/edges";
import { ClickTimer } from "../../render/latency";
import type { Drawn } from "../../render/scene";
import { newId, type Session } from "../../state/annotator/effects_open";
import type { Annotator } from "../../state/annotator/model";
import type { Action } from "../../state/annotator/reduce";
import { selectedProposal } from "../../state/annotator/review";
import type { CommandContext, TrackDialog } from "../../tools/commands";
import { ToolHost } from "../../tools/host";
import type { Pointer } from "../../tools/tool";

export type DialogName = "help" | "calibration" | "export" | "problems" | "lineage" | TrackDialog;
export type PanelName = "objects" | "segment" | "track" | "history" | "display";

/** An object that the next click on the image names. */
export interface Pick {
  readonly hint: string;
  /** Where it holds; null: on every frame. */
  readonly frame: number | null;
  readonly onPick: (track: string) => void;
}

export interface Workspace {
  readonly session: Session;
  readonly state: ReadonlySignal<Annotator>;
  dispatch(action: Action): void;
  readonly viewport: Signal<Viewport>;
  /** The pointer over the canvas; null when it is elsewhere. */
  readonly pointer: Signal<Pointer | null>;
  /** The space bar is down: the pointer moves the image. */
  readonly holding: Signal<boolean>;
  readonly drawn: Signal<Drawn>;
  readonly dialog: Signal<DialogName | null>;
  readonly panel: Signal<PanelName>;
  readonly picking: Signal<Pick | null>;
  /** Where the menu of the selected object is open, in the window's pixels. */
  readonly menu: Signal<Point | null>;
  /** Whose lineage the dialog shows. */
  readonly lineageOf: Signal<string | null>;
  openLineage(track: string): void;
  readonly host: ToolHost;
  readonly commands: CommandContext;
  readonly chunks: ChunkCache;
  readonly timer: ClickTimer;
  /** Counts tiles as they come, for whoever draws or reads them. */
  readonly tilesLoaded: Signal<number>;
  close(): void;
}

export function createWorkspace(session: Session): Workspace {
  const { store } = session;
  const { series } = store.state.peek();
  const viewport = signal(fitView({ width: 0, height: 0 }, series));
  const dialog = signal<DialogName | null>(null);
  const panel = signal<PanelName>("objects");
  const picking = signal<Pick | null>(null);
  const lineageOf = signal<string | null>(null);
  const tilesLoaded = signal(0);
  const timer = new ClickTimer();
  const decoder = startDecoder();
  const chunks = new ChunkCache(
    series.pixels,
    session.loadChunk,
    decoder.decode,
    () => {
      tilesLoaded.value++;
    },
    (text) => store.dispatch({ type: "notice", text }),
  );
  const edges = new EdgeFollower(series.pixels, (place) => chunks.get(place));
  const commands: CommandContext = {
    get state() {
      return store.state.peek();
    },
    get viewport() {
      return viewport.peek();
    },
    dispatch: store.dispatch,
    look: (next) => {
      viewport.value = next;
    },
    newId,
    followEdge: (from, to) => edges.follow(store.state.peek().frame, from, to),
    interpolate() {
      session
        .interpolate(newId)
        .catch((cause) => store.dispatch({ type: "notice", text: asApiError(cause).message }));
    },
    cancelGesture() {
      const { busy } = host;
      host.cancel();
      return busy;
    },
    openLineage,
    toggleHelp() {
      dialog.value = dialog.peek() === "help" ? null : "help";
    },
    openTracking() {
      panel.value = "track";
    },
    openDialog(name) {
      dialog.value = name;
    },
    track(request) {
      session.track(request).then(
        () => {
          panel.value = "track";
        },
        (cause) => store.dispatch({ type: "notice", text: asApiError(cause).message }),
      );
    },
  };
  function openLineage(track: string): void {
    lineageOf.value = track;
    dialog.value = "lineage";
  }
  const host = new ToolHost(commands);
  const stopWatching = store.watch((after, before, action) => {
    if (action.type === "prompt/point" || action.type === "prompt/box")
      timer.ask(action.requestId, lastInput());
    followReview(after, before, action);
    const asked = picking.peek();
    if (asked !== null && asked.frame !== null && asked.frame !== after.frame) picking.value = null;
    if (after.connection === "online" && before.connection !== "online") chunks.retry();
  });
  /** Moves a proposal into sight that a key has selected. */
  function followReview(after: Annotator, before: Annotator, action: Action): void {
    const found = before.review.seek !== null && after.review.seek === null;
    if (!found && !action.type.startsWith("review/")) return;
    const proposal = after.selection === before.selection ? undefined : selectedProposal(after);
    if (proposal === undefined) return;
    const [x0, y0, x1, y1] = proposal.box;
    viewport.value = reveal(viewport.peek(), { x: (x0 + x1) / 2, y: (y0 + y1) / 2 }, series);
  }
  return {
    session,
    state: store.state,
    dispatch: store.dispatch,
    viewport,
    pointer: signal(null),
    holding: signal(false),
    drawn: signal({ frame: store.state.peek().frame, complete: false }),
    dialog,
    panel,
    picking,
    menu: signal(null),
    lineageOf,
    openLineage,
    host,
    commands,
    chunks,
    timer,
    tilesLoaded,
    close() {
      stopWatching();
      chunks.close();
      decoder.close();
      session.close();
    },
  };
}

/** When the event that is being handled happened, on performance.now()'s clock. */
function lastInput(): number {
  return window.event?.timeStamp ?? performance.now();
}

export const WorkspaceContext = createContext<Workspace | null>(null);

export function useWorkspace(): Workspace {
  const workspace = useContext(WorkspaceContext);
  if (workspace === null) throw new Error("useWorkspace outside of a workspace");
  return workspace;
}

/** A part of the state: the component renders again only when that part changes. */
export function useView<T>(select: (state: Annotator) => T): T {
  const { state } = useWorkspace();
  useComputed(() => select(state.value)).value;
  return select(state.peek()); // anew, because `select` may close over properties that have just changed
}
