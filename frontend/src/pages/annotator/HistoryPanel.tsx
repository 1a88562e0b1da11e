// Who changed what, when. A click shows the series as it was then.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { asApiError } from "../../protocol/errors";
import type { HistoryEntry } from "../../protocol/rest";
import { groupedByJob, summed } from "../../state/annotator/log";
import { counted, timeAgo } from "../../state/format";
import { failed, loading, type Remote, ready } from "../../state/remote";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { Checkbox } from "../../ui/Checkbox";
import { ErrorNote } from "../../ui/ErrorNote";
import { Icon } from "../../ui/icons";
import { showToast } from "../../ui/Toast";
import { useView, useWorkspace } from "./workspace";

interface Log {
  readonly entries: readonly HistoryEntry[];
  readonly next: string | null;
}

const REFRESH_DELAY_MS = 300;

export function HistoryPanel() {
  const { session } = useWorkspace();
  const head = useView((state) => state.serverHead);
  const shownFrame = useView((state) => state.frame);
  const frameOnly = useSignal(false);
  const log = useSignal<Remote<Log>>(loading);
  const frame = frameOnly.value ? shownFrame : null;

  useEffect(() => {
    let left = false;
    const timer = setTimeout(
      () => {
        session.history(null, frame).then(
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
  }, [head, frame]);

  const loadOlder = async () => {
    if (log.value.status !== "ready") return;
    const { entries, next } = log.value.value;
    try {
      const page = await session.history(next, frame);
      log.value = ready({ entries: [...entries, ...page.results], next: page.next });
    } catch (cause) {
      showToast("danger", asApiError(cause).message);
    }
  };
  return (
    <>
      <div class="history-head">
        <Checkbox
          label="This frame only"
          checked={frameOnly.value}
          onValue={(checked) => {
            frameOnly.value = checked;
          }}
        />
      </div>
      {log.value.status === "loading" && <p class="side-empty muted">Loading…</p>}
      {log.value.status === "failed" && <ErrorNote message={log.value.error.message} />}
      {log.value.status === "ready" && (
        <div class="history">
          {log.value.value.entries.length === 0 && (
            <p class="side-empty muted">Nothing has been changed yet.</p>
          )}
          <ol>
            {groupedByJob(log.value.value.entries).map((group) => (
              <Group key={group.at(-1)?.version} group={group} head={head} />
            ))}
          </ol>
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

/** What a job wrote is one line, to be opened. */
function Group({ group, head }: { group: readonly HistoryEntry[]; head: number }) {
  const open = useSignal(false);
  const whole = summed(group);
  const entries = group.map((entry) => (
    <Entry key={entry.version} entry={entry} newest={entry.version === head} />
  ));
  if (whole === null || group.length === 1) return <>{entries}</>;
  return (
    <>
      <li>
        <button
          type="button"
          class="history-entry"
          aria-expanded={open.value}
          onClick={() => {
            open.value = !open.value;
          }}
        >
          <Avatar name={whole.author.name} size={22} />
          <What entry={whole} />
          <span class="history-end">
            <span class="number">
              {group.at(-1)?.version}–{whole.version}
            </span>
            <span class="history-where">
              {counted(group.length, "version")}{" "}
              <Icon name={open.value ? "chevron-up" : "chevron-down"} size={12} />
            </span>
          </span>
        </button>
      </li>
      {open.value && entries}
    </>
  );
}

function What({ entry }: { entry: HistoryEntry }) {
  return (
    <span class="history-text">
      <span class="history-reason">{entry.reason === "" ? "Change" : entry.reason}</span>
      <span class="history-what">
        {entry.author.name} · <time dateTime={entry.created_at}>{timeAgo(entry.created_at, Date.now())}</time>
        {entry.job !== null && " · job"}
      </span>
      <span class="history-what">{describe(entry)}</span>
    </span>
  );
}

function Entry({ entry, newest }: { entry: HistoryEntry; newest: boolean }) {
  const { dispatch } = useWorkspace();
  const shown = useView((state) => (state.past === null ? newest : state.past.version === entry.version));
  const show = () => {
    dispatch({ type: "play", playing: false });
    dispatch(newest ? { type: "past/close" } : { type: "past/open", version: entry.version });
    const frame = entry.frames[0];
    if (frame !== undefined && entry.frames.length === 1) dispatch({ type: "frame/show", frame });
  };
  return (
    <li>
      <button type="button" class="history-entry" aria-current={shown} onClick={show}>
        <Avatar name={entry.author.name} size={22} />
        <What entry={entry} />
        <span class="history-end">
          <span class="number">{entry.version}</span>
          <span class="history-where">{where(entry)}</span>
        </span>
      </button>
    </li>
  );
}

/** "2 masks, 1 new object". */
function describe({ counts }: HistoryEntry): string {
  const parts = [
    counts.masks_set > 0 ? counted(counts.masks_set, "mask") : "",
    counts.masks_deleted > 0 ? `${counted(counts.masks_deleted, "mask")} deleted` : "",
    counts.tracks_created > 0 ? counted(counts.tracks_created, "new object") : "",
    counts.tracks_changed > 0 ? `${counted(counts.tracks_changed, "object")} changed` : "",
    counts.tracks_deleted > 0 ? `${counted(counts.tracks_deleted, "object")} deleted` : "",
    counts.events > 0 ? counted(counts.events, "event") : "",
    counts.calibrations > 0 ? "calibration" : "",
  ].filter((part) => part !== "");
  return parts.join(", ");
}

/** "frame 12", "20 frames". */
function where({ frames }: HistoryEntry): string {
  const [first] = frames;
  if (first === undefined) return "";
  return frames.length === 1 ? `frame ${first + 1}` : `${frames.length} frames`;
}
