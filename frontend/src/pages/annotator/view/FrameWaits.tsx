// Says which frame is awaited while its pixels are not all there: the number beside the image is never another image's.

import { useView, useWorkspace } from "../workspace";

export function FrameWaits() {
  const { drawn } = useWorkspace();
  const wanted = useView((state) => state.frame);
  const { frame, complete } = drawn.value;
  if (complete && frame === wanted) return null;
  if (frame !== wanted) return null; // for a moment the former frame stays, under its own number
  return (
    <p class="frame-waits" role="status">
      <span class="spinner" /> Frame <span class="number">{wanted + 1}</span> is loading
    </p>
  );
}
