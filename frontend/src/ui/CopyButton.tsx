// Copies a text and says that it did.

import { useSignal } from "@preact/signals";
import { Button } from "./Button";
import { showToast } from "./Toast";

const SHOWN_MS = 2000;

export function CopyButton({ text }: { text: string }) {
  const copied = useSignal(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      copied.value = true;
      setTimeout(() => {
        copied.value = false;
      }, SHOWN_MS);
    } catch {
      // Browsers give the clipboard to secure addresses only.
      showToast("warning", "The browser does not allow copying here. Select the text and press Ctrl+C.");
    }
  };
  return (
    <Button icon={copied.value ? "check" : "copy"} onClick={copy}>
      {copied.value ? "Copied" : "Copy"}
    </Button>
  );
}
