// Where the keys have moved the pointer, until the mouse moves it again.

import { useEffect } from "preact/hooks";
import { useWorkspace } from "../workspace";
import "./keys.css";

export function KeyPointer() {
  const { aimed, pointer, host } = useWorkspace();
  useEffect(() => {
    if (!aimed.value) return;
    const moved = (event: PointerEvent) => {
      if (event.movementX !== 0 || event.movementY !== 0) aimed.value = false;
    };
    window.addEventListener("pointermove", moved);
    return () => window.removeEventListener("pointermove", moved);
  }, [aimed.value]);
  const screen = pointer.value?.screen;
  if (!aimed.value || screen === undefined) return null;
  return (
    <span
      class={host.busy ? "key-pointer pressed" : "key-pointer"}
      style={{ transform: `translate(${screen.x}px, ${screen.y}px)` }}
    />
  );
}
