// Where an axis has its ticks, and what they say. Pure.

import { significant } from "../state/format";

export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** Round numbers (1, 2 or 5 times a power of ten apart) inside the limits, about `count` of them. */
export function ticks({ low, high }: Limits, count: number): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** The limits moved out to the next tick, so that curves do not touch the frame; a single value gets room around it. */
export function rounded(limits: Limits, count: number): Limits {
  const { low, high } = limits;
  if (low === high)
    return low === 0 ? { low: 0, high: 1 } : rounded({ low: low * 0.9, high: low * 1.1 }, count);
  const [first = 0, second = 1] = ticks(limits, count);
  const step = second - first;
  return { low: Math.floor(low / step + 1e-9) * step, high: Math.ceil(high / step - 1e-9) * step };
}

/** What all of them need; undefined without any finite value. */
export function limitsOf(values: readonly number[]): Limits | undefined {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return undefined;
  return { low: Math.min(...finite), high: Math.max(...finite) };
}

/** A tick's label: ticks are round, so few digits tell them apart. */
export const tickLabel = (value: number) => significant(Number(value.toPrecision(12)));
