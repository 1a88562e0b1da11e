import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Upload } from "../../../src/protocol/rest";
import { cancelImport, retryImport, startImport } from "../../../src/state/imports/effects";
import { bytesSent, type ImportTask, imports } from "../../../src/state/imports/store";

/** The browser's sender, answering when the test says so. */
class FakeSender {
  static open: FakeSender[] = [];
  status = 0;
  responseText = "";
  name = "";
  upload = new EventTarget();
  private readonly events = new EventTarget();
  addEventListener = this.events.addEventListener.bind(this.events);
  open() {}
  setRequestHeader() {}
  send(form: FormData) {
    this.name = (form.get("file") as File).name;
    FakeSender.open.push(this);
  }
  answer(status: number, body: unknown) {
    FakeSender.open = FakeSender.open.filter((sender) => sender !== this);
    this.status = status;
    this.responseText = JSON.stringify(body);
    this.events.dispatchEvent(new Event("load"));
    this.events.dispatchEvent(new Event("loadend"));
  }
  abort() {
    FakeSender.open = FakeSender.open.filter((sender) => sender !== this);
    this.events.dispatchEvent(new Event("abort"));
    this.events.dispatchEvent(new Event("loadend"));
  }
}

const posted = vi.fn<(url: string, body: unknown) => unknown>();
const doneJob = { id: "j1", state: "done", progress: 1, step: "", error: null, result: { series: "s1" } };

beforeEach(() => {
  FakeSender.open = [];
  imports.value = [];
  posted.mockReset();
  posted.mockReturnValue(doneJob);
  vi.stubGlobal("XMLHttpRequest", FakeSender);
  vi.stubGlobal("document", { cookie: "" });
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const body = typeof init.body === "string" ? JSON.parse(init.body) : null;
    return new Response(JSON.stringify(init.method === "GET" ? doneJob : posted(url, body)));
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const files = (count: number) =>
  Array.from({ length: count }, (_, index) => new File(["0123456789"], `f${index}.png`));
const task = (): ImportTask => {
  const found = imports.value[0];
  if (found === undefined) throw new Error("There is no import.");
  return found;
};
const settled = (state: ImportTask["state"]) => vi.waitFor(() => expect(task().state).toBe(state));
const sending = (count: number) => vi.waitFor(() => expect(FakeSender.open).toHaveLength(count));
const uploaded = (name: string): Upload => ({ id: `upload of ${name}`, name, bytes: 10, sha256: "" });
const finish = (sender: FakeSender | undefined) => sender?.answer(201, uploaded(sender.name));

it("sends three files at a time and names them to the server in the frames' order", async () => {
  startImport("p1", { name: "Au", files: files(4) });
  await sending(3);
  for (const sender of [...FakeSender.open].reverse()) finish(sender);
  await vi.waitFor(() => expect(FakeSender.open.map((sender) => sender.name)).toEqual(["f3.png"]));
  expect(bytesSent(task())).toEqual({ sent: 30, total: 40 });
  finish(FakeSender.open[0]);
  await settled("done");
  expect(posted).toHaveBeenCalledWith("/api/v1/projects/p1/imports", {
    name: "Au",
    uploads: ["upload of f0.png", "upload of f1.png", "upload of f2.png", "upload of f3.png"],
  });
  expect(task().job?.result.series).toBe("s1");
});

it("counts the bytes on their way", async () => {
  startImport("p1", { name: "Au", files: files(1) });
  await sending(1);
  FakeSender.open[0]?.upload.dispatchEvent(Object.assign(new Event("progress"), { loaded: 4 }));
  expect(bytesSent(task())).toEqual({ sent: 4, total: 10 });
});

it("stops at a refused file, and sends only what is missing when tried again", async () => {
  startImport("p1", { name: "Au", files: files(2) });
  await sending(2);
  finish(FakeSender.open[0]);
  FakeSender.open[0]?.answer(413, { code: "too_large", message: "10 GB is over the limit of 8 GB." });
  await settled("failed");
  expect(posted).not.toHaveBeenCalled();
  expect(task().error).toBe("10 GB is over the limit of 8 GB.");
  expect(task().files.map((file) => file.error)).toEqual([null, "10 GB is over the limit of 8 GB."]);

  retryImport(task().id);
  await sending(1);
  expect(FakeSender.open[0]?.name).toBe("f1.png");
  finish(FakeSender.open[0]);
  await settled("done");
});

it("says what the job failed with", async () => {
  const error = { code: "not_an_image", message: "f0.png: not an image." };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ ...doneJob, state: "failed", error })));
  startImport("p1", { name: "Au", files: files(1) });
  await sending(1);
  finish(FakeSender.open[0]);
  await settled("failed");
  expect(task().error).toBe("f0.png: not an image.");
});

it("takes back files on their way when it is cancelled", async () => {
  startImport("p1", { name: "Au", files: files(2) });
  await sending(2);
  await cancelImport(task().id);
  await settled("cancelled");
  expect(FakeSender.open).toEqual([]);
  expect(posted).not.toHaveBeenCalled();
  expect(task().error).toBeNull();
});
