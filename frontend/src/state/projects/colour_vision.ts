// Which colours are hard to tell apart, also with other kinds of colour vision. Pure.
// What a dichromat sees: Machado, Oliveira and Fernandes 2009 (doi 10.1109/TVCG.2009.113), severity 1, on linear sRGB.
// How different two colours look: their distance in Oklab (Ottosson 2020, https://bottosson.github.io/posts/oklab/).

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const SEEN_WITH = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
} as const satisfies Record<string, Matrix>;

export type Vision = "usual" | keyof typeof SEEN_WITH;
const VISIONS: readonly Vision[] = ["usual", "protanopia", "deuteranopia", "tritanopia"];

/** Below this distance two masks side by side may be taken for one phase. */
export const HARDLY = 0.1;

/** The first vision with which two colours (#rrggbb) are hard to tell apart; undefined: with none. */
export function confusedWith(first: string, second: string): Vision | undefined {
  return VISIONS.find((vision) => distance(first, second, vision) < HARDLY);
}

/** How different two colours look to a vision: 0 equal, 1 black and white. */
export function distance(first: string, second: string, vision: Vision): number {
  const one = oklab(seen(linear(first), vision));
  const other = oklab(seen(linear(second), vision));
  return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
}

function linear(hex: string): Triple {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

const seen = (colour: Triple, vision: Vision): Triple =>
  vision === "usual"
    ? colour
    : (times(SEEN_WITH[vision], colour).map((value) => clamp(value)) as unknown as Triple);

const clamp = (value: number) => Math.min(1, Math.max(0, value));

const times = (matrix: Matrix, [x, y, z]: Triple): Triple => {
  const row = ([a, b, c]: Triple) => a * x + b * y + c * z;
  return [row(matrix[0]), row(matrix[1]), row(matrix[2])];
};

const TO_CONES: Matrix = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const TO_OKLAB: Matrix = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

function oklab(colour: Triple): Triple {
  const [long, middle, short] = times(TO_CONES, colour);
  return times(TO_OKLAB, [Math.cbrt(long), Math.cbrt(middle), Math.cbrt(short)]);
}
