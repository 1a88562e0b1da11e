// Where the parts of the annotator stand, and what holds for all of them: keys, playing, the address.

import { computed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { showToast } from "../../ui/Toast";
import { AnnotatorBar } from "./AnnotatorBar";
import { Dialogs } from "./Dialogs";
import { listenToKeys, returnKeys } from "./keyboard";
import { Panel } from "./Panel";
import { Stage } from "./Stage";
import { StatusLine } from "./StatusLine";
import { Timeline } from "./Timeline";
import { Toolbar } from "./Toolbar";
import { Tour } from "./tour/Tour";
import { BesideView } from "./view/Beside";
import { useView, useWorkspace, type Workspace } from "./workspace";

const ADDRESS_DELAY_MS = 400;

export function Layout() {
  const workspace = useWorkspace();
  const notice = useView((state) => state.notice);
  useEffect(() => listenToKeys(workspace), [workspace]);
  useEffect(returnKeys, []);
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
      <div class="stages">
        <Stage />
        <BesideView />
      </div>
      <Panel />
      <div class="annotator-foot">
        <Timeline />
        <StatusLine />
      </div>
      <Tour />
      <Dialogs />
    </div>
  );
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
