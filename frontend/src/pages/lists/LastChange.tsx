// Who changed something last, and when.

import type { ProjectSummary, Series } from "../../protocol/rest";
import { timeAgo } from "../../state/format";
import { lastChange } from "../../state/projects/listing";

export function LastChange({ of, made }: { of: Series | ProjectSummary; made: string }) {
  const { at, by, made: untouched } = lastChange(of);
  return (
    <span class="last-change" title={new Date(at).toLocaleString("en-GB")}>
      {untouched ? made : "changed"} <time dateTime={at}>{timeAgo(at, Date.now())}</time>
      {by !== null && <> by {by.name}</>}
    </span>
  );
}
