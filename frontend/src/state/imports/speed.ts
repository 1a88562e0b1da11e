// How fast bytes go, from what had been sent when. Pure.

const WINDOW_S = 10;

export interface Sample {
  readonly at_s: number;
  readonly sent: number;
}

/** The samples of the last seconds, with a new one. What was given up makes the sum smaller: it begins anew. */
export function withSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && sample.sent < last.sent) return [sample];
  return [...samples.filter((one) => sample.at_s - one.at_s <= WINDOW_S), sample];
}

/** Bytes a second; null where nothing can be said yet. */
export function bytesPerSecond(samples: readonly Sample[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at_s <= first.at_s) return null;
  return (last.sent - first.sent) / (last.at_s - first.at_s);
}
