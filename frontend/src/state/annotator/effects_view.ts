// What the views ask of the server: named windows, and the masks of the frame in the second view.

import * as api from "../../protocol/api";
import { asApiError } from "../../protocol/errors";
import type { Store } from "./store";
import { frameBeside, lookOf } from "./viewing";

export interface Views {
  /** Keeps the present window under a name. */
  savePreset(name: string): Promise<void>;
  /** The series opens with it from now on, for everyone; null: with none. */
  setDefaultPreset(id: string | null): Promise<void>;
  deletePreset(id: string): Promise<void>;
}

/** Calls that this file makes; tests pass their own. */
export type ViewApi = Pick<
  typeof api,
  "getState" | "listDisplayPresets" | "createDisplayPreset" | "updateDisplayPreset" | "deleteDisplayPreset"
>;

const AGAIN_MS = 3000;

export function startViews(store: Store, calls: ViewApi = api): Views & { closeViews(): void } {
  const { id } = store.state.peek().series;
  const loading = new Set<string>();
  let closed = false;

  async function listPresets(): Promise<void> {
    store.dispatch({ type: "view/presets", presets: await calls.listDisplayPresets(id) });
  }

  /** The series' own window comes before the one that this browser had last. */
  async function openWithDefault(): Promise<void> {
    await listPresets();
    const usual = store.state.peek().presets.find(({ is_default }) => is_default);
    if (usual !== undefined) store.dispatch({ type: "display", change: lookOf(usual) });
  }

  async function loadBeside(): Promise<void> {
    const state = store.state.peek();
    const { beside } = state;
    if (beside === null) return;
    const frame = frameBeside(state);
    const { version } = beside;
    const known = version === null ? state.frames : beside.past?.frames;
    const key = `${frame}/${version}`;
    if (known?.get(frame)?.loaded === true || loading.has(key)) return;
    loading.add(key);
    try {
      const found =
        version === null
          ? await calls.getState(id, frame, { masksOnly: true })
          : await calls.getState(id, frame, { version });
      store.dispatch({ type: version === null ? "frame/loaded" : "view/beside-loaded", state: found });
      loading.delete(key);
    } catch (cause) {
      const error = asApiError(cause);
      if (!error.offline) store.dispatch({ type: "notice", text: error.message });
      // What failed must not be asked for in a loop.
      setTimeout(() => {
        loading.delete(key);
        if (!closed) void loadBeside();
      }, AGAIN_MS);
    }
  }

  const stopWatching = store.watch((after, before) => {
    const moved = after.beside !== before.beside || after.frame !== before.frame;
    if (moved || after.frames !== before.frames) void loadBeside();
  });
  openWithDefault().catch(() => undefined); // the window of the import does

  return {
    async savePreset(name) {
      const look = lookOf(store.state.peek().display);
      await calls.createDisplayPreset(id, { name, ...look, is_default: false });
      await listPresets();
    },
    async setDefaultPreset(preset) {
      const present = store.state.peek().presets.find(({ is_default }) => is_default);
      if (preset !== null) await calls.updateDisplayPreset(id, preset, { is_default: true });
      else if (present !== undefined) await calls.updateDisplayPreset(id, present.id, { is_default: false });
      await listPresets();
    },
    async deletePreset(preset) {
      await calls.deleteDisplayPreset(id, preset);
      await listPresets();
    },
    closeViews() {
      closed = true;
      stopWatching();
    },
  };
}
