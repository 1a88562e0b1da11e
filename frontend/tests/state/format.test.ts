import { describe, expect, it } from "vitest";
import {
  counted,
  fileSize,
  interval,
  naturally,
  percent,
  pixelSize,
  proposedName,
  significant,
  timeAgo,
} from "../../src/state/format";

it("shows 100 % only when all is done", () => {
  expect([0, 0.004, 0.5, 0.999, 1, 1.2].map(percent)).toEqual([
    "0 %",
    "0 %",
    "50 %",
    "99 %",
    "100 %",
    "100 %",
  ]);
});

it("gives file sizes in decimal units", () => {
  expect([0, 999, 1000, 1049, 9960, 1.5e6, 999_600, 2e9].map(fileSize)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "1.0 kB",
    "10 kB",
    "1.5 MB",
    "1.0 MB",
    "2.0 GB",
  ]);
});

it("counts in words", () => {
  expect(counted(1, "frame")).toBe("1 frame");
  expect(counted(1200, "frame")).toBe("1,200 frames");
  expect(counted(1, "series", "series")).toBe("1 series");
});

it("tells how long ago, and survives a server's clock that runs ahead", () => {
  const now = Date.parse("2025-03-01T12:00:00Z");
  expect(timeAgo("2025-03-01T11:59:30Z", now)).toBe("just now");
  expect(timeAgo("2025-03-01T12:00:20Z", now)).toBe("just now");
  expect(timeAgo("2025-03-01T11:55:00Z", now)).toBe("5 minutes ago");
  expect(timeAgo("2025-02-28T11:00:00Z", now)).toBe("yesterday");
  expect(timeAgo("2022-02-28T11:00:00Z", now)).toBe("3 years ago");
});

it("keeps four significant digits", () => {
  expect([0, 0.253_44, 12.5, 1234.56, 3.2e-7, 1e9, -0.5].map((value) => significant(value))).toEqual([
    "0",
    "0.2534",
    "12.5",
    "1235",
    "3.2e-7",
    "1e9",
    "-0.5",
  ]);
});

describe("calibration", () => {
  it("names the unit, and says nothing where nobody has calibrated", () => {
    expect(pixelSize({ pixel_size: 0.2, unit: "nm" })).toBe("0.2 nm/px");
    expect(pixelSize({ pixel_size: null, unit: "px" })).toBeNull();
  });

  it("shows frame times in a fitting unit", () => {
    expect([0.04, 0.5, 2, 119, 600].map(interval)).toEqual(["40 ms", "500 ms", "2 s", "119 s", "10 min"]);
  });
});

describe("a series' name", () => {
  it.each([
    [["sintering_800C.tif"], "sintering 800C"],
    [["bulk water.ome.tif"], "bulk water"],
    [["run3_frame_0001.png", "run3_frame_0002.png"], "run3"],
    [["heat1.png", "heat2.png"], "heat"],
    [["000000.jpg", "000001.jpg"], "Series"],
    [["frame_1.png", "frame_2.png"], "Series"],
    [["2024-05-01.png"], "2024-05-01"],
    [[".png"], "Series"],
  ])("of %j is %j", (names, name) => {
    expect(proposedName(names)).toBe(name);
  });
});

it("puts frames in natural order", () => {
  expect(["f10.png", "f2.png", "F1.png"].sort(naturally)).toEqual(["F1.png", "f2.png", "f10.png"]);
});
