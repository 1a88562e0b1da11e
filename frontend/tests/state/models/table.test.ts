import { describe, expect, it } from "vitest";
import type { ComparedModel } from "../../../src/protocol/models";
import { bestKeys, intervalText, measures, ordered } from "../../../src/state/models/table";

const row = (key: string, values: Partial<ComparedModel> = {}): ComparedModel => ({
  key,
  model: key,
  version: null,
  label: key,
  control: false,
  parameters: null,
  input_size: null,
  images_per_s: null,
  pixels_per_s: null,
  peak_memory_mb: null,
  ...values,
});
const measure = (name: string) => {
  const found = measures.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no ${name}.`);
  return found;
};

describe("the best of a column", () => {
  it("is the highest score, and never a control", () => {
    const rows = [row("a", { iou: 0.8 }), row("b", { iou: 0.9 }), row("c", { iou: 0.99, control: true })];
    expect([...bestKeys(rows, measure("iou"))]).toEqual(["b"]);
  });

  it("is no score on frames that the model has learnt from, but may be its speed", () => {
    const rows = [
      row("a", { iou: 0.8, images_per_s: 2 }),
      row("b", { iou: 0.7, images_per_s: 3 }),
      row("c", { iou: 0.99, images_per_s: 9, trained_on: [4] }),
    ];
    expect([...bestKeys(rows, measure("iou"))]).toEqual(["a"]);
    expect([...bestKeys(rows, measure("images_per_s"))]).toEqual(["c"]);
  });

  it("is the count error nearest to zero, on either side", () => {
    const rows = [
      row("a", { count_error: -3 }),
      row("b", { count_error: 0.4 }),
      row("c", { count_error: 2 }),
    ];
    expect([...bestKeys(rows, measure("count_error"))]).toEqual(["b"]);
  });

  it("is the smallest memory", () => {
    const rows = [row("a", { peak_memory_mb: 900 }), row("b", { peak_memory_mb: 120 })];
    expect([...bestKeys(rows, measure("peak_memory_mb"))]).toEqual(["b"]);
  });

  it("is shared by those that read the same", () => {
    const rows = [row("a", { iou: 0.90001 }), row("b", { iou: 0.90002 }), row("c", { iou: 0.8 })];
    expect([...bestKeys(rows, measure("iou"))]).toEqual(["a", "b"]);
  });

  it("is nobody where only one has a value", () => {
    expect(bestKeys([row("a", { iou: 0.9 }), row("b")], measure("iou")).size).toBe(0);
  });
});

describe("sorting", () => {
  const rows = [row("none"), row("low", { iou: 0.2 }), row("high", { iou: 0.9 })];
  const keys = (order: Parameters<typeof ordered>[1]) => ordered(rows, order).map((one) => one.key);

  it("keeps the server's order until somebody asks", () =>
    expect(keys(null)).toEqual(["none", "low", "high"]));
  it("puts the best on top, and rows without a value last", () => {
    expect(keys({ by: "iou", bestFirst: true })).toEqual(["high", "low", "none"]);
    expect(keys({ by: "iou", bestFirst: false })).toEqual(["low", "high", "none"]);
  });
  it("goes by name", () => expect(keys({ by: "label", bestFirst: true })).toEqual(["high", "low", "none"]));
});

it("reads an interval, and none where a single frame has none", () => {
  const iou = measure("iou");
  expect(intervalText(row("a", { iou: 0.9, iou_low: 0.85, iou_high: 0.95 }), iou)).toBe("0.850–0.950");
  expect(intervalText(row("a", { iou: 0.9, iou_low: null, iou_high: null }), iou)).toBeNull();
});

it("writes the sign of a count error", () => {
  const { text } = measure("count_error");
  expect([text(2.04), text(-2), text(0.01)]).toEqual(["+2.0", "−2.0", "0.0"]);
});
