import { expect, it } from "vitest";
import { everything, type Listed, listed, samples, share } from "../../../src/state/projects/listing";

const one = (name: string, values: Partial<Listed> = {}): Listed => ({
  name,
  frames: 10,
  annotated_frames: 0,
  proposals: 0,
  created_at: "2026-01-01T00:00:00Z",
  changed_at: null,
  ...values,
});
const names = (all: readonly Listed[]) => all.map(({ name }) => name);

it("finds every word in whatever order, case and accent", () => {
  const all = [one("Au on TiO₂, 800 °C"), one("Größe 2"), one("Pt on C")];
  const search = (text: string) => names(listed(all, { ...everything, search: text }));
  expect(search("tio2 AU")).toEqual(["Au on TiO₂, 800 °C"]);
  expect(search("grosse")).toEqual([]);
  expect(search("große")).toEqual(["Größe 2"]);
  expect(search(" on ")).toHaveLength(2);
  expect(search("")).toHaveLength(3);
});

it("narrows down to those with proposals and to those that nobody has begun", () => {
  const all = [one("waits", { proposals: 3 }), one("begun", { annotated_frames: 1 }), one("bare")];
  expect(names(listed(all, { ...everything, narrowing: "proposals" }))).toEqual(["waits"]);
  expect(names(listed(all, { ...everything, narrowing: "untouched" }))).toEqual(["bare"]);
  expect(listed(all, { ...everything, narrowing: "archived" })).toHaveLength(3);
});

it("orders by change, name, import and by how little is annotated", () => {
  const all = [
    one("frame 10", { created_at: "2026-03-01T00:00:00Z", annotated_frames: 5 }),
    one("frame 2", { changed_at: "2026-05-01T00:00:00Z", annotated_frames: 9 }),
    one("frame 1", { created_at: "2026-02-01T00:00:00Z", frames: 0 }),
  ];
  const by = (order: typeof everything.order) => names(listed(all, { ...everything, order }));
  expect(by("changed")).toEqual(["frame 2", "frame 10", "frame 1"]);
  expect(by("name")).toEqual(["frame 1", "frame 2", "frame 10"]);
  expect(by("created")).toEqual(["frame 10", "frame 1", "frame 2"]);
  expect(by("annotated")).toEqual(["frame 1", "frame 10", "frame 2"]);
  expect(share(one("bare", { frames: 0 }))).toBe(0);
});

it("leafs from the first frame to the last", () => {
  expect(samples(1)).toEqual([0]);
  expect(samples(4)).toEqual([0, 1, 2, 3]);
  const spread = samples(600);
  expect(spread).toHaveLength(12);
  expect([spread[0], spread.at(-1)]).toEqual([0, 599]);
});
