// The frame's grey values, with the window's two ends to drag.

import type { TargetedPointerEvent } from "preact";
import type { Histogram } from "../../protocol/rest";

const WIDTH = 256;
const HEIGHT = 72;

export interface HistogramPlotProps {
  histogram: Histogram | null;
  low: number;
  high: number;
  onWindow: (window: { low: number } | { high: number }) => void;
}

export function HistogramPlot({ histogram, low, high, onWindow }: HistogramPlotProps) {
  const from = Math.min(histogram?.low ?? low, low);
  const to = Math.max(histogram?.high ?? high, high);
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
function outline({ low, high, counts }: Histogram, x: (value: number) => number): string {
  const highest = Math.sqrt(Math.max(1, ...counts));
  const width = (high - low) / counts.length;
  const steps = counts.map((count, index) => {
    const y = HEIGHT - (Math.sqrt(count) / highest) * (HEIGHT - 4);
    return `L${x(low + index * width).toFixed(2)} ${y.toFixed(2)}H${x(low + (index + 1) * width).toFixed(2)}`;
  });
  return `M${x(low).toFixed(2)} ${HEIGHT}${steps.join("")}L${x(high).toFixed(2)} ${HEIGHT}Z`;
}
