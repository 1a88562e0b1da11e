// A hash: its beginning to compare by eye, the whole to copy.

import { IconButton } from "../../../ui/Button";
import { showToast } from "../../../ui/Toast";

const SHOWN = 12;

export function Hash({ sha256 }: { sha256: string }) {
  const copy = () =>
    navigator.clipboard.writeText(sha256).then(
      () => showToast("success", "The hash is copied."),
      // Browsers give the clipboard to secure addresses only.
      () => showToast("warning", `The browser does not allow copying here. The hash is ${sha256}`),
    );
  return (
    <span class="hash">
      <span class="mono" title={sha256}>
        {sha256.slice(0, SHOWN)}…
      </span>
      <IconButton icon="copy" label="Copy the whole hash" onClick={copy} />
    </span>
  );
}
