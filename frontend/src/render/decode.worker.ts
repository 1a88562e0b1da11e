// Decodes zstd off the main thread: compressed bytes in, pixels out.

import { ZSTDDecoder } from "zstddec";

export interface DecodeRequest {
  readonly id: number;
  readonly bytes: ArrayBuffer;
  /** Length of the decoded pixels in bytes. */
  readonly length: number;
}

export type DecodeAnswer =
  | { readonly id: number; readonly pixels: ArrayBuffer }
  | { readonly id: number; readonly error: string };

// The decoder carries its wasm inside and reads it with fetch from a data: address, which the content security policy
// forbids. This worker never talks to the network, so its fetch can unpack that address itself.
globalThis.fetch = async (address) => {
  const [, base64 = ""] = String(address).split(",");
  return new Response(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
};

const decoder = new ZSTDDecoder();
const ready = decoder.init();

self.onmessage = async ({ data }: MessageEvent<DecodeRequest>) => {
  const { id, bytes, length } = data;
  try {
    await ready;
    const decoded = decoder.decode(new Uint8Array(bytes), length);
    if (decoded.byteLength !== length) {
      throw new Error(`A tile has ${decoded.byteLength} bytes instead of ${length}.`);
    }
    const pixels = decoded.buffer as ArrayBuffer;
    self.postMessage({ id, pixels } satisfies DecodeAnswer, { transfer: [pixels] });
  } catch (cause) {
    self.postMessage({ id, error: String(cause) } satisfies DecodeAnswer);
  }
};
