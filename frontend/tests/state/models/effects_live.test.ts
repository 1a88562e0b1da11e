import { beforeEach, expect, it } from "vitest";
import { type LiveNews, openLive } from "../../../src/state/models/effects_live";
import { FakeServer } from "../../wire";

const question = (value: number) => ({
  frame: 3,
  model: "threshold",
  version: null,
  parameters: { offset: value },
});
let server: FakeServer;
let news: LiveNews[];
let ids: number;

beforeEach(() => {
  server = new FakeServer();
  news = [];
  ids = 0;
});

const open = () =>
  openLive(
    "series",
    (one) => news.push(one),
    server.open,
    () => `r${++ids}`,
  );
const settle = () => new Promise((resolve) => setTimeout(resolve));
const answer = (request_id: string) =>
  server.say({
    type: "frame.segmented",
    request_id,
    frame: 3,
    model: "threshold",
    model_hash: "",
    phases: [],
    instances: [],
  });
const asked = () => server.of("frame.segment").map((message) => message.parameters["offset"]);

it("asks once the server has greeted, and again only for the newest of what came meanwhile", async () => {
  const live = open();
  live.ask(question(0.1));
  await settle();
  expect(asked()).toEqual([0.1]);
  for (const value of [0.2, 0.3, 0.4]) live.ask(question(value));
  expect(asked()).toEqual([0.1]);
  answer("r1");
  expect(asked()).toEqual([0.1, 0.4]);
  answer("r2");
  expect(asked()).toEqual([0.1, 0.4]);
  expect(news.filter((one) => one.kind === "found")).toHaveLength(2);
  live.close();
});

it("says what the server refuses, and goes on with the next question", async () => {
  const live = open();
  live.ask(question(9));
  await settle();
  server.say({
    type: "error",
    code: "invalid",
    message: "offset is 9, above 0.5; lower it.",
    request_id: "r1",
  });
  expect(news.at(-1)).toEqual({ kind: "problem", message: "offset is 9, above 0.5; lower it." });
  live.ask(question(0.5));
  expect(asked()).toEqual([9, 0.5]);
  live.close();
});

it("ignores answers to somebody else's questions", async () => {
  const live = open();
  live.ask(question(0.1));
  await settle();
  answer("another");
  expect(news.some((one) => one.kind === "found")).toBe(false);
  live.close();
});
