import { expect, it } from "vitest";
import type { Job } from "../../../src/protocol/rest";
import { fileStatus } from "../../../src/state/imports/status";
import type { ImportFile, ImportTask } from "../../../src/state/imports/store";

const file = (values: Partial<ImportFile> = {}): ImportFile => ({
  ...{ key: 1, file: new File(["0123456789"], "a.tif"), sent: 0, moving: false, paused: false },
  ...{ waiting: null, transfer: null, upload: null, error: null },
  ...values,
});
const words = (values: Partial<ImportFile>, task: Partial<ImportTask> = {}) =>
  fileStatus(
    {
      id: 1,
      project: "p",
      name: "Au",
      files: [file(values)],
      state: "uploading",
      job: null,
      error: null,
      ...task,
    },
    0,
  ).words;

it.each([
  ["Waiting", {}],
  ["Waiting at 63 %", { sent: 6.3 }],
  ["Sending, 40 %", { sent: 4, moving: true }],
  ["Checking", { sent: 10, moving: true }],
  ["Paused at 40 %", { sent: 4, paused: true }],
  ["No connection; goes on by itself from 40 %", { sent: 4, moving: true, waiting: "No connection" }],
  ["On the server", { sent: 10, upload: "u" }],
  ["a.tif is too large.", { error: "a.tif is too large." }],
])("says %s", (expected, values) => {
  expect(words(values)).toBe(expected);
});

it("says how far the frames are that the server reads", () => {
  const job = (step: string) => ({ state: "running", step }) as Job;
  const task = (step: string): Partial<ImportTask> => ({ state: "running", job: job(step) });
  expect(words({ upload: "u" }, task("Reading frame 12 of 60"))).toBe("Reading frame 12 of 60");
  const files = [1, 2, 3].map((key) => file({ key, upload: "u" }));
  const whole = {
    id: 1,
    project: "p",
    name: "Au",
    error: null,
    files,
    ...task("Reading frame 2 of 3"),
  } as ImportTask;
  expect(files.map((_, index) => fileStatus(whole, index).words)).toEqual([
    "Read",
    "Being read",
    "Waiting to be read",
  ]);
});

it("points at the file that could not be read", () => {
  const files = ["a.tif", "b.tif"].map((name, key) => ({
    ...file({ key, upload: "u" }),
    file: new File(["1"], name),
  }));
  const task: ImportTask = {
    ...{ id: 1, project: "p", name: "Au", files, state: "failed", job: {} as Job },
    error: "b.tif is 9×9, a.png 8×8.",
  };
  expect(files.map((_, index) => fileStatus(task, index).words)).toEqual([
    "On the server",
    "Could not be read",
  ]);
});
