// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, expect, it } from "vitest";
import { OutlineBar } from "../../../../src/pages/annotator/drawing/OutlineBar";
import { type Workspace, WorkspaceContext } from "../../../../src/pages/annotator/workspace";
import { opened } from "../../../annotator";
import { Script } from "../../../tools/script";

afterEach(() => render(null, document.body));

async function shown(script: Script): Promise<string> {
  const state = signal(script.state);
  const workspace = { state, dispatch: script.dispatch, commands: script, host: script.host };
  await act(() =>
    render(
      <WorkspaceContext.Provider value={workspace as unknown as Workspace}>
        <OutlineBar />
      </WorkspaceContext.Provider>,
      document.body,
    ),
  );
  return document.body.textContent ?? "";
}

const drawn = () => new Script(opened()).tool("polygon").click(5, 5).click(20, 5).click(20, 20);

it("is there for an outline, but not where nobody may edit", async () => {
  expect(await shown(drawn())).toContain("3 corners");
  const past = drawn();
  past.dispatch({ type: "past/open", version: 1 });
  expect(await shown(past)).toBe("");
});

it("is there for a lasso that an earlier page left, and not while one is drawn", async () => {
  const kept = drawn();
  const { outline } = kept.state;
  if (outline !== null) kept.dispatch({ type: "outline", outline: { ...outline, tool: "lasso" } });
  kept.tool("lasso");
  expect(await shown(kept)).toContain("3 corners");
  expect(await shown(new Script(opened()).tool("lasso").press(5, 5).move(9, 5).move(9, 9))).toBe("");
});
