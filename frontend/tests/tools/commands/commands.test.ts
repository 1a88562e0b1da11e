import { describe, expect, it } from "vitest";
import { keysFor, ownersOf } from "../../../src/state/keymap/keymap";
import { commandIds, commands, keyName, pressKey, runCommand } from "../../../src/tools/commands";
import { opened } from "../../annotator";
import { Script } from "../script";

const named = (key: string, modifiers: { ctrl?: boolean; shift?: boolean; alt?: boolean } = {}) =>
  keyName({ key, ctrl: false, shift: false, alt: false, ...modifiers });

describe("a key's name", () => {
  it("is what is printed on it, with what is held", () => {
    expect(named("f")).toBe("F");
    expect(named("T", { shift: true })).toBe("Shift+T");
    expect(named("Z", { ctrl: true, shift: true })).toBe("Ctrl+Shift+Z");
    expect(named("ArrowRight", { shift: true })).toBe("Shift+→");
    expect(named("Delete")).toBe("Del");
  });

  it("leaves out the Shift that a sign needs on some keyboards", () => {
    expect(named("?", { shift: true })).toBe("?");
    expect(named("+", { shift: true })).toBe("Plus");
    expect(named("+")).toBe("Plus");
  });

  it("is none for a key that only modifies", () => {
    expect(["Shift", "Control", "Alt", "Meta", "Dead"].map((key) => named(key))).toEqual(Array(5).fill(null));
  });
});

describe("the table of commands", () => {
  it("gives no key to two, but where what is on offer decides", () => {
    const shared = new Map<string, string[]>();
    for (const id of commandIds) {
      for (const key of keysFor(commands, id, {})) shared.set(key, [...(shared.get(key) ?? []), id]);
    }
    const several = Object.fromEntries([...shared].filter(([, ids]) => ids.length > 1));
    expect(several).toEqual({
      Enter: ["prompt.accept", "proposal.accept"],
      N: ["history.next", "proposal.next"],
      "Shift+N": ["history.previous", "proposal.previous"],
      Del: ["proposal.discard", "object.delete"],
      Backspace: ["prompt.back", "proposal.discard", "object.delete"],
    });
    expect(ownersOf(commands, "view.fit", "M", {})).toEqual(["view.masks"]);
  });

  it("obeys a person's own keys", () => {
    const script = new Script(opened());
    script.keyChanges = { "view.masks": ["Shift+H"], "tool.brush": [] };
    expect(script.key("m")).toBe(false);
    expect(script.key("b")).toBe(false);
    expect(script.key("H", { shift: true })).toBe(true);
    expect(script.state.display.masks).toBe(false);
  });

  it("does the same from a button, whatever the key", () => {
    const script = new Script(opened());
    script.keyChanges = { "view.masks": [] };
    expect(runCommand(script, "view.masks")).toBe(true);
    expect(script.state.display.masks).toBe(false);
  });

  it("lets viewers look and cancel, not edit", () => {
    const script = new Script({ ...opened(), role: "viewer" });
    const key = (name: string) => pressKey(script, { key: name, ctrl: false, shift: false, alt: false });
    expect(["s", "Delete"].map(key)).toEqual([false, false]);
    expect(["f", "Escape"].map(key)).toEqual([true, true]);
  });
});
