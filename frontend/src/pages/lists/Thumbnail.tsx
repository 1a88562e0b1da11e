// A series' picture. The pointer over it leafs through the frames from left to right.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { thumbnailUrl } from "../../protocol/addresses";
import { samples } from "../../state/projects/listing";

export function Thumbnail({ series, frames }: { series: string; frames: number }) {
  const picture = useRef<HTMLDivElement>(null);
  const at = useSignal<number | null>(null); // among the samples; null: the pointer is elsewhere
  const shown = samples(frames);
  useEffect(() => {
    // The card's link lies over the picture, so the card is what hears of the pointer.
    const card = picture.current?.closest(".card");
    if (!(card instanceof HTMLElement) || frames < 2) return;
    const leaf = (event: PointerEvent) => {
      const box = picture.current?.getBoundingClientRect();
      if (box === undefined || event.pointerType !== "mouse") return;
      if (event.clientY > box.bottom) at.value = null;
      else at.value = partOf(event.clientX - box.left, box.width, shown.length);
    };
    /** All at once, so that none is waited for while leafing. */
    const fetchAll = () => {
      for (const frame of shown) new Image().src = thumbnailUrl(series, frame);
    };
    const leave = () => {
      at.value = null;
    };
    card.addEventListener("pointerenter", fetchAll);
    card.addEventListener("pointermove", leaf);
    card.addEventListener("pointerleave", leave);
    return () => {
      card.removeEventListener("pointerenter", fetchAll);
      card.removeEventListener("pointermove", leaf);
      card.removeEventListener("pointerleave", leave);
    };
  }, [series, frames]);
  const frame = at.value === null ? 0 : (shown[at.value] ?? 0);
  return (
    <div ref={picture} class="card-image">
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

/** Which of `count` equal parts of a width a place lies in. */
const partOf = (x: number, width: number, count: number) =>
  Math.min(count - 1, Math.max(0, Math.floor((x / Math.max(1, width)) * count)));
