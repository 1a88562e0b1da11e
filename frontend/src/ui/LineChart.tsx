// Curves over a common axis, with the values under the pointer, or under the arrow keys, read out.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { significant } from "../state/format";
import { type Limits, limitsOf, rounded, tickLabel, ticks } from "./axis";
import "./data.css";

export interface Line {
  name: string;
  /** 1, 2, 3: colour and dashes. */
  look: 1 | 2 | 3;
  points: readonly (readonly [x: number, y: number])[];
}

export interface LineChartProps {
  /** What is drawn, for screen readers and as the title. */
  label: string;
  /** With the unit in brackets: "training time (s)". */
  xTitle: string;
  yTitle: string;
  lines: readonly Line[];
  /** The least that the axis shows; without it what the curves need. */
  yLimits?: Limits;
  height?: number;
}

const ROOM = { right: 12, top: 8, bottom: 38 };
const LEFT = 30; // for the title and the gaps; the ticks' labels come on top
const DIGIT = 6.6;

export function LineChart({ label, xTitle, yTitle, lines, yLimits, height = 220 }: LineChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useSignal(480);
  const read = useSignal<number | null>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) width.value = Math.max(200, Math.round(entry.contentRect.width));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [width]);

  const all = lines.flatMap((line) => line.points);
  const xs = [...new Set(all.map(([x]) => x))].sort((a, b) => a - b);
  const xData = limitsOf(xs) ?? { low: 0, high: 1 };
  const xLimits = { low: Math.min(0, xData.low), high: Math.max(xData.high, xData.low + 1e-9) };
  const yData = limitsOf([...all.map(([, y]) => y), ...(yLimits ? [yLimits.low, yLimits.high] : [])]);
  const yShown = rounded(yData ?? { low: 0, high: 1 }, 5);
  const left = LEFT + DIGIT * Math.max(3, ...ticks(yShown, 5).map((value) => tickLabel(value).length));
  const inner = { width: width.value - left - ROOM.right, height: height - ROOM.top - ROOM.bottom };
  const px = (x: number) => left + ((x - xLimits.low) / (xLimits.high - xLimits.low)) * inner.width;
  const py = (y: number) => ROOM.top + (1 - (y - yShown.low) / (yShown.high - yShown.low)) * inner.height;

  const index = read.value === null ? null : Math.min(read.value, xs.length - 1);
  const at = index === null ? undefined : xs[index];
  const follow = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const wanted = event.clientX - event.currentTarget.getBoundingClientRect().left;
    let best = 0;
    xs.forEach((x, candidate) => {
      if (Math.abs(px(x) - wanted) < Math.abs(px(xs[best] ?? 0) - wanted)) best = candidate;
    });
    read.value = xs.length === 0 ? null : best;
  };
  const move = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -xs.length, End: xs.length }[event.key];
    if (step === undefined || xs.length === 0) return;
    event.preventDefault();
    read.value = Math.min(xs.length - 1, Math.max(0, (index ?? (step > 0 ? -1 : xs.length)) + step));
  };
  const forget = () => {
    read.value = null;
  };
  return (
    <figure class="chart" ref={box}>
      <figcaption class="chart-head">
        <strong>{label}</strong>
        <span class="chart-legend">
          {lines.map((line) => (
            <span key={line.name} class="chart-key">
              <svg width="18" height="8" aria-hidden="true">
                <path class={`curve look-${line.look}`} d="M0 4H18" />
              </svg>
              {line.name}
              <span class="number muted">{readout(line, at)}</span>
            </span>
          ))}
        </span>
      </figcaption>
      <div
        class="chart-plot"
        role="slider"
        tabIndex={0}
        aria-label={`${label}, read out along ${xTitle}`}
        aria-valuemin={xLimits.low}
        aria-valuemax={xLimits.high}
        aria-valuenow={at ?? xLimits.high}
        aria-valuetext={spoken(xTitle, lines, at)}
        onPointerMove={follow}
        onPointerLeave={forget}
        onBlur={forget}
        onKeyDown={move}
      >
        <svg width={width.value} height={height} aria-hidden="true">
          {ticks(yShown, 5).map((value) => (
            <g key={value}>
              <path class="chart-grid" d={`M${left} ${py(value)}H${width.value - ROOM.right}`} />
              <text class="chart-tick" x={left - 8} y={py(value) + 4} text-anchor="end">
                {tickLabel(value)}
              </text>
            </g>
          ))}
          {(all.length === 0 ? [] : ticks(xLimits, inner.width / 90)).map((value) => (
            <text
              key={value}
              class="chart-tick"
              x={px(value)}
              y={height - ROOM.bottom + 16}
              text-anchor="middle"
            >
              {tickLabel(value)}
            </text>
          ))}
          <text class="chart-title" x={left + inner.width / 2} y={height - 4} text-anchor="middle">
            {xTitle}
          </text>
          <text
            class="chart-title"
            transform={`translate(12 ${ROOM.top + inner.height / 2}) rotate(-90)`}
            text-anchor="middle"
          >
            {yTitle}
          </text>
          {lines.map((line) => (
            <path key={line.name} class={`curve look-${line.look}`} d={outline(line, px, py)} />
          ))}
          {lines.map((line) => {
            const only = line.points.length === 1 ? line.points[0] : undefined;
            return only === undefined ? null : (
              <circle
                key={line.name}
                class={`dot look-${line.look}`}
                cx={px(only[0])}
                cy={py(only[1])}
                r={3}
              />
            );
          })}
          {at !== undefined && (
            <g>
              <path class="chart-cursor" d={`M${px(at)} ${ROOM.top}V${height - ROOM.bottom}`} />
              {lines.map((line) => {
                const value = valueAt(line, at);
                return value === undefined ? null : (
                  <circle
                    key={line.name}
                    class={`dot look-${line.look}`}
                    cx={px(at)}
                    cy={py(value)}
                    r={3.5}
                  />
                );
              })}
              <text
                class="chart-at"
                x={px(at) + (px(at) > width.value / 2 ? -6 : 6)}
                y={ROOM.top + 10}
                text-anchor={px(at) > width.value / 2 ? "end" : "start"}
              >
                {tickLabel(at)}
              </text>
            </g>
          )}
          {all.length === 0 && (
            <text class="chart-title" x={left + inner.width / 2} y={height / 2} text-anchor="middle">
              Nothing yet
            </text>
          )}
        </svg>
      </div>
    </figure>
  );
}

function outline(line: Line, px: (x: number) => number, py: (y: number) => number): string {
  return line.points
    .map(([x, y], index) => `${index === 0 ? "M" : "L"}${px(x).toFixed(1)} ${py(y).toFixed(1)}`)
    .join("");
}

const valueAt = (line: Line, at: number | undefined) => line.points.find(([x]) => x === at)?.[1];

/** The value under the pointer; without one the newest. */
function readout(line: Line, at: number | undefined): string {
  const value = at === undefined ? line.points.at(-1)?.[1] : valueAt(line, at);
  return value === undefined ? "–" : significant(value, 3);
}

function spoken(xTitle: string, lines: readonly Line[], at: number | undefined): string {
  const values = lines.map((line) => `${line.name} ${readout(line, at)}`).join(", ");
  return `${at === undefined ? "Latest" : `${xTitle} ${tickLabel(at)}`}: ${values}`;
}
