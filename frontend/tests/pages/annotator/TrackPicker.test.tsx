// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, expect, it, vi } from "vitest";
import { TrackPicker } from "../../../src/pages/annotator/TrackPicker";
import { type Workspace, WorkspaceContext } from "../../../src/pages/annotator/workspace";
import { opened, trackRevision } from "../../annotator";

afterEach(() => render(null, document.body));

it("finds a typed number also where it is not among those listed for the text before", async () => {
  // The list shows 50 at most: the number 77 is beyond it.
  const tracks = Array.from({ length: 90 }, (_, index) =>
    trackRevision(`t${index + 1}`, index + 1, { number: index + 1 }),
  );
  const workspace = { state: signal(opened({ tracks })) } as unknown as Workspace;
  const chosen = vi.fn();
  await act(() =>
    render(
      <WorkspaceContext.Provider value={workspace}>
        <TrackPicker label="With" except="t5" value={null} onValue={chosen} />
      </WorkspaceContext.Provider>,
      document.body,
    ),
  );
  const type = async (text: string) => {
    const input = document.body.querySelector("input");
    if (input === null) throw new Error("There is no field.");
    input.value = text;
    await act(() => void input.dispatchEvent(new Event("input", { bubbles: true })));
  };
  await type("#77");
  expect(chosen).toHaveBeenLastCalledWith("t77");
  await type("4");
  await type("12"); // not among what is found for "4"
  expect(chosen).toHaveBeenLastCalledWith("t12");
  await type("5");
  expect(chosen).toHaveBeenLastCalledWith(null);
});
