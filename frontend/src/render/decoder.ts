// Hands compressed tiles to the decoding worker and waits for their pixels.

import type { DecodeAnswer, DecodeRequest } from "./decode.worker";

export type Decode = (bytes: ArrayBuffer, length: number) => Promise<ArrayBuffer>;

export interface Decoder {
  decode: Decode;
  close(): void;
}

export function startDecoder(): Decoder {
  const worker = new Worker(new URL("./decode.worker.ts", import.meta.url), { type: "module" });
  const waiting = new Map<number, { done: (pixels: ArrayBuffer) => void; fail: (cause: Error) => void }>();
  let lastId = 0;
  worker.onmessage = ({ data }: MessageEvent<DecodeAnswer>) => {
    const promise = waiting.get(data.id);
    waiting.delete(data.id);
    if ("pixels" in data) promise?.done(data.pixels);
    else promise?.fail(new Error(data.error));
  };
  worker.onerror = () => {
    for (const { fail } of waiting.values())
      fail(new Error("The pixel decoder could not start. Reload the page."));
    waiting.clear();
  };
  return {
    decode: (bytes, length) =>
      new Promise((done, fail) => {
        const id = ++lastId;
        waiting.set(id, { done, fail });
        worker.postMessage({ id, bytes, length } satisfies DecodeRequest, [bytes]);
      }),
    close: () => worker.terminate(),
  };
}
