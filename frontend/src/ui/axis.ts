// Where an axis has its ticks, and what they say. Pure.

import { significant } from "../state/format";

export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** Round numbers (1, 2 or 5 times a power of ten apart) inside the limits, about `count` of them. */
export function ticks(limits: Limits, count: number): number[] {
  const step = stepOf(limits, count);
  if (step === undefined) return [limits.low];
  const first = Math.ceil(limits.low / step - TINY);
  const last = Math.floor(limits.high / step + TINY);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** The limits moved out to the next tick, so that curves do not touch the frame; a single value gets room around it. */
export function rounded(limits: Limits, count: number): Limits {
  const { low, high } = limits;
  const step = stepOf(limits, count);
  if (step === undefined) {
    return low === 0
      ? { low: 0, high: 1 }
      : rounded({ low: low - Math.abs(low) / 10, high: low + Math.abs(low) / 10 }, count);
  }
  return { low: Math.floor(low / step + TINY) * step, high: Math.ceil(high / step - TINY) * step };
}

/** Tenths have no exact binary form. */
const TINY = 1e-9;

function stepOf({ low, high }: Limits, count: number): number | undefined {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return undefined;
  const rough = (span / Math.max(1, count)) * (1 - TINY);
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
}

/** What all of them need; undefined without any finite value. */
export function limitsOf(values: readonly number[]): Limits | undefined {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return undefined;
  return { low: Math.min(...finite), high: Math.max(...finite) };
}

/** A tick's label: ticks are round, so few digits tell them apart. */
export const tickLabel = (value: number) => significant(Number(value.toPrecision(12)));
