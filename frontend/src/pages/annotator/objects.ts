// How objects are named on screen.

import { areaText } from "../../geometry/calibration";
import type { Annotator } from "../../state/annotator/model";
import { calibrationOf } from "../../state/annotator/view";

export { objectName } from "../../state/annotator/words";

export function phaseName(state: Annotator, phase: string | null): string {
  return state.phases.find(({ id }) => id === phase)?.name ?? "No phase";
}

/** In calibrated units; "px" where nobody has calibrated. */
export function areaOf(state: Annotator, area_px: number): string {
  return areaText(area_px, calibrationOf(state));
}
