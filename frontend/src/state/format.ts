// Numbers, sizes and times as people read them. Pure.

import type { Calibration } from "../protocol/rest";

/** 0 to 1 as a whole percentage; 100 % only when it is complete. */
export function percent(fraction: number): string {
  const whole = Math.round(Math.min(1, Math.max(0, fraction)) * 100);
  return `${whole === 100 && fraction < 1 ? 99 : whole} %`;
}

const SIZE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Decimal units, as file managers and disks count. */
export function fileSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${SIZE_UNITS[unit]}`;
}

/** "1 frame", "2 frames"; series are already plural. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** "2 hours ago"; under a minute "just now", a server's clock running ahead included. */
export function timeAgo(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  for (const [unit, length] of STEPS) {
    if (seconds >= length) {
      return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(
        -Math.floor(seconds / length),
        unit,
      );
    }
  }
  return "just now";
}

/** Four significant digits without trailing zeros; very large and small ones in powers of ten. */
export function significant(value: number, digits = 4): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(digits - 1).replace(/\.?0+e\+?/, "e");
  return String(Number(value.toPrecision(digits)));
}

/** "0.2534 nm/px"; null where nobody has calibrated. */
export function pixelSize({ pixel_size, unit }: Pick<Calibration, "pixel_size" | "unit">): string | null {
  return pixel_size === null ? null : `${significant(pixel_size)} ${unit}/px`;
}

/** "0.5 s", "40 ms", "2 min". */
export function interval(seconds: number): string {
  if (seconds < 1) return `${significant(seconds * 1000)} ms`;
  if (seconds < 120) return `${significant(seconds)} s`;
  return `${significant(seconds / 60)} min`;
}

/** How long something took: "8.3 s", "4 min 58 s", "2 h 5 min". */
export function duration(seconds: number): string {
  if (seconds < 60) return `${significant(seconds, 2)} s`;
  const whole = Math.round(seconds);
  const parts: [number, string][] =
    whole < 3600
      ? [
          [Math.floor(whole / 60), "min"],
          [whole % 60, "s"],
        ]
      : [
          [Math.floor(whole / 3600), "h"],
          [Math.round((whole % 3600) / 60), "min"],
        ];
  return parts
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}

/** A series' name from its files: no extension; of several, what they share; "Series" where that says nothing. */
export function proposedName(fileNames: readonly string[]): string {
  const base = (fileNames[0] ?? "").replace(/(\.ome)?\.[A-Za-z0-9]{1,5}$/i, "");
  const stem = fileNames.length > 1 ? commonStem(fileNames, base) : base;
  return (
    stem
      .replace(/[_\s]+/g, " ")
      .trim()
      .slice(0, 200) || "Series"
  );
}

/** What all names share at their beginning, without a number that the common part cut in two. */
function commonStem(fileNames: readonly string[], base: string): string {
  let length = base.length;
  for (const name of fileNames) {
    while (length > 0 && !name.startsWith(base.slice(0, length))) length -= 1;
  }
  return base
    .slice(0, length)
    .replace(/[\s_.-]*\d*$/, "")
    .replace(/(^|[\s_.-]+)(frame|img|image|t|f)$/i, "");
}

const NATURAL = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** frame2 before frame10. */
export const naturally = (first: string, second: string) => NATURAL.compare(first, second);
