// Where the parts of the annotator stand, and what holds for all of them: keys, playing, the address.

import { computed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { pressKey } from "../../tools/commands";
import { showToast } from "../../ui/Toast";
import { AnnotatorBar } from "./AnnotatorBar";
import { Dialogs } from "./Dialogs";
import { Panel } from "./Panel";
import { Stage } from "./Stage";
import { StatusLine } from "./StatusLine";
import { Timeline } from "./Timeline";
import { Toolbar } from "./Toolbar";
import { useView, useWorkspace, type Workspace } from "./workspace";

const ADDRESS_DELAY_MS = 400;

export function Layout() {
  const workspace = useWorkspace();
  const notice = useView((state) => state.notice);
  useEffect(() => listenToKeys(workspace), [workspace]);
  useEffect(() => followAddress(workspace), [workspace]);
  useEffect(() => {
    if (notice === null) return;
    showToast("warning", notice);
    workspace.dispatch({ type: "notice", text: null });
  }, [notice]);
  return (
    <div class="annotator">
      <AnnotatorBar />
      <Toolbar />
      <Stage />
      <Panel />
      <div class="annotator-foot">
        <Timeline />
        <StatusLine />
      </div>
      <Dialogs />
    </div>
  );
}

function listenToKeys({ commands, host, holding, dialog }: Workspace): () => void {
  const hold = (held: boolean) => {
    host.holding = held;
    holding.value = held;
  };
  const down = (event: KeyboardEvent) => {
    if (dialog.peek() !== null || event.defaultPrevented) return;
    const free = event.target instanceof Element ? keysOf(event.target) : "all";
    if (free === "none") return;
    if (event.key === " " && free === "all") {
      hold(true);
      event.preventDefault();
      return;
    }
    if (free === "all-but-activation" && (event.key === "Enter" || event.key === " ")) return;
    const { key, shiftKey: shift, altKey: alt } = event;
    if (pressKey(commands, { key, shift, alt, ctrl: event.ctrlKey || event.metaKey })) event.preventDefault();
  };
  const up = (event: KeyboardEvent) => {
    if (event.key === " ") hold(false);
  };
  const leave = () => hold(false);
  window.addEventListener("keydown", down);
  window.addEventListener("keyup", up);
  window.addEventListener("blur", leave);
  return () => {
    window.removeEventListener("keydown", down);
    window.removeEventListener("keyup", up);
    window.removeEventListener("blur", leave);
  };
}

/** Which keys belong to the annotator while this element has the focus. */
function keysOf(target: Element): "all" | "all-but-activation" | "none" {
  if (target.closest("dialog, [popover]:popover-open, textarea, select, [contenteditable]") !== null)
    return "none";
  const input = target.closest("input");
  if (input !== null)
    return input.type === "range" || input.type === "checkbox" ? "all-but-activation" : "none";
  return target.closest("button, a, [role=listbox], [role=tab]") === null ? "all" : "all-but-activation";
}

/** The address names the frame in sight, so that a link leads there. */
function followAddress({ state }: Workspace): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const frameInSight = computed(() => state.value.frame);
  const stop = frameInSight.subscribe((frame) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const address = new URL(window.location.href);
      if (address.searchParams.get("frame") === String(frame)) return;
      address.searchParams.set("frame", String(frame));
      window.history.replaceState(window.history.state, "", address);
    }, ADDRESS_DELAY_MS);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
