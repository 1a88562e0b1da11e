// The colour of a phase.

import { colourOfPhase } from "../../render/colours";
import { useView } from "./workspace";

export function Swatch({ phase }: { phase: string | null }) {
  const phases = useView((state) => state.phases);
  const [red, green, blue] = colourOfPhase(phase, phases);
  return <span class="phase-swatch" style={{ background: `rgb(${red} ${green} ${blue})` }} />;
}
