// Who changed what, when. A click shows the series as it was then; two versions can be compared.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { asApiError } from "../../protocol/errors";
import type { HistoryEntry } from "../../protocol/history";
import { queryOf } from "../../state/annotator/log_filter";
import { failed, loading, type Remote, ready } from "../../state/remote";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { showToast } from "../../ui/Toast";
import { DifferenceList } from "./history/DifferenceList";
import { Entries } from "./history/Entries";
import { Filter } from "./history/Filter";
import { cacheMasks } from "./history/masks";
import { startPictures } from "./pictures";
import { useView, useWorkspace } from "./workspace";
import "./history/history.css";

interface Log {
  readonly entries: readonly HistoryEntry[];
  readonly next: string | null;
}

const REFRESH_DELAY_MS = 300;

export function HistoryPanel() {
  const workspace = useWorkspace();
  const { session, logFilter, comparing } = workspace;
  const head = useView((state) => state.serverHead);
  const frames = useView((state) => state.series.frames);
  const differing = useView((state) => state.difference !== null);
  const log = useSignal<Remote<Log>>(loading);
  const pictures = useMemo(() => startPictures(workspace), []);
  const masks = useMemo(() => cacheMasks(session), []);
  const query = queryOf(logFilter.value, frames);
  const asked = JSON.stringify(query);
  useEffect(() => pictures.close, []);

  useEffect(() => {
    let left = false;
    const timer = setTimeout(
      () => {
        session.history(null, query).then(
          ({ results, next }) => {
            if (!left) log.value = ready({ entries: results, next });
          },
          (cause) => {
            if (!left && log.value.status !== "ready") log.value = failed(cause);
          },
        );
      },
      log.value.status === "ready" ? REFRESH_DELAY_MS : 0,
    );
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [head, asked]);

  const loadOlder = async () => {
    if (log.value.status !== "ready") return;
    const { entries, next } = log.value.value;
    try {
      const page = await session.history(next, query);
      log.value = ready({ entries: [...entries, ...page.results], next: page.next });
    } catch (cause) {
      showToast("danger", asApiError(cause).message);
    }
  };
  if (differing) return <DifferenceList />;
  return (
    <>
      <Filter />
      {comparing.value !== null && (
        <p class="history-comparing" role="status">
          Choose the version to compare with version {comparing.value}.
          <Button
            tone="quiet"
            onClick={() => {
              comparing.value = null;
            }}
          >
            Cancel
          </Button>
        </p>
      )}
      {log.value.status === "loading" && <p class="side-empty muted">Loading…</p>}
      {log.value.status === "failed" && <ErrorNote message={log.value.error.message} />}
      {log.value.status === "ready" && (
        <div class="history">
          {log.value.value.entries.length === 0 && (
            <p class="side-empty muted">
              {asked === "{}"
                ? "Nothing has been changed yet."
                : "No change is like this. Clear the filter to see all."}
            </p>
          )}
          <Entries entries={log.value.value.entries} head={head} pictures={pictures} masks={masks} />
          {log.value.value.next !== null && (
            <Button tone="quiet" onClick={loadOlder}>
              Show older ones
            </Button>
          )}
        </div>
      )}
    </>
  );
}
