import fc from "fast-check";
import { expect, it } from "vitest";
import type { Annotator, OutlineTool } from "../../../src/state/annotator/model";
import { objectsOn } from "../../../src/state/annotator/view";
import { discRle, frameState, HEIGHT, maskRevision, opened, trackRevision, WIDTH } from "../../annotator";
import { Script } from "../../tools/script";

// What a person does: any tool anywhere, any command of shapes, on any selection, with the server answering or not.

type Deed = (script: Script) => void;

const place = fc.tuple(fc.integer({ min: 0, max: WIDTH }), fc.integer({ min: 0, max: HEIGHT }));
const modifiers = fc.constantFrom({}, { shift: true }, { alt: true });

const strokes: fc.Arbitrary<Deed> = fc
  .tuple(
    fc.constantFrom("brush" as const, "eraser" as const),
    fc.array(place, { minLength: 2, maxLength: 4 }),
  )
  .map(([tool, path]) => (script) => {
    script.tool(tool).drag(...(path as [[number, number], [number, number]]));
  });

const outlines: fc.Arbitrary<Deed> = fc
  .tuple(
    fc.constantFrom<OutlineTool>("polygon", "magnetic", "split"),
    fc.array(place, { minLength: 2, maxLength: 5 }),
    modifiers,
    fc.boolean(),
  )
  .map(([tool, corners, held, closes]) => (script) => {
    script.tool(tool);
    corners.forEach(([x, y], index) => {
      script.click(x, y, index === 0 ? held : {});
    });
    if (closes) script.key("Enter");
  });

const lassos: fc.Arbitrary<Deed> = fc
  .tuple(fc.array(place, { minLength: 2, maxLength: 6 }), fc.constantFrom("lasso" as const, "split" as const))
  .map(([path, tool]) => (script) => {
    script.key("Escape");
    script.tool(tool).drag(...(path as [[number, number], [number, number]]));
  });

const selections: fc.Arbitrary<Deed> = fc.tuple(place, fc.boolean()).map(([[x, y], shift]) => (script) => {
  script.tool("select").click(x, y, { shift });
});

const keys: fc.Arbitrary<Deed> = fc
  .constantFrom<[string, boolean]>(
    ["h", true],
    ["o", false],
    [",", false],
    [".", false],
    [">", true],
    ["u", false],
    ["y", false],
    ["Delete", false],
    ["Delete", true],
    ["1", false],
  )
  .map(([key, shift]) => (script) => {
    script.key(key, { shift });
    script.dispatch({ type: "frame/show", frame: 0 });
  });

const answers: fc.Arbitrary<Deed> = fc.constant((script) => {
  script.settled();
});

const deeds = fc.array(fc.oneof(strokes, outlines, lassos, selections, keys, answers), {
  minLength: 4,
  maxLength: 16,
});

/** A click, a drag and a key are a gesture each: none makes more than one step to undo. */
class Counted extends Script {
  private before = 0;

  override press(...pressed: Parameters<Script["press"]>): this {
    this.before = this.state.undo.length;
    return super.press(...pressed);
  }
  override release(x: number, y: number): this {
    super.release(x, y);
    this.check();
    return this;
  }
  override key(...pressed: Parameters<Script["key"]>): boolean {
    this.before = this.state.undo.length;
    const meant = super.key(...pressed);
    this.check();
    return meant;
  }
  private check(): void {
    expect(this.state.undo.length - this.before).toBeLessThanOrEqual(1);
  }
}

const begun = (): Script => {
  const script = new Counted(
    opened({
      tracks: [trackRevision("t1", 1, { number: 1 }), trackRevision("t2", 2, { number: 2 })],
      masks: [maskRevision("t1", 3, discRle(20, 20, 19)), maskRevision("t2", 4, discRle(40, 20, 11))],
    }),
  );
  script.dispatch({ type: "frame/loaded", state: frameState({ frame: 1 }) });
  return script;
};

/** Every mask on the first two frames, and whose it is. */
function seen(state: Annotator): unknown {
  return [0, 1].map((frame) =>
    objectsOn(state, frame)
      .map(({ track, mask }) => [track.track, track.phase, mask.counts])
      .sort(),
  );
}

function undoAll(script: Script): unknown[] {
  const passed = [seen(script.state)];
  script.dispatch({ type: "outline", outline: null });
  while (script.state.undo.length > 0) {
    script.dispatch({ type: "undo", requestId: script.newId() });
    passed.push(seen(script.state));
  }
  return passed;
}

function redoAll(script: Script): unknown[] {
  const passed = [seen(script.state)];
  while (script.state.redo.length > 0) {
    script.dispatch({ type: "redo", requestId: script.newId() });
    passed.push(seen(script.state));
  }
  return passed;
}

it("comes back to the same masks over any edits, all the way back and forth", () => {
  fc.assert(
    fc.property(deeds, (many) => {
      const script = begun();
      const first = seen(script.state);
      for (const deed of many) deed(script);
      const back = undoAll(script);
      expect(back.at(-1)).toEqual(first);
      expect(redoAll(script)).toEqual(back.toReversed());
      expect(undoAll(script)).toEqual(back);
    }),
    { numRuns: 300 },
  );
}, 30_000);

it("makes of each gesture one commit at most, and shows the same once the server has it", () => {
  fc.assert(
    fc.property(deeds, (many) => {
      const script = begun();
      for (const deed of many) deed(script);
      const shown = seen(script.state);
      script.settled();
      expect(script.state.pending).toHaveLength(0);
      expect(seen(script.state)).toEqual(shown);
    }),
    { numRuns: 300 },
  );
}, 30_000);
