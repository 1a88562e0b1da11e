// What a track came from and what became of it, with a picture of each.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { familyOf } from "../../state/annotator/family";
import { joinsOf } from "../../state/annotator/occurrences";
import { mayEdit, tracksOf } from "../../state/annotator/view";
import { counted } from "../../state/format";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { EmptyState } from "../../ui/EmptyState";
import { CommandKey } from "./command_keys";
import { LineageGraph } from "./LineageGraph";
import { objectName } from "./objects";
import { startPictures } from "./pictures";
import { useView, useWorkspace } from "./workspace";
import "./lineage.css";

const GENERATIONS = 3;

export interface LineageDialogProps {
  track: string;
  onClose: () => void;
}

export function LineageDialog({ track, onClose }: LineageDialogProps) {
  const workspace = useWorkspace();
  const known = useView((state) => tracksOf(state).get(track));
  const joins = useView(joinsOf);
  const reach = useSignal({ earlier: GENERATIONS, later: GENERATIONS });
  const pictures = useMemo(() => startPictures(workspace), []);
  useEffect(() => pictures.close, []);
  if (known === undefined) return null;
  const family = familyOf(known, joins, reach.value);
  const alone = family.relatives.length === 1;
  return (
    <Dialog title={`Lineage of ${objectName(known)}`} onClose={onClose}>
      {alone ? (
        <NoLineage number={objectName(known)} onClose={onClose} />
      ) : (
        <div class="lineage">
          <p class="muted">
            {summary(family.ancestors, family.descendants)}{" "}
            <Button tone="quiet" icon="clock" onClick={() => workspace.openLife(track)}>
              Who made it
            </Button>
          </p>
          <LineageGraph
            family={family}
            centre={track}
            pictures={pictures}
            onMore={(side) => {
              reach.value = { ...reach.peek(), [side]: reach.peek()[side] + GENERATIONS };
            }}
            onClose={onClose}
          />
        </div>
      )}
    </Dialog>
  );
}

function summary(ancestors: number, descendants: number): string {
  const parts = [
    ...(ancestors === 0 ? [] : [`came from ${counted(ancestors, "track")}`]),
    ...(descendants === 0 ? [] : [`became ${counted(descendants, "track")}`]),
  ];
  return `It ${parts.join(" and ")}. A click on one goes to it.`;
}

function NoLineage({ number, onClose }: { number: string; onClose: () => void }) {
  const editable = useView(mayEdit);
  return (
    <EmptyState
      icon="lineage"
      title={`${number} has no parents and no children`}
      action={<Button onClick={onClose}>Close</Button>}
    >
      A lineage says which objects merged into this one, and which it split into. Merges and splits appear
      here when tracking finds them
      {editable ? (
        <>
          , or when you mark one: <CommandKey id="track.merge" /> for a merge on the frame in sight,{" "}
          <CommandKey id="track.split" /> for a split.
        </>
      ) : (
        "."
      )}
    </EmptyState>
  );
}
