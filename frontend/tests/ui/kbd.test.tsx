// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, expect, it } from "vitest";
import { Kbd } from "../../src/ui/Kbd";

afterEach(() => render(null, document.body));

it.each([
  ["Ctrl+Shift+Z", ["Ctrl", "Shift", "Z"]],
  ["+", ["+"]],
  ["Ctrl++", ["Ctrl", "+"]],
])("prints %s as single keys", (keys, printed) => {
  render(<Kbd keys={keys} />, document.body);
  expect([...document.querySelectorAll("kbd")].map((key) => key.textContent)).toEqual(printed);
});
