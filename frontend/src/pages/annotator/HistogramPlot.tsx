// The frame's grey values, with the window's two ends to drag.

import type { TargetedPointerEvent } from "preact";
import type { Histogram } from "../../protocol/rest";
import { binWidth } from "./window";

const WIDTH = 256;
const HEIGHT = 72;

export interface HistogramPlotProps {
  histogram: Histogram | null;
  low: number;
  high: number;
  onWindow: (window: { low: number } | { high: number }) => void;
}

export function HistogramPlot({ histogram, low, high, onWindow }: HistogramPlotProps) {
  const from = Math.min(histogram?.min ?? low, low);
  const to = Math.max(histogram?.max ?? high, high);
  const span = Math.max(to - from, 1e-30);
  const x = (value: number) => ((value - from) / span) * WIDTH;
  const drag = (event: TargetedPointerEvent<SVGSVGElement>) => {
    if (event.buttons !== 1) return;
    const bounds = event.currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - bounds.left) / bounds.width));
    const value = from + share * span;
    if (Math.abs(value - low) < Math.abs(value - high)) onWindow({ low: value });
    else onWindow({ high: value });
  };
  return (
    <svg
      class="histogram"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label="Histogram of this frame"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        drag(event);
      }}
      onPointerMove={drag}
    >
      {histogram !== null && <path class="histogram-bars" d={outline(histogram, x)} />}
      <rect class="histogram-outside" x={0} y={0} width={Math.max(0, x(low))} height={HEIGHT} />
      <rect
        class="histogram-outside"
        x={x(high)}
        y={0}
        width={Math.max(0, WIDTH - x(high))}
        height={HEIGHT}
      />
      {[low, high].map((end, index) => (
        <line
          key={index === 0 ? "low" : "high"}
          class="histogram-end"
          x1={x(end)}
          x2={x(end)}
          y1={0}
          y2={HEIGHT}
          vector-effect="non-scaling-stroke"
        />
      ))}
    </svg>
  );
}

/** Square roots, so that the small peaks of small objects are seen beside the background's. */
function outline(histogram: Histogram, x: (value: number) => number): string {
  const { counts, min } = histogram;
  const highest = Math.sqrt(Math.max(1, ...counts));
  const width = binWidth(histogram);
  const edge = (bin: number) => x(min + bin * width).toFixed(2);
  const steps = counts.map((count, bin) => {
    const y = HEIGHT - (Math.sqrt(count) / highest) * (HEIGHT - 4);
    return `L${edge(bin)} ${y.toFixed(2)}H${edge(bin + 1)}`;
  });
  return `M${edge(0)} ${HEIGHT}${steps.join("")}L${edge(counts.length)} ${HEIGHT}Z`;
}
