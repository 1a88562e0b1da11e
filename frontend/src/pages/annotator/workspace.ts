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
import { type LogFilter, NO_FILTER } from "../../state/annotator/log_filter";
import type { Annotator, ChunkPlace } from "../../state/annotator/model";
import type { Action } from "../../state/annotator/reduce";
import { selectedProposal } from "../../state/annotator/review";
import { objectOf } from "../../state/annotator/view";
import { keyChanges } from "../../state/keymap/store";
import type { CommandContext, TrackDialog } from "../../tools/commands";
import { ToolHost } from "../../tools/host";
import type { Pointer } from "../../tools/tool";
import { placeOf, pointByKeys } from "./keys/pointing";
import { autoWindow } from "./window";

export type DialogName =
  | "help"
  | "calibration"
  | "export"
  | "problems"
  | "lineage"
  | "life"
  | "picture"
  | "restore"
  | TrackDialog;
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
  /** Keys move the pointer, which is drawn then. */
  readonly aimed: Signal<boolean>;
  /** The space bar is down: the pointer moves the image. */
  readonly holding: Signal<boolean>;
  readonly drawn: Signal<Drawn>;
  /** The tile of the full resolution under the pointer at rest, for its grey value. */
  readonly read: Signal<readonly ChunkPlace[]>;
  /** Frames a second that playing reaches; null while nothing plays. */
  readonly playedRate: Signal<number | null>;
  readonly dialog: Signal<DialogName | null>;
  readonly panel: Signal<PanelName>;
  readonly picking: Signal<Pick | null>;
  /** Where the menu of the selected object is open, in the window's pixels. */
  readonly menu: Signal<Point | null>;
  /** Whose lineage the dialog shows. */
  readonly lineageOf: Signal<string | null>;
  openLineage(track: string): void;
  /** Whose life the dialog tells. */
  readonly lifeOf: Signal<string | null>;
  openLife(track: string): void;
  /** Which changes the history lists, and whether one sees how to choose them. */
  readonly logFilter: Signal<LogFilter>;
  readonly logFilterOpen: Signal<boolean>;
  /** The version that waits in the history for another to be compared with. */
  readonly comparing: Signal<number | null>;
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
  const pointer = signal<Pointer | null>(null);
  const aimed = signal(false);
  const menu = signal<Point | null>(null);
  const lineageOf = signal<string | null>(null);
  const lifeOf = signal<string | null>(null);
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
    get keyChanges() {
      return keyChanges.peek();
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
    get busy() {
      return host.busy;
    },
    cancelGesture() {
      const { busy } = host;
      host.cancel();
      return busy;
    },
    openLineage,
    openLife,
    view: {
      autoContrast() {
        session.histogram(store.state.peek().frame, new AbortController().signal).then(
          (found) => store.dispatch({ type: "display", change: autoWindow(found) }),
          (cause) => store.dispatch({ type: "notice", text: asApiError(cause).message }),
        );
      },
      savePicture() {
        dialog.value = "picture";
      },
    },
    toggleHelp() {
      dialog.value = dialog.peek() === "help" ? null : "help";
    },
    openTracking() {
      panel.value = "track";
    },
    openDialog(name) {
      dialog.value = name;
    },
    openPanel(name) {
      panel.value = name;
    },
    openMenu() {
      const present = store.state.peek();
      const track = present.selection?.track;
      const object = track === undefined ? undefined : objectOf(present, track, present.frame);
      if (object !== undefined) menu.value = placeOf(object.box, viewport.peek());
    },
    get pointing() {
      return pointing;
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
  function openLife(track: string): void {
    lifeOf.value = track;
    dialog.value = "life";
  }
  const host = new ToolHost(commands);
  const pointing = pointByKeys({ store, viewport, pointer, aimed, picking, host });
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
    pointer,
    aimed,
    holding: signal(false),
    drawn: signal({ frame: store.state.peek().frame, complete: false }),
    read: signal([]),
    playedRate: signal(null),
    dialog,
    panel,
    picking,
    menu,
    lineageOf,
    openLineage,
    lifeOf,
    openLife,
    logFilter: signal(NO_FILTER),
    logFilterOpen: signal(false),
    comparing: signal(null),
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
