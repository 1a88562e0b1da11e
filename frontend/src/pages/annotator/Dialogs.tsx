// The dialogs of the annotator, one at a time.

import { CalibrationDialog } from "./CalibrationDialog";
import { ExportDialog } from "./ExportDialog";
import { HelpDialog } from "./HelpDialog";
import { LineageDialog } from "./LineageDialog";
import { ProblemsDialog } from "./ProblemsDialog";
import { useWorkspace } from "./workspace";

export function Dialogs() {
  const { dialog, lineageOf } = useWorkspace();
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
    case "lineage":
      return lineageOf.value === null ? null : (
        <LineageDialog key={lineageOf.value} track={lineageOf.value} onClose={close} />
      );
    case null:
      return null;
  }
}
