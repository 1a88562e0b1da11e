import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("../../src/theme/tokens.css", import.meta.url), "utf8");

const tokens = new Map<string, { light: string; dark: string }>();
for (const [, name = "", value = ""] of css.matchAll(/^ {2}--([\w-]+):\s*([^;]+);/gm)) {
  const both = /^light-dark\((#\w{6}),\s*(#\w{6})\)$/.exec(value);
  if (both?.[1] !== undefined && both[2] !== undefined) tokens.set(name, { light: both[1], dark: both[2] });
  else if (/^#\w{6}$/.test(value)) tokens.set(name, { light: value, dark: value });
}

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const channel = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(first: string, second: string): number {
  const [low = 0, high = 0] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const surfaces = ["background", "surface", "surface-raised", "surface-sunken"];
const texts = ["text", "text-muted", "text-faint", "accent", "danger", "warning", "success"];

const readable: [string, string][] = [
  ...texts.flatMap((text) => surfaces.map((surface): [string, string] => [text, surface])),
  ["text", "hover"],
  ["text", "pressed"],
  ["text-muted", "hover"],
  ["accent", "accent-soft"],
  ["danger", "danger-soft"],
  ["warning", "warning-soft"],
  ["success", "success-soft"],
  ["on-fill", "accent-fill"],
  ["on-fill", "accent-fill-hover"],
  ["on-fill", "danger-fill"],
  ["on-fill", "danger-fill-hover"],
];

describe.each(["light", "dark"] as const)("the %s theme", (theme) => {
  const colour = (name: string) => {
    const token = tokens.get(name);
    if (token === undefined) throw new Error(`tokens.css has no colour --${name}.`);
    return token[theme];
  };

  it.each(readable)("lets one read %s on %s (AA: 4.5)", (text, surface) => {
    expect(contrast(colour(text), colour(surface))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["background", "surface", "surface-raised"])(
    "shows borders of controls and focus on %s (AA: 3)",
    (surface) => {
      expect(contrast(colour("line-strong"), colour(surface))).toBeGreaterThanOrEqual(3);
      expect(contrast(colour("accent"), colour(surface))).toBeGreaterThanOrEqual(3);
    },
  );
});
