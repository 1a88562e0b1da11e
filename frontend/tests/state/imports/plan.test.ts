import { expect, it } from "vitest";
import { planSeries } from "../../../src/state/imports/plan";

const named = (...names: string[]) => names.map((name) => ({ name }));
const shape = (plan: ReturnType<typeof planSeries>) =>
  plan.map((one) => [one.name, ...one.files.map((file) => file.name)]);

it("makes one series of frames, in natural order", () => {
  const files = named("au_10.png", "au_2.png", "au_1.png");
  expect(shape(planSeries(files, "one"))).toEqual([["au", "au_1.png", "au_2.png", "au_10.png"]]);
});

it("makes a series of each image when told so", () => {
  expect(shape(planSeries(named("b.tif", "a.tif"), "each"))).toEqual([
    ["a", "a.tif"],
    ["b", "b.tif"],
  ]);
});

it("never mixes stacks, videos and archives into frames", () => {
  const files = named("au1.png", "film.mp4", "au2.png", "stack.ome.tif", "more.zip");
  expect(shape(planSeries(files, "one"))).toEqual([
    ["au", "au1.png", "au2.png"],
    ["film", "film.mp4"],
    ["more", "more.zip"],
    ["stack", "stack.ome.tif"],
  ]);
});

it("leaves out what file managers put into folders", () => {
  expect(shape(planSeries(named(".DS_Store", "Thumbs.db", "a.png"), "one"))).toEqual([["a", "a.png"]]);
});

it("makes a series of each folder's frames, named by the folder where their names say nothing", () => {
  const files = [
    { name: "frame_2.png", folder: "run/800C" },
    { name: "frame_1.png", folder: "run/800C" },
    { name: "au_1.png", folder: "run/900C" },
    { name: "au_2.png", folder: "run/900C" },
    { name: "film.avi", folder: "run/900C" },
  ];
  expect(shape(planSeries(files, "one", (file) => file.folder))).toEqual([
    ["800C", "frame_1.png", "frame_2.png"],
    ["au", "au_1.png", "au_2.png"],
    ["film", "film.avi"],
  ]);
});

it("takes a stack beside frames of another kind for a series of its own", () => {
  const files = named("f1.png", "f2.PNG", "in situ.tif", "a.jpg", "b.jpeg");
  expect(shape(planSeries(files, "one"))).toEqual([
    ["Series", "a.jpg", "b.jpeg"],
    ["Series", "f1.png", "f2.PNG"],
    ["in situ", "in situ.tif"],
  ]);
});
