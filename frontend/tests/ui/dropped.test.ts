// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from "vitest";
import { refuseStrayFiles } from "../../src/ui/dropped";

/** A drop of files, or of what a page itself lets one drag. Returns whether the browser leaves it alone. */
function dropped(types: readonly string[], on: Element): boolean {
  const event = new Event("drop", { bubbles: true, cancelable: true });
  Object.defineProperty(event, "dataTransfer", { value: { types, dropEffect: "copy" } });
  on.dispatchEvent(event);
  return event.defaultPrevented;
}

describe("files dropped where nothing takes them", () => {
  let stop = () => {};
  afterEach(() => stop());

  it("do not make the browser leave the app", () => {
    expect(dropped(["Files"], document.body)).toBe(false);
    stop = refuseStrayFiles();
    expect(dropped(["Files"], document.body)).toBe(true);
  });

  it("are told from text dragged into a field", () => {
    stop = refuseStrayFiles();
    expect(dropped(["text/plain"], document.body)).toBe(false);
  });
});
