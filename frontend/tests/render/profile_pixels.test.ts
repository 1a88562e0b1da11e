import { expect, it } from "vitest";
import type { PixelStore } from "../../src/protocol/rest";
import { profileTiles, tilePixels } from "../../src/render/profile_pixels";

const pixels: PixelStore = {
  levels: [{ height: 250, width: 350, chunk: [100, 100], scale: 1 }],
  dtype: "uint16",
  channels: 1,
  compressor: "zstd",
  store: "hash",
};
const series = { pixels, height: 250, width: 350 };

it("names every tile of a line, and of its width", () => {
  const along = { from: { x: 10.5, y: 50.5 }, to: { x: 340.5, y: 50.5 } };
  const columns = (width: number) =>
    profileTiles(series, { ...along, width }, 4).map(
      ({ row, column, frame, level }) => `${level}/${frame}/${row}/${column}`,
    );
  expect(columns(1).sort()).toEqual(["0/4/0/0", "0/4/0/1", "0/4/0/2", "0/4/0/3"]);
  expect(columns(120)).toContain("0/4/1/2");
  expect(
    profileTiles(series, { from: { x: 349.5, y: 249.5 }, to: { x: 349.5, y: 240.5 }, width: 1 }, 0),
  ).toContainEqual({
    level: 0,
    frame: 0,
    row: 2,
    column: 3,
  });
});

it("reads a pixel from its tile, and nothing where that is missing", () => {
  const tile = new Uint16Array(100 * 100);
  tile[7 * 100 + 3] = 41_000;
  const read = tilePixels(pixels, (row, column) => (row === 1 && column === 2 ? tile : undefined));
  expect(read(203, 107)).toEqual([41_000]);
  expect(read(103, 107)).toBeNull();
});
