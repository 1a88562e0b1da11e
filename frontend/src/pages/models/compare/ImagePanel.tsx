// Layers of images on top of each other, and a magnifier that all panels share.

import type { Signal } from "@preact/signals";

/** Where the magnifier is, as shares of width and height. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

export interface ImagePanelProps {
  title: string;
  label: string;
  layers: readonly string[];
  height: number;
  width: number;
  zoom: number;
  spot: Signal<Spot | null>;
  /** A pinned magnifier stays where it is. */
  pinned: Signal<boolean>;
}

/** The magnifier's side as a share of the panel's width. */
const LENS = 0.46;

export function ImagePanel(props: ImagePanelProps) {
  const { title, label, layers, height, width, zoom, spot, pinned } = props;
  const follow = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    if (!pinned.value) spot.value = spotOf(event);
  };
  const leave = () => {
    if (!pinned.value) spot.value = null;
  };
  const pin = (event: MouseEvent & { currentTarget: HTMLElement }) => {
    pinned.value = !pinned.value;
    spot.value = spotOf(event);
  };
  const pictures = (alt: string) =>
    layers.map((source, index) => (
      <img key={index} src={source} alt={index === 0 ? alt : ""} draggable={false} />
    ));
  return (
    <figure class="image-panel">
      <figcaption title={title}>{title}</figcaption>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the group around it moves the magnifier by keys */}
      <div
        class="image-layers"
        role="img"
        aria-label={label}
        style={{ aspectRatio: `${width} / ${height}` }}
        onPointerMove={follow}
        onPointerLeave={leave}
        onClick={pin}
      >
        {pictures("")}
        {spot.value !== null && (
          <div class={pinned.value ? "lens pinned" : "lens"} style={lensStyle(spot.value)}>
            <div class="lens-inner" style={innerStyle(spot.value, zoom, height / width)}>
              {pictures("")}
            </div>
          </div>
        )}
      </div>
    </figure>
  );
}

function spotOf(event: MouseEvent & { currentTarget: HTMLElement }): Spot {
  const box = event.currentTarget.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}

const share = (value: number) => `${value * 100}%`;

const lensStyle = ({ x, y }: Spot) => ({ width: share(LENS), left: share(x), top: share(y) });

/** The whole picture, enlarged and moved so that the spot is in the lens's middle; all in shares of the lens. */
export function innerStyle({ x, y }: Spot, zoom: number, ratio: number) {
  const size = zoom / LENS;
  return {
    width: share(size),
    height: share(size * ratio),
    left: share(0.5 - x * size),
    top: share(0.5 - y * size * ratio),
  };
}
