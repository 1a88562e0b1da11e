// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isFree, returnKeys } from "../../../src/pages/annotator/keyboard";

const place = (html: string): HTMLElement => {
  document.body.innerHTML = html;
  const element = document.body.querySelector<HTMLElement>("[data-focus]");
  if (element === null) throw new Error(`Nothing to focus in ${html}.`);
  element.focus();
  return element;
};

const free = (keys: readonly string[], html: string) => keys.filter((key) => isFree(key, place(html)));

describe("keys while a control has the focus", () => {
  const keys = ["b", "Enter", " ", "ArrowRight", "End", "Tab"];

  it("are all the annotator's on the page itself", () => {
    expect(free(keys, "<main data-focus></main>")).toEqual(keys);
  });

  it("press a button or tick a box with Enter and Space, and go on otherwise", () => {
    const others = ["b", "ArrowRight", "End", "Tab"];
    expect(free(keys, "<button data-focus></button>")).toEqual(others);
    expect(free(keys, "<input data-focus type='checkbox'>")).toEqual(others);
  });

  it("with Ctrl are the annotator's also on a button", () => {
    const button = place("<button data-focus></button>");
    expect(["Enter", " "].map((key) => isFree(key, button, true))).toEqual([true, true]);
  });

  it("move a slider with arrows, Home and End instead of the frame", () => {
    expect(free(keys, "<input data-focus type='range'>")).toEqual(["b", "Enter", " ", "Tab"]);
  });

  it("are all typed into fields, choices and dialogs", () => {
    expect(free(keys, "<input data-focus type='number'>")).toEqual([]);
    expect(free(keys, "<select data-focus></select>")).toEqual([]);
    expect(free(keys, "<dialog><button data-focus></button></dialog>")).toEqual([]);
  });
});

describe("a control used with the pointer", () => {
  let stop: () => void;
  beforeEach(() => {
    stop = returnKeys();
  });
  afterEach(() => stop());

  const fire = (element: Element, ...types: string[]) => {
    for (const type of types) element.dispatchEvent(new Event(type, { bubbles: true }));
  };

  it("lets go of the focus", () => {
    for (const html of ["<button data-focus></button>", "<input data-focus type='checkbox'>"]) {
      const control = place(html);
      fire(control, "pointerdown", "click");
      expect(document.activeElement).toBe(document.body);
    }
  });

  it("keeps it until a choice is made", () => {
    const choices = place("<select data-focus></select>");
    fire(choices, "pointerdown", "click");
    expect(document.activeElement).toBe(choices);
    fire(choices, "change");
    expect(document.activeElement).toBe(document.body);
  });

  it("keeps it where one types, and in a dialog", () => {
    for (const html of [
      "<input data-focus type='number'>",
      "<dialog open><button data-focus></button></dialog>",
    ]) {
      const control = place(html);
      fire(control, "pointerdown", "click", "change");
      expect(document.activeElement).toBe(control);
    }
  });

  it("lets go of a typed number at Enter", () => {
    const number = place("<input data-focus type='number'>");
    number.dispatchEvent(new KeyboardEvent("keydown", { key: "5", bubbles: true }));
    expect(document.activeElement).toBe(number);
    number.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(document.activeElement).toBe(document.body);
  });

  it("keeps it when it was the keyboard that pressed it", () => {
    const button = place("<button data-focus></button>");
    fire(button, "pointerdown", "keydown", "click");
    expect(document.activeElement).toBe(button);
  });
});
