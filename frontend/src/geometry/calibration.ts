// Pixels as lengths and areas. Without a calibration the unit is px, and nothing is invented.

export interface PixelSize {
  readonly pixel_size: number | null;
  readonly unit: string;
}

export interface ScaleBar {
  /** Length in image pixels. */
  readonly lengthPx: number;
  readonly text: string;
}

export const METRES: Readonly<Record<string, number>> = {
  pm: 1e-12,
  Å: 1e-10,
  nm: 1e-9,
  µm: 1e-6,
  μm: 1e-6,
  um: 1e-6,
  mm: 1e-3,
  cm: 1e-2,
  m: 1,
};
const STEPS: readonly (readonly [string, number])[] = [
  ["m", 1],
  ["mm", 1e-3],
  ["µm", 1e-6],
  ["nm", 1e-9],
  ["pm", 1e-12],
];

/** A bar of a round length (1, 2 or 5 times a power of ten) that is at most `longestPx` image pixels long. */
export function scaleBar({ pixel_size, unit }: PixelSize, longestPx: number): ScaleBar {
  if (pixel_size === null) {
    const lengthPx = Math.max(1, roundLength(longestPx));
    return { lengthPx, text: `${lengthPx} px` };
  }
  const metres = METRES[unit];
  const longest = longestPx * pixel_size;
  if (metres === undefined) {
    const length = roundLength(longest);
    return { lengthPx: length / pixel_size, text: `${tidy(length)} ${unit}` };
  }
  const [name, size] = prefixFor(longest * metres);
  const length = roundLength((longest * metres) / size);
  return { lengthPx: (length * size) / metres / pixel_size, text: `${tidy(length)} ${name}` };
}

/** "123.4 nm²", with the prefix that keeps the number short; px² is written px, as pixels are counted. */
export function areaText(area_px: number, { pixel_size, unit }: PixelSize): string {
  if (pixel_size === null) return `${WHOLE.format(area_px)} px`;
  const area = area_px * pixel_size * pixel_size;
  const metres = METRES[unit];
  if (metres === undefined) return `${tidy(area)} ${unit}²`;
  const squareMetres = area * metres * metres;
  const [name, size] = prefixFor(Math.sqrt(squareMetres * 10)); // 0.1 nm² is easier to read than 100000 pm²
  return `${tidy(squareMetres / (size * size))} ${name}²`;
}

function prefixFor(metres: number): readonly [string, number] {
  return STEPS.find(([, size]) => metres >= size * 0.9999) ?? ["pm", 1e-12];
}

function roundLength(longest: number): number {
  const power = 10 ** Math.floor(Math.log10(longest));
  const step = [5, 2, 1].find((factor) => factor * power <= longest * 1.0000001) ?? 1;
  return step * power;
}

const WHOLE = new Intl.NumberFormat("en"); // kept: making one takes longer than a hundred numbers

export function tidy(value: number): string {
  return String(Number(value.toPrecision(4)));
}
