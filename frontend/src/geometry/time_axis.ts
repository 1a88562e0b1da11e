// Which frames a timeline shows, and where. Pure.

/** A frame covers the span from its index to the next. */
export interface TimeSpan {
  readonly first: number;
  readonly count: number;
}

const FEWEST_FRAMES = 8;

export function wholeSeries(frames: number): TimeSpan {
  return { first: 0, count: frames };
}

/** Where a frame begins, from the left end of an axis of this width. */
export function frameX(span: TimeSpan, width: number, frame: number): number {
  return ((frame - span.first) / span.count) * width;
}

export function frameAt(span: TimeSpan, width: number, x: number, frames: number): number {
  return Math.min(frames - 1, Math.max(0, Math.floor(span.first + (x / width) * span.count)));
}

/** Zooms in (factor above 1) or out; what lies at this share of the width stays there. */
export function zoomTime(span: TimeSpan, frames: number, share: number, factor: number): TimeSpan {
  const count = Math.min(frames, Math.max(Math.min(frames, FEWEST_FRAMES), span.count / factor));
  return inside({ first: span.first + share * (span.count - count), count }, frames);
}

export function panTime(span: TimeSpan, frames: number, by: number): TimeSpan {
  return inside({ ...span, first: span.first + by }, frames);
}

/** The frame in sight: turns a page when it has left. */
export function followFrame(span: TimeSpan, frames: number, frame: number): TimeSpan {
  if (frame < span.first) return inside({ ...span, first: frame + 1 - span.count }, frames);
  if (frame + 1 > span.first + span.count) return inside({ ...span, first: frame }, frames);
  return span;
}

function inside({ first, count }: TimeSpan, frames: number): TimeSpan {
  return { first: Math.min(frames - count, Math.max(0, first)), count };
}

/** Frames whose numbers, as people count them, are round, at least `apart` px from each other. */
export function frameTicks(span: TimeSpan, width: number, apart: number): number[] {
  const least = (apart / Math.max(1, width)) * span.count;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power);
  const ticks: number[] = [];
  const first = Math.max(1, Math.ceil((Math.floor(span.first) + 1) / step) * step);
  for (let number = first; number <= span.first + span.count; number += step) ticks.push(number - 1);
  if (span.first === 0 && ticks[0] !== 0 && (ticks[0] ?? 0) >= least) ticks.unshift(0);
  return ticks;
}
