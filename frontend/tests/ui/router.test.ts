import { describe, expect, it } from "vitest";
import { parseRoute, type Route, routePath } from "../../src/ui/router";

const read = (address: string) => {
  const [path = "", search = ""] = address.split("?");
  return parseRoute(path, search);
};

const routes: Route[] = [
  { page: "projects" },
  { page: "sign-in", next: "/" },
  { page: "sign-in", next: "/series/7f3a?frame=12" },
  { page: "project", project: "7f3a", tab: "series" },
  { page: "project", project: "7f3a", tab: "settings" },
  { page: "models", project: "7f3a", place: { part: "list", version: undefined } },
  { page: "models", project: "7f3a", place: { part: "list", version: "b2" } },
  { page: "models", project: "a/b c", place: { part: "train", job: undefined } },
  { page: "models", project: "7f3a", place: { part: "train", job: "j/1" } },
  { page: "models", project: "7f3a", place: { part: "train", job: undefined, model: "yolo" } },
  { page: "models", project: "7f3a", place: { part: "compare", job: undefined, frame: undefined } },
  { page: "models", project: "7f3a", place: { part: "compare", job: "j1", frame: 12 } },
  {
    page: "models",
    project: "7f3a",
    place: { part: "threshold", version: "b2", series: "s1", frame: 0 },
  },
  { page: "annotator", series: "7f3a", frame: undefined },
  { page: "annotator", series: "7f3a", frame: 0 },
  { page: "annotator", series: "a/b c", frame: 59 },
];

describe("routes", () => {
  it.each(routes)("survive the address bar: $page", (route) => {
    expect(read(routePath(route))).toEqual(route);
  });

  it.each([
    "/nowhere",
    "/projects",
    "/projects/7f3a/nothing",
    "/projects/7f3a/jobs/1",
    "/projects/7f3a/models/nothing",
    "/projects/7f3a/models/train/j1/x",
    "/series",
    "/series/7f3a/x",
  ])("call %s missing", (path) => {
    expect(read(path)).toEqual({ page: "missing", path });
  });

  it.each(["-1", "1.5", "x", ""])("ignore the frame %j", (frame) => {
    expect(parseRoute("/series/7f3a", `frame=${frame}`)).toEqual({
      page: "annotator",
      series: "7f3a",
      frame: undefined,
    });
  });

  it.each(["https://elsewhere.org", "//elsewhere.org", "/\\elsewhere.org", "projects"])(
    "do not leave the site for %s after signing in",
    (next) => {
      expect(parseRoute("/signin", `next=${encodeURIComponent(next)}`)).toEqual({
        page: "sign-in",
        next: "/",
      });
    },
  );
});
