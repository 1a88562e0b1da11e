// Files of which the server has a part, from a page that was closed or loaded again.

import { asApiError } from "../../protocol/errors";
import { counted, fileSize, percent } from "../../state/format";
import { discardUnfinished } from "../../state/imports/effects";
import { unfinished } from "../../state/imports/store";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { showToast } from "../../ui/Toast";

const SHOWN = 6;

export function UnfinishedImports() {
  const found = unfinished.value;
  if (found.length === 0) return null;
  const discard = (ids: readonly string[]) =>
    Promise.all(ids.map(discardUnfinished)).catch((cause) => showToast("danger", asApiError(cause).message));
  return (
    <section class="panel import-unfinished" aria-label="Files that did not come whole">
      <Icon name="info" />
      <div class="import-text">
        <strong>{found.length === 1 ? "One file is" : `${found.length} files are`} here in part</strong>
        <span class="muted">
          {found.length === 1 && found[0] !== undefined
            ? `Drop the same file again and it goes on from ${percent(found[0].offset / found[0].bytes)}.`
            : "Drop the same files again and they go on from where they were."}
        </span>
      </div>
      {found.length > 1 && (
        <Button tone="quiet" onClick={() => discard(found.map((one) => one.id))}>
          Discard all
        </Button>
      )}
      <ul>
        {found.slice(0, SHOWN).map((one) => (
          <li key={one.id}>
            <span class="import-file-name" title={one.name}>
              {one.name}
            </span>
            <span class="muted">
              {percent(one.offset / one.bytes)} of {fileSize(one.bytes)}
            </span>
            <Button tone="quiet" onClick={() => discard([one.id])} aria-label={`Discard ${one.name}`}>
              Discard
            </Button>
          </li>
        ))}
      </ul>
      {found.length > SHOWN && <p class="muted">and {counted(found.length - SHOWN, "more file")}</p>}
    </section>
  );
}
