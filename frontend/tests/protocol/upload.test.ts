import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { sendFile } from "../../src/protocol/upload";

interface Options {
  uploadUrl: string | null;
  metadata: Record<string, string>;
  chunkSize: number;
  onBeforeRequest: (request: { setHeader: (name: string, value: string) => void }) => void;
  onUploadUrlAvailable: () => void;
  onProgress: (sent: number) => void;
  onSuccess: (payload: unknown) => void;
  onError: (error: Error) => void;
}

const attempts: FakeUpload[] = [];
class FakeUpload {
  url: string | null = null;
  aborted = false;
  constructor(
    readonly file: File,
    readonly options: Options,
  ) {}
  start() {
    attempts.push(this);
  }
  async abort() {
    this.aborted = true;
  }
}
vi.mock("tus-js-client", () => ({ Upload: class extends FakeUpload {} }));

const answer = (status: number, headers: Record<string, string>, body = "") => ({
  getStatus: () => status,
  getHeader: (name: string) => headers[name],
  getBody: () => body,
});
const refused = (status: number, code: string) =>
  Object.assign(new Error("refused"), {
    originalResponse: answer(status, {}, JSON.stringify({ code, message: `refused: ${code}` })),
  });
const broken = () => Object.assign(new Error("network"), { originalResponse: null });
const attempt = (number: number) =>
  vi.waitFor(() => {
    const found = attempts[number];
    if (found === undefined) throw new Error(`There was no attempt ${number}.`);
    return found;
  });
const waits: (string | null)[] = [];
const transfers: string[] = [];
const stop = () => new AbortController();
const begin = (transfer: string | null = null, controller = stop()) =>
  sendFile(
    "p1",
    new File(["0123456789"], "a.tif", { lastModified: 17 }),
    {
      transfer,
      onTransfer: (id) => transfers.push(id),
      onProgress: () => {},
      onWait: (reason) => waits.push(reason),
    },
    controller.signal,
  );

beforeEach(() => {
  for (const list of [attempts, waits, transfers]) list.length = 0;
  vi.stubGlobal("document", { cookie: "csrftoken=abc", baseURI: "http://here/" });
  vi.stubGlobal("window", new EventTarget());
});
afterEach(() => {
  vi.unstubAllGlobals();
});

it("sends in parts, with the token of the session, and gives the upload's id", async () => {
  const sent = begin();
  const { options } = await attempt(0);
  const set = vi.fn();
  options.onBeforeRequest({ setHeader: set });
  expect(set).toHaveBeenCalledWith("X-CSRFToken", "abc");
  expect(options.metadata).toEqual({ filename: "a.tif", modified: "17" });
  expect(options.chunkSize).toBe(8 * 1024 ** 2);
  options.onSuccess({ lastResponse: answer(204, { "Graticule-Upload": "u1" }) });
  await expect(sent).resolves.toBe("u1");
});

it("goes on where it was as soon as the connection is back", async () => {
  const sent = begin();
  const first = await attempt(0);
  first.url = "http://here/api/v1/transfers/t1";
  first.options.onUploadUrlAvailable();
  first.options.onProgress(4);
  first.options.onError(broken());
  await vi.waitFor(() => expect(waits.at(-1)).toBe("No connection"));
  window.dispatchEvent(new Event("online"));
  const second = await attempt(1);
  expect(second.options.uploadUrl).toBe("http://here/api/v1/transfers/t1");
  second.options.onProgress(6);
  expect(waits.at(-1)).toBeNull();
  second.options.onSuccess({ lastResponse: answer(204, { "Graticule-Upload": "u1" }) });
  await expect(sent).resolves.toBe("u1");
  expect(transfers).toEqual(["t1"]);
});

it.each([
  [409, "conflict"],
  [423, "locked"],
  [503, "away"],
])("tries again after %i", async (status, code) => {
  void begin("t1");
  (await attempt(0)).options.onError(refused(status, code));
  await vi.waitFor(() => expect(waits.at(-1)).toBe(`refused: ${code}`));
  window.dispatchEvent(new Event("online"));
  await attempt(1);
});

it.each([
  [413, "too_large"],
  [401, "not_authenticated"],
  [507, "disk_full"],
])("gives up at %i, which waiting does not mend", async (status, code) => {
  const sent = begin("t1");
  (await attempt(0)).options.onError(refused(status, code));
  await expect(sent).rejects.toMatchObject({ status, code });
});

it("stops when it is told to, also while it waits", async () => {
  const controller = stop();
  const sent = begin(null, controller);
  const first = await attempt(0);
  controller.abort();
  await expect(sent).rejects.toMatchObject({ code: "aborted" });
  expect(first.aborted).toBe(true);
  const later = stop();
  const waiting = begin(null, later);
  (await attempt(1)).options.onError(broken());
  await vi.waitFor(() => expect(waits.at(-1)).toBe("No connection"));
  later.abort();
  await expect(waiting).rejects.toMatchObject({ code: "aborted" });
});

it("says so when the file itself can no longer be read", async () => {
  const sent = begin();
  const first = await attempt(0);
  vi.spyOn(File.prototype, "slice").mockReturnValueOnce({
    arrayBuffer: () => Promise.reject(new Error("NotReadableError")),
  } as unknown as Blob);
  first.options.onError(broken());
  await expect(sent).rejects.toThrow("a.tif was changed or moved");
});
