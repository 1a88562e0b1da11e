// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { JobLines } from "../../../src/pages/models/JobLines";
import { ModelsPage } from "../../../src/pages/models/ModelsPage";
import { ApiError } from "../../../src/protocol/errors";
import type { Job, Project, Series } from "../../../src/protocol/rest";
import { jobs } from "../../../src/state/jobs/store";
import { catalogue } from "../../../src/state/models/store";
import { series } from "../../../src/state/projects/store";
import { failed, loading, ready } from "../../../src/state/remote";

const project = { id: "p", role: "viewer" } as Project;
const job = (id: string): Job => ({
  id,
  kind: "compare",
  state: "done",
  progress: 1,
  step: "",
  error: null,
  result: {},
  created_at: "2026-01-01T00:00:00Z",
  created_by: { id: 1, name: "Ada" },
  project: "p",
  series: null,
  pausable: false,
  parameters: null,
});

beforeEach(() => {
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  catalogue.value = ready({ models: [], versions: [] });
  series.value = ready([]);
});
afterEach(() => {
  render(null, document.body);
  vi.unstubAllGlobals();
  jobs.value = loading;
});

it("says why it shows nothing where the series cannot be listed", () => {
  series.value = failed(new ApiError(500, "internal", "The disk is gone."));
  render(<ModelsPage project={project} place={{ part: "list", version: undefined }} />, document.body);
  expect(document.body.textContent).toContain("The disk is gone.");
  expect(document.body.textContent).not.toContain("Asking which models there are");
});

it("names comparisons by their series, and offers older ones where there are more than came", () => {
  series.value = ready([{ id: "s", name: "Au on SiN" } as Series]);
  const done = { ...job("j"), series: "s", result: { models: 3, frames: 4 } };
  jobs.value = ready({ jobs: [done], next: "j" });
  render(<JobLines project={project} kind="compare" title="Comparisons" />, document.body);
  expect(document.body.textContent).toContain("Load older");
  expect(document.body.textContent).toContain("Au on SiN3 models on 4 frames");
});
