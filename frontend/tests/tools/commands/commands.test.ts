import { describe, expect, it } from "vitest";
import { keysFor, ownersOf } from "../../../src/state/keymap/keymap";
import { commandIds, commands, keyName, pressKey, runCommand } from "../../../src/tools/commands";
import { discRle, maskRevision, opened, trackRevision } from "../../annotator";
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
      Backspace: ["outline.back", "prompt.back", "proposal.discard", "object.delete"],
      "Ctrl+Z": ["outline.back", "undo"],
      D: ["history.compare", "tool.polygon"],
      Del: ["proposal.discard", "object.delete"],
      Enter: ["outline.close", "prompt.accept", "proposal.accept"],
      Esc: ["outline.cancel", "cancel"],
      N: ["history.next", "proposal.next"],
      "Shift+N": ["history.previous", "proposal.previous"],
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

  it("selects one object of the frame after the other", () => {
    const tracks = ["t1", "t2"].map((track, index) => trackRevision(track, index + 1, { number: index + 1 }));
    const masks = [maskRevision("t1", 3, discRle(10, 10)), maskRevision("t2", 4, discRle(30, 10))];
    const script = new Script(opened({ tracks, masks }));
    const selected = (...keys: string[]) => {
      for (const key of keys) script.key(key);
      return script.state.selection?.track;
    };
    expect([
      selected("ArrowDown"),
      selected("ArrowDown"),
      selected("ArrowDown"),
      selected("ArrowUp"),
      selected("ArrowUp"),
    ]).toEqual(["t1", "t2", "t1", "t2", "t1"]);
  });

  it("moves the pointer and clicks without a mouse", () => {
    const script = new Script(opened());
    script.key("ArrowLeft", { ctrl: true });
    script.key("ArrowDown", { ctrl: true, shift: true });
    script.key("Enter", { ctrl: true });
    script.key("Enter", { ctrl: true, shift: true });
    script.key(" ", { ctrl: true });
    expect(script.pointed).toEqual(["-12,0", "0,1", "click", "alt click", "hold"]);
  });

  it("lets viewers look and cancel, not edit", () => {
    const script = new Script({ ...opened(), role: "viewer" });
    const key = (name: string) => pressKey(script, { key: name, ctrl: false, shift: false, alt: false });
    expect(["s", "Delete"].map(key)).toEqual([false, false]);
    expect(["f", "Escape"].map(key)).toEqual([true, true]);
  });

  it("leaves an older version with Esc, whatever is begun in the present, and keeps that", () => {
    const outlined = new Script(opened()).tool("polygon").click(5, 5).click(20, 5);
    const prompted = new Script(opened()).tool("point").click(5, 5);
    for (const script of [outlined, prompted]) {
      const { outline, prompt } = script.state;
      script.dispatch({ type: "past/open", version: 1 });
      expect(script.key("Escape")).toBe(true);
      expect(script.state.past).toBeNull();
      expect([script.state.outline, script.state.prompt]).toEqual([outline, prompt]);
    }
  });

  it("lets go of the selection with Esc where an outline or a prompt may not be touched", () => {
    const outlined = new Script(opened()).tool("polygon").click(5, 5).click(20, 5);
    const prompted = new Script(opened()).tool("point").click(5, 5);
    for (const script of [outlined, prompted]) {
      script.state = { ...script.state, archived: true, selection: { track: "t1", lasting: true } };
      expect(script.key("Escape")).toBe(true);
      expect(script.state.selection).toBeNull();
    }
  });
});
