// How far the frames of a card are annotated, and what waits for a person.

import { counted } from "../../state/format";
import { type Listed, share } from "../../state/projects/listing";
import { Badge } from "../../ui/Badge";
import { ProgressBar } from "../../ui/ProgressBar";

export function Progress({ of }: { of: Listed }) {
  const done = of.frames > 0 && of.annotated_frames >= of.frames;
  return (
    <span class="annotated">
      {of.annotated_frames.toLocaleString("en")} of {counted(of.frames, "frame")} annotated
      <ProgressBar label="Annotated frames" value={share(of)} tone={done ? "success" : "accent"} />
    </span>
  );
}

export function Waiting({ proposals }: { proposals: number }) {
  if (proposals === 0) return null;
  return (
    <Badge
      tone="accent"
      icon="wand"
      title="Masks that a model proposed. They wait for somebody to accept them."
    >
      {counted(proposals, "proposal")}
    </Badge>
  );
}
