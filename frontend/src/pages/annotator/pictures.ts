// Pixels and masks for small pictures of objects, apart from those of the frame in sight: neither waits for the other.

import { type ReadonlySignal, signal } from "@preact/signals";
import type { MaskRevision } from "../../protocol/messages";
import { ChunkCache, type Pixels } from "../../render/chunks";
import { startDecoder } from "../../render/decoder";
import type { ChunkPlace } from "../../state/annotator/model";
import type { Workspace } from "./workspace";

export interface Pictures {
  /** Counts tiles as they come. */
  readonly loaded: ReadonlySignal<number>;
  /** The tiles that a picture needs from now on. */
  want(picture: string, places: readonly ChunkPlace[]): void;
  pixelsOf(place: ChunkPlace): Pixels | undefined;
  mask(track: string, frame: number): Promise<MaskRevision | null>;
  close(): void;
}

const MOST_BYTES = 96 * 2 ** 20;

export function startPictures({ session, state, dispatch }: Workspace): Pictures {
  const loaded = signal(0);
  const wanted = new Map<string, readonly ChunkPlace[]>();
  const decoder = startDecoder();
  const masks = session.readMasks();
  const chunks = new ChunkCache(
    state.peek().series.pixels,
    session.loadChunk,
    decoder.decode,
    () => {
      loaded.value++;
    },
    (text) => dispatch({ type: "notice", text }),
    MOST_BYTES,
  );
  return {
    loaded,
    want(picture, places) {
      if (places.length === 0) wanted.delete(picture);
      else wanted.set(picture, places);
      chunks.want([...wanted.values()].flat());
    },
    pixelsOf: (place) => chunks.get(place),
    mask: masks.mask,
    close() {
      masks.close();
      chunks.close();
      decoder.close();
    },
  };
}
