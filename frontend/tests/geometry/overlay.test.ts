import { describe, expect, it } from "vitest";
import { emptyBitmap, runsOf } from "../../src/geometry/bitmap";
import { agreement, ownerMap, paintOwners } from "../../src/geometry/overlay";
import type { Runs } from "../../src/geometry/rle";

/** A rectangle of a 4×5 frame: rows and columns, the ends not included. */
function rectangle(top: number, bottom: number, left: number, right: number): Runs {
  const bitmap = emptyBitmap(4, 5);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) bitmap.data[row * 5 + column] = 1;
  }
  return runsOf(bitmap);
}

describe("masks as pixels", () => {
  it("belong to the last mask that covers them", () => {
    const owners = ownerMap([rectangle(0, 2, 0, 3), rectangle(1, 3, 2, 4)], 4, 5);
    expect([...owners]).toEqual([1, 1, 1, 0, 0, 1, 1, 2, 2, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0]);
  });

  it("are solid at their edge, see-through inside, and nothing elsewhere", () => {
    const bitmap = emptyBitmap(5, 5);
    for (const row of [1, 2, 3]) for (const column of [1, 2, 3]) bitmap.data[row * 5 + column] = 1;
    const pixels = paintOwners(ownerMap([runsOf(bitmap)], 5, 5), 5, 5, () => [10, 20, 30]);
    const at = (row: number, column: number) => [
      ...pixels.slice((row * 5 + column) * 4, (row * 5 + column + 1) * 4),
    ];
    expect(at(1, 1)).toEqual([10, 20, 30, 255]);
    expect(at(2, 2)).toEqual([10, 20, 30, 80]);
    expect(at(0, 0)).toEqual([0, 0, 0, 0]);
  });
});

describe("agreement with labels", () => {
  it("counts pixels of the unions", () => {
    const found = [rectangle(0, 2, 0, 2), rectangle(0, 2, 1, 3)]; // 6 pixels together
    const { iou, dice } = agreement(found, [rectangle(0, 2, 2, 4)], 4, 5); // 4, of which 2 are shared
    expect(iou).toBeCloseTo(2 / 8);
    expect(dice).toBeCloseTo(4 / 10);
  });
  it("is whole where both are empty, and none where one is", () => {
    expect(agreement([], [], 4, 5)).toEqual({ iou: 1, dice: 1 });
    expect(agreement([rectangle(0, 1, 0, 1)], [], 4, 5)).toEqual({ iou: 0, dice: 0 });
  });
});
