// What the outline tools say of themselves, with the choice of what becomes of what they enclose.

import type { OutlineMode, OutlineTool } from "../../../state/annotator/model";
import { outlineHere } from "../../../state/annotator/outline";
import { Kbd } from "../../../ui/Kbd";
import { useView, useWorkspace } from "../workspace";

const MODES: readonly (readonly [OutlineMode, string, string])[] = [
  ["new", "New object", "What is enclosed becomes an object"],
  ["add", "Add", "What is enclosed is added to the selected object (Shift at the first corner)"],
  ["subtract", "Cut out", "What is enclosed is cut out of the object (Alt at the first corner)"],
];

export function OutlineHint({ tool }: { tool: OutlineTool }) {
  return (
    <>
      <span>
        <How tool={tool} />
      </span>
      {tool !== "split" && <ModeChoice />}
    </>
  );
}

function How({ tool }: { tool: OutlineTool }) {
  switch (tool) {
    case "polygon":
      return (
        <>
          Click corners, drag to move one; <Kbd keys="Enter" /> or a double click closes.
        </>
      );
    case "lasso":
      return <>Draw around the object; letting go closes.</>;
    case "magnetic":
      return (
        <>
          Click along an edge: the contour follows it; <Kbd keys="Enter" /> or a double click closes.
        </>
      );
    case "split":
      return <>Draw a line across the object, or click its corners.</>;
  }
}

function ModeChoice() {
  const { dispatch } = useWorkspace();
  const mode = useView((state) => outlineHere(state)?.mode ?? state.drawing.mode);
  return (
    <fieldset class="mode-choice" aria-label="What becomes of what is enclosed">
      {MODES.map(([name, label, title]) => (
        <button
          key={name}
          type="button"
          title={title}
          aria-pressed={mode === name}
          onClick={() => dispatch({ type: "drawing", change: { mode: name } })}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}
