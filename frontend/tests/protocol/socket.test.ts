import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { connect, type SocketEvent } from "../../src/protocol/socket";
import { FakeServer } from "../wire";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function setUp(server = new FakeServer()) {
  const events: SocketEvent[] = [];
  const socket = connect(server.open, (event) => events.push(event));
  await vi.advanceTimersByTimeAsync(0);
  return { server, socket, events, types: () => events.map((event) => event.type) };
}

it("says hello first, and nothing is sent before the server has answered", async () => {
  const server = new FakeServer();
  const socket = connect(server.open, () => undefined);
  expect(socket.send({ type: "series.since", version: 0 })).toBe(false);
  await vi.advanceTimersByTimeAsync(0);
  expect(server.received).toEqual([{ type: "hello", protocol: 1 }]);
  expect(socket.send({ type: "series.since", version: 0 })).toBe(true);
});

it("comes back after a loss, more slowly each time, and quickly again after a success", async () => {
  const { server, types } = await setUp();
  server.reachable = false;
  server.drop();
  expect(types().at(-1)).toBe("lost");
  await vi.advanceTimersByTimeAsync(60_000);
  // 0.5, 1, 2, 4, 8, 15, 15 s, each give or take 30 %: a minute holds seven attempts or so, not a hundred.
  expect(server.attempts).toBeGreaterThanOrEqual(6);
  expect(server.attempts).toBeLessThanOrEqual(10);
  server.reachable = true;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(server.connected).toBe(true);
  const before = server.attempts;
  server.drop();
  await vi.advanceTimersByTimeAsync(1000);
  expect(server.attempts).toBe(before + 1);
});

it("tries at once when told that the network is back", async () => {
  const { server, socket } = await setUp();
  server.reachable = false;
  server.drop();
  await vi.advanceTimersByTimeAsync(10_000);
  server.reachable = true;
  socket.retry();
  await vi.advanceTimersByTimeAsync(0);
  expect(server.connected).toBe(true);
});

it("takes a silent connection for a lost one", async () => {
  const { server, types } = await setUp();
  await vi.advanceTimersByTimeAsync(20_000);
  server.say({ type: "series.head", version: 0 });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(types()).not.toContain("lost");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(types()).toContain("lost");
});

it("notices within seconds of waking up that the connection died in its sleep", async () => {
  const { server, types } = await setUp();
  vi.setSystemTime(Date.now() + 3_600_000); // the clock went on, timers did not
  await vi.advanceTimersByTimeAsync(5000);
  expect(types().filter((type) => type === "lost")).toHaveLength(1);
  expect([server.attempts, server.connected]).toEqual([2, true]);
});

it("connects anew when the network is said to be gone", async () => {
  const { server, socket, types } = await setUp();
  socket.doubt();
  expect(types().at(-1)).toBe("lost");
  await vi.advanceTimersByTimeAsync(2000);
  expect(server.connected).toBe(true);
});

it("stops when the server speaks another protocol", async () => {
  const server = new FakeServer();
  server.protocol = 2;
  const { types, socket } = await setUp(server);
  expect(types()).toEqual(["outdated"]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.attempts).toBe(1);
  expect(socket.send({ type: "series.since", version: 0 })).toBe(false);
});

it.each([4401, 4403, 4404])(
  "stops when the server closes with %i: trying again would not help",
  async (code) => {
    const { server, types } = await setUp();
    server.drop(code);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(types().at(-1)).toBe("refused");
    expect(server.attempts).toBe(1);
  },
);

it("is quiet after it was closed", async () => {
  const { server, socket, events } = await setUp();
  const before = events.length;
  socket.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.attempts).toBe(1);
  expect(events).toHaveLength(before);
});
