import { expect, it } from "vitest";
import { bytesPerSecond, type Sample, withSample } from "../../../src/state/imports/speed";

const after = (...sent: number[]) =>
  sent.reduce<Sample[]>((samples, each, at_s) => withSample(samples, { at_s, sent: each }), []);

it("is the mean over the last ten seconds", () => {
  expect(bytesPerSecond(after(0, 10, 20))).toBe(10);
  expect(bytesPerSecond(after(0, ...Array.from({ length: 30 }, (_, second) => 1000 + second * 7)))).toBe(7);
});

it("is unknown at first and after something was given up", () => {
  expect(bytesPerSecond(after(5))).toBeNull();
  expect(bytesPerSecond(after(0, 10, 4))).toBeNull();
});
