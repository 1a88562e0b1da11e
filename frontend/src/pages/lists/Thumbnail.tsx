// A series' picture. The pointer leafs through its frames from left to right.

import { useSignal } from "@preact/signals";
import { thumbnailUrl } from "../../protocol/addresses";
import { samples } from "../../state/projects/listing";

export function Thumbnail({ series, frames }: { series: string; frames: number }) {
  const at = useSignal<number | null>(null); // among the samples; null: the pointer is elsewhere
  const shown = samples(frames);
  const leaf = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    if (event.pointerType !== "mouse") return;
    const box = event.currentTarget.getBoundingClientRect();
    const part = (event.clientX - box.left) / Math.max(1, box.width);
    at.value = Math.min(shown.length - 1, Math.max(0, Math.floor(part * shown.length)));
  };
  /** All at once, so that none is waited for while leafing. */
  const fetchAll = () => {
    for (const frame of shown) new Image().src = thumbnailUrl(series, frame);
  };
  const frame = at.value === null ? 0 : (shown[at.value] ?? 0);
  return (
    <div
      class="card-image"
      {...(frames > 1
        ? {
            onPointerEnter: fetchAll,
            onPointerMove: leaf,
            onPointerLeave: () => {
              at.value = null;
            },
          }
        : {})}
    >
      <img src={thumbnailUrl(series, frame)} alt="" loading="lazy" decoding="async" />
      {at.value !== null && (
        <span class="leaf" aria-hidden="true">
          <span class="leaf-number">
            {frame + 1} / {frames}
          </span>
          <span class="leaf-track">
            <span style={{ width: `${((at.value + 1) / shown.length) * 100}%` }} />
          </span>
        </span>
      )}
    </div>
  );
}
