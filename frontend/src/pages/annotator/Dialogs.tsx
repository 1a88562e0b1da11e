// The dialogs of the annotator, one at a time.

import { CalibrationDialog } from "./CalibrationDialog";
import { ProblemsDialog } from "./conflicts/ProblemsDialog";
import { ExportDialog } from "./ExportDialog";
import { LifeDialog } from "./history/LifeDialog";
import { RestoreDialog } from "./history/RestoreDialog";
import { HelpDialog } from "./keys/HelpDialog";
import { LineageDialog } from "./LineageDialog";
import { MergeDialog, SplitDialog } from "./LineageDialogs";
import { ChangeIdDialog, CollisionDialog, PartnerDialog, PhaseFromDialog } from "./TrackDialogs";
import { PictureDialog } from "./view/PictureDialog";
import { useView, useWorkspace } from "./workspace";

export function Dialogs() {
  const { dialog, lineageOf, lifeOf } = useWorkspace();
  const close = () => {
    dialog.value = null;
  };
  const refused = useView((state) => state.refused);
  if (refused !== null) return <CollisionDialog refused={refused} />;
  switch (dialog.value) {
    case "help":
      return <HelpDialog onClose={close} />;
    case "calibration":
      return <CalibrationDialog onClose={close} />;
    case "export":
      return <ExportDialog onClose={close} />;
    case "picture":
      return <PictureDialog onClose={close} />;
    case "problems":
      return <ProblemsDialog onClose={close} />;
    case "change-id":
      return <ChangeIdDialog onClose={close} />;
    case "join":
    case "exchange":
      return <PartnerDialog key={dialog.value} verb={dialog.value} onClose={close} />;
    case "merge":
      return <MergeDialog onClose={close} />;
    case "split":
      return <SplitDialog onClose={close} />;
    case "phase-from":
      return <PhaseFromDialog onClose={close} />;
    case "lineage":
      return lineageOf.value === null ? null : (
        <LineageDialog key={lineageOf.value} track={lineageOf.value} onClose={close} />
      );
    case "life":
      return lifeOf.value === null ? null : (
        <LifeDialog key={lifeOf.value} track={lifeOf.value} onClose={close} />
      );
    case "restore":
      return <RestoreDialog onClose={close} />;
    case null:
      return null;
  }
}
