// The whole frame in a corner, with the part in sight, while the view is zoomed in. A click or drag moves the view.

import type { TargetedPointerEvent } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Viewport } from "../../../geometry/viewport";
import type { Series } from "../../../protocol/rest";
import { paintCrop } from "../../../render/crop";
import { useView, useWorkspace } from "../workspace";

const LONGEST_PX = 168;

export function Minimap() {
  const { viewport } = useWorkspace();
  const wanted = useView((state) => state.display.minimap);
  const series = useView((state) => state.series);
  if (!wanted || !isZoomedIn(viewport.value, series)) return null;
  return <Overview series={series} />;
}

/** Some of the image is out of sight, by more than the rim of a fitted view. */
export function isZoomedIn({ width, height, scale }: Viewport, image: { width: number; height: number }) {
  return width > 0 && (image.width * scale > width + 1 || image.height * scale > height + 1);
}

function Overview({ series }: { series: Series }) {
  const { viewport, chunks, tilesLoaded, drawn, state } = useWorkspace();
  const canvas = useRef<HTMLCanvasElement>(null);
  const display = useView((all) => all.display);
  const side = Math.max(series.width, series.height);
  const size = { width: LONGEST_PX * (series.width / side), height: LONGEST_PX * (series.height / side) };
  const { frame } = drawn.value;
  const loaded = tilesLoaded.value;

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context == null) return;
    // The square around the frame, its first row and column in the picture's corner.
    const crop = { frame, x0: 0, y0: 0, side };
    const pixelsOf = (place: Parameters<typeof chunks.get>[0]) => chunks.get(place);
    const picture = paintCrop(series.pixels, pixelsOf, crop, LONGEST_PX, display, null, [0, 0, 0]);
    context.putImageData(new ImageData(picture, LONGEST_PX, LONGEST_PX), 0, 0);
  }, [frame, loaded, display.low, display.high, display.gamma, display.invert]);

  const move = (event: TargetedPointerEvent<HTMLDivElement>) => {
    if (event.buttons !== 1) return;
    const bounds = event.currentTarget.getBoundingClientRect();
    const view = viewport.peek();
    const x = ((event.clientX - bounds.left) / bounds.width) * state.peek().series.width;
    const y = ((event.clientY - bounds.top) / bounds.height) * state.peek().series.height;
    viewport.value = {
      ...view,
      originX: Math.min(series.width, Math.max(0, x)) - view.width / 2 / view.scale,
      originY: Math.min(series.height, Math.max(0, y)) - view.height / 2 / view.scale,
    };
  };
  const { originX, originY, width, height, scale } = viewport.value;
  const share = size.width / series.width;
  const left = Math.max(0, originX) * share;
  const top = Math.max(0, originY) * share;
  const right = Math.min(series.width, originX + width / scale) * share;
  const bottom = Math.min(series.height, originY + height / scale) * share;
  return (
    <div
      class="minimap"
      role="img"
      aria-label="Overview map: drag to move the view"
      title="Overview map: drag to move the view (Shift+M hides it)"
      style={{ width: `${size.width}px`, height: `${size.height}px` }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        move(event);
      }}
      onPointerMove={move}
    >
      <canvas ref={canvas} width={LONGEST_PX} height={LONGEST_PX} />
      <span
        class="minimap-view"
        style={{
          left: `${left}px`,
          top: `${top}px`,
          width: `${Math.max(2, right - left)}px`,
          height: `${Math.max(2, bottom - top)}px`,
        }}
      />
    </div>
  );
}
