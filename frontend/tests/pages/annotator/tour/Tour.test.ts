// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { expect, it, vi } from "vitest";
import { skipOnEscape } from "../../../../src/pages/annotator/tour/Tour";
import { opened } from "../../../annotator";
import { Script } from "../../../tools/script";

it("leaves Esc to the outline that is open", () => {
  const script = new Script(opened()).tool("polygon").click(5, 5);
  const state = signal(script.state);
  const end = vi.fn();
  const stop = skipOnEscape({ state, host: script.host, dialog: signal(null), picking: signal(null) }, end);
  const pressEscape = () => window.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  pressEscape();
  expect(end).not.toHaveBeenCalled();
  state.value = { ...state.value, outline: null };
  pressEscape();
  expect(end).toHaveBeenCalledOnce();
  stop();
});
