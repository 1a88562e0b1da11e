// The dialogs of the annotator, one at a time.

import { CalibrationDialog } from "./CalibrationDialog";
import { ExportDialog } from "./ExportDialog";
import { HelpDialog } from "./HelpDialog";
import { ProblemsDialog } from "./ProblemsDialog";
import { useWorkspace } from "./workspace";

export function Dialogs() {
  const { dialog } = useWorkspace();
  const close = () => {
    dialog.value = null;
  };
  switch (dialog.value) {
    case "help":
      return <HelpDialog onClose={close} />;
    case "calibration":
      return <CalibrationDialog onClose={close} />;
    case "export":
      return <ExportDialog onClose={close} />;
    case "problems":
      return <ProblemsDialog onClose={close} />;
    case null:
      return null;
  }
}
