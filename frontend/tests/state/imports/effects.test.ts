import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError, abortedError } from "../../../src/protocol/errors";
import type { Transfer } from "../../../src/protocol/rest";
import type { Sending } from "../../../src/protocol/upload";
import {
  cancelImport,
  leaveOut,
  loadUnfinished,
  pauseFile,
  resumeFile,
  retryImport,
  startImport,
} from "../../../src/state/imports/effects";
import { bytesSent, type ImportTask, imports, rate, unfinished } from "../../../src/state/imports/store";

/** A file on its way, ending when the test says so. */
interface Sender {
  readonly name: string;
  readonly sending: Sending;
  readonly done: (upload: string) => void;
  readonly fail: (error: Error) => void;
}

let open: Sender[] = [];
vi.mock("../../../src/protocol/upload", () => ({
  sendFile: (_project: string, file: File, sending: Sending, signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      const end = () => {
        open = open.filter((one) => one !== sender);
      };
      const sender: Sender = {
        name: file.name,
        sending,
        done: (upload) => {
          end();
          resolve(upload);
        },
        fail: (error) => {
          end();
          reject(error);
        },
      };
      signal.addEventListener("abort", () => sender.fail(abortedError()));
      open.push(sender);
    }),
}));

const called = vi.fn<(method: string, url: string, body: unknown) => unknown>();
const doneJob = { id: "j1", state: "done", progress: 1, step: "", error: null, result: { series: "s1" } };

beforeEach(() => {
  open = [];
  imports.value = [];
  unfinished.value = [];
  called.mockReset();
  called.mockReturnValue(doneJob);
  vi.stubGlobal("document", { cookie: "" });
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const body = typeof init.body === "string" ? JSON.parse(init.body) : null;
    return new Response(JSON.stringify(called(init.method ?? "", url, body)));
  });
});

afterEach(async () => {
  for (const task of imports.value) await cancelImport(task.id);
  await new Promise((ended) => setTimeout(ended));
  vi.unstubAllGlobals();
});

const files = (count: number) =>
  Array.from({ length: count }, (_, index) => new File(["0123456789"], `f${index}.png`, { lastModified: 5 }));
const task = (): ImportTask => {
  const found = imports.value[0];
  if (found === undefined) throw new Error("There is no import.");
  return found;
};
const settled = (state: ImportTask["state"]) => vi.waitFor(() => expect(task().state).toBe(state));
const sending = (...names: string[]) =>
  vi.waitFor(() => expect(open.map((one) => one.name).sort()).toEqual(names));
