import { describe, expect, it } from "vitest";
import { angleAt, distance, profileAlong, profileCsv } from "../../src/geometry/measures";

const image = { width: 6, height: 5 };
const ramp = (column: number, row: number) => [100 * row + column];

describe("distances and angles", () => {
  it("measures in image pixels and degrees", () => {
    expect(distance({ x: 1, y: 1 }, { x: 4, y: 5 })).toBe(5);
    expect(angleAt({ x: 0, y: 0 }, { x: 3, y: 0 }, { x: 0, y: 2 })).toBeCloseTo(90);
    expect(angleAt({ x: 0, y: 0 }, { x: 3, y: 0 }, { x: -2, y: 0 })).toBeCloseTo(180);
    expect(angleAt({ x: 0, y: 0 }, { x: 0, y: 0 }, { x: 1, y: 0 })).toBeNaN();
  });
});

describe("profileAlong", () => {
  it("gives the pixels' own values along a row and along a column", () => {
    const row = profileAlong({ x: 0.5, y: 2.5 }, { x: 4.5, y: 2.5 }, 1, image, ramp);
    expect(row?.map(({ values }) => values[0])).toEqual([200, 201, 202, 203, 204]);
    expect(row?.map(({ at_px }) => at_px)).toEqual([0, 1, 2, 3, 4]);
    const column = profileAlong({ x: 1.5, y: 4.5 }, { x: 1.5, y: 0.5 }, 1, image, ramp);
    expect(column?.map(({ values }) => values[0])).toEqual([401, 301, 201, 101, 1]);
  });

  it("interpolates between pixels on a slant", () => {
    const slant = profileAlong({ x: 0.5, y: 0.5 }, { x: 3.5, y: 4.5 }, 1, image, ramp);
    expect(slant).toHaveLength(6);
    for (const { at_px, values } of slant ?? []) expect(values[0]).toBeCloseTo(at_px * (0.8 * 100 + 0.6));
  });

  it("averages across the line, and repeats the border beyond the image", () => {
    const three = profileAlong({ x: 0.5, y: 2.5 }, { x: 2.5, y: 2.5 }, 3, image, (_, row) => [
      row === 1 ? 30 : 0,
    ]);
    expect(three?.map(({ values }) => values[0])).toEqual([10, 10, 10]);
    const border = profileAlong({ x: 0.5, y: 0.5 }, { x: 1.5, y: 0.5 }, 3, image, (_, row) => [
      row === 0 ? 30 : 0,
    ]);
    expect(border?.map(({ values }) => values[0])).toEqual([20, 20]);
  });

  it("says nothing while a pixel is missing, and nothing of a point", () => {
    expect(
      profileAlong({ x: 0.5, y: 0.5 }, { x: 3.5, y: 0.5 }, 1, image, (x) => (x > 2 ? null : [1])),
    ).toBeNull();
    expect(profileAlong({ x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5 }, 1, image, ramp)).toEqual([]);
  });

  it("is written as a table in calibrated lengths", () => {
    const samples = [
      { at_px: 0, values: [7] },
      { at_px: 1, values: [8.25] },
    ];
    expect(profileCsv(samples, 0.1, "nm")).toBe("distance (nm),grey value\n0,7\n0.1,8.25\n");
    expect(profileCsv([{ at_px: 0, values: [1, 2, 3] }], 1, "px")).toBe(
      "distance (px),red,green,blue\n0,1,2,3\n",
    );
  });
});