const sender = (name: string): Sender => {
  const found = open.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is not on its way.`);
  return found;
};
const key = (index: number) => task().files[index]?.key ?? -1;
const partly = (values: Partial<Transfer> = {}): Transfer => ({
  ...{ id: "t0", name: "f0.png", bytes: 10, offset: 6, modified_ms: 5, upload: null },
  ...values,
});

it("sends three files at a time and names them to the server in the frames' order", async () => {
  startImport("p1", { name: "Au", files: files(4) });
  await sending("f0.png", "f1.png", "f2.png");
  for (const one of [...open].reverse()) one.done(`upload of ${one.name}`);
  await sending("f3.png");
  expect(bytesSent(task())).toEqual({ sent: 30, total: 40 });
  sender("f3.png").done("upload of f3.png");
  await settled("done");
  expect(called).toHaveBeenCalledWith("POST", "/api/v1/projects/p1/imports", {
    name: "Au",
    uploads: ["upload of f0.png", "upload of f1.png", "upload of f2.png", "upload of f3.png"],
  });
  expect(task().job?.result.series).toBe("s1");
});

it("shares the three places among all imports", async () => {
  for (const file of files(5)) startImport("p1", { name: file.name, files: [file] });
  await sending("f0.png", "f1.png", "f2.png");
  sender("f1.png").done("u1");
  await sending("f0.png", "f2.png", "f3.png");
});

it("counts the bytes on their way and says what holds them up", async () => {
  startImport("p1", { name: "Au", files: files(1) });
  await sending("f0.png");
  sender("f0.png").sending.onProgress(4);
  sender("f0.png").sending.onWait("No connection");
  expect(bytesSent(task())).toEqual({ sent: 4, total: 10 });
  expect(task().files[0]?.waiting).toBe("No connection");
});

it("sends the others on when one file is refused, and only that one when tried again", async () => {
  startImport("p1", { name: "Au", files: files(2) });
  await sending("f0.png", "f1.png");
  sender("f1.png").fail(new ApiError(413, "too_large", "f1.png is over the limit of 8 GB."));
  await sending("f0.png");
  sender("f0.png").done("u0");
  await settled("failed");
  expect(called).not.toHaveBeenCalledWith("POST", "/api/v1/projects/p1/imports", expect.anything());
  expect(task().files.map((file) => file.error)).toEqual([null, "f1.png is over the limit of 8 GB."]);

  retryImport(task().id);
  await sending("f1.png");
  sender("f1.png").done("u1");
  await settled("done");
});

it("goes on with what the server has of the same file", async () => {
  called.mockImplementation((_, url) =>
    url.endsWith("/transfers") ? [partly(), partly({ id: "t1" })] : doneJob,
  );
  await loadUnfinished("p1");
  const [same] = files(1);
  const other = new File(["0123456789"], "f0.png", { lastModified: 6 });
  startImport("p1", { name: "Au", files: [same ?? other, other] });
  await vi.waitFor(() => expect(open.map((one) => one.sending.transfer)).toEqual(["t0", null]));
  expect(bytesSent(task()).sent).toBe(6);
  expect(unfinished.value.map((one) => one.id)).toEqual(["t1"]);
});

it("sends nothing of a file that came whole before the page was loaded again", async () => {
  unfinished.value = [partly({ offset: 10, upload: "u0" })];
  startImport("p1", { name: "Au", files: files(1) });
  await settled("done");
  expect(called).toHaveBeenCalledWith("POST", "/api/v1/projects/p1/imports", { name: "Au", uploads: ["u0"] });
});

it("pauses one file, lets the next have its place, and goes on from its transfer", async () => {
  startImport("p1", { name: "Au", files: files(4) });
  await sending("f0.png", "f1.png", "f2.png");
  sender("f1.png").sending.onTransfer("t1");
  pauseFile(task().id, key(1));
  await sending("f0.png", "f2.png", "f3.png");
  resumeFile(task().id, key(1));
  sender("f0.png").done("u0");
  await sending("f1.png", "f2.png", "f3.png");
  expect(sender("f1.png").sending.transfer).toBe("t1");
});

it("makes the series without a file that is left out", async () => {
  startImport("p1", { name: "Au", files: files(2) });
  await sending("f0.png", "f1.png");
  sender("f1.png").sending.onTransfer("t1");
  await leaveOut(task().id, key(1));
  await sending("f0.png");
  sender("f0.png").done("u0");
  await settled("done");
  expect(called).toHaveBeenCalledWith("DELETE", "/api/v1/transfers/t1", null);
  expect(called).toHaveBeenCalledWith("POST", "/api/v1/projects/p1/imports", { name: "Au", uploads: ["u0"] });
});

it("says what the job failed with", async () => {
  const error = { code: "not_an_image", message: "f0.png: not an image." };
  called.mockReturnValue({ ...doneJob, state: "failed", error });
  startImport("p1", { name: "Au", files: files(1) });
  await sending("f0.png");
  sender("f0.png").done("u0");
  await settled("failed");
  expect(task().error).toBe("f0.png: not an image.");
});

it("takes back files on their way when it is cancelled, on the server too", async () => {
  startImport("p1", { name: "Au", files: files(2) });
  await sending("f0.png", "f1.png");
  sender("f0.png").sending.onTransfer("t0");
  await cancelImport(task().id);
  await settled("cancelled");
  expect(open).toEqual([]);
  expect(called.mock.calls).toEqual([["DELETE", "/api/v1/transfers/t0", null]]);
  expect(task().error).toBeNull();
  expect(rate.value).toBeNull();
});
