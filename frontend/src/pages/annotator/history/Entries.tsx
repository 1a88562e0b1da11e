// The changes of one page and those before it: what a job wrote is one line, to be opened.

import { useSignal } from "@preact/signals";
import type { HistoryEntry } from "../../../protocol/history";
import { countsText, framesText, groupedByJob, summed } from "../../../state/annotator/log";
import { counted, timeAgo } from "../../../state/format";
import { Avatar } from "../../../ui/Avatar";
import { Icon } from "../../../ui/icons";
import { Menu, type MenuEntry } from "../../../ui/Menu";
import type { Pictures } from "../pictures";
import { useView, useWorkspace } from "../workspace";
import type { MaskCache } from "./masks";
import { Thumbnail } from "./Thumbnail";

export interface EntriesProps {
  entries: readonly HistoryEntry[];
  head: number;
  pictures: Pictures;
  masks: MaskCache;
}

export function Entries({ entries, ...shared }: EntriesProps) {
  const { dispatch, comparing } = useWorkspace();
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const entry =
      event.target instanceof Element ? event.target.closest<HTMLElement>(".history-entry") : null;
    if (entry === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>(".history-entry")];
    const at = all.indexOf(entry);
    const version = Number(entry.dataset["version"]);
    const older = Number(entry.dataset["before"]);
    const actions: Record<string, () => void> = {
      ArrowDown: () => all[at + 1]?.focus(),
      ArrowUp: () => all[at - 1]?.focus(),
      d: () => dispatch({ type: "difference/open", from: version, to: shared.head }),
      c: () => dispatch({ type: "difference/open", from: older, to: version }),
      x: () => {
        comparing.value = version;
      },
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  };
  return (
    <ol onKeyDown={onKeyDown}>
      {groupedByJob(entries).map((group) => (
        <Group key={group.at(-1)?.version} group={group} {...shared} />
      ))}
    </ol>
  );
}

type Shared = Omit<EntriesProps, "entries">;

function Group({ group, ...shared }: Shared & { group: readonly HistoryEntry[] }) {
  const open = useSignal(false);
  const whole = summed(group);
  const entries = group.map((entry) => <Entry key={entry.version} entry={entry} {...shared} />);
  if (whole === null || group.length === 1) return <>{entries}</>;
  const first = group.at(-1)?.version ?? whole.version;
  return (
    <>
      <li class="history-row">
        <button
          type="button"
          class="history-entry"
          data-version={whole.version}
          data-before={first - 1}
          aria-expanded={open.value}
          onClick={() => {
            open.value = !open.value;
          }}
        >
          <Face entry={whole} {...shared} />
          <What entry={whole} />
          <span class="history-end">
            <span class="number">
              {first}–{whole.version}
            </span>
            <span class="history-where">
              {counted(group.length, "version")}{" "}
              <Icon name={open.value ? "chevron-up" : "chevron-down"} size={12} />
            </span>
          </span>
        </button>
        <Actions version={whole.version} before={first - 1} head={shared.head} />
      </li>
      {open.value && entries}
    </>
  );
}

function Face({ entry, pictures, masks }: Omit<Shared, "head"> & { entry: HistoryEntry }) {
  return (
    <span class="history-face">
      {entry.sample !== null && (
        <Thumbnail
          key={entry.version}
          version={entry.version}
          sample={entry.sample}
          pictures={pictures}
          masks={masks}
        />
      )}
      <Avatar name={entry.author.name} size={entry.sample === null ? 22 : 16} />
    </span>
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
      <span class="history-what">{countsText(entry.counts)}</span>
    </span>
  );
}

function Entry({ entry, head, ...shared }: Shared & { entry: HistoryEntry }) {
  const { dispatch, comparing } = useWorkspace();
  const { version } = entry;
  const newest = version === head;
  const shown = useView((state) => (state.past === null ? newest : state.past.version === version));
  const show = () => {
    const other = comparing.peek();
    if (other !== null) {
      comparing.value = null;
      if (other !== version) dispatch({ type: "difference/open", from: other, to: version });
      return;
    }
    dispatch({ type: "play", playing: false });
    dispatch(newest ? { type: "past/close" } : { type: "past/open", version });
    const frame = entry.frames[0];
    if (frame !== undefined && entry.frames.length === 1) dispatch({ type: "frame/show", frame });
  };
  return (
    <li class="history-row">
      <button
        type="button"
        class="history-entry"
        data-version={version}
        data-before={version - 1}
        aria-current={shown}
        onClick={show}
      >
        <Face entry={entry} {...shared} />
        <What entry={entry} />
        <span class="history-end">
          <span class="number">{version}</span>
          <span class="history-where">{framesText(entry)}</span>
        </span>
      </button>
      <Actions version={version} before={version - 1} head={head} />
    </li>
  );
}

/** `before`: the version before the change. */
function Actions({ version, before, head }: { version: number; before: number; head: number }) {
  const { dispatch, comparing } = useWorkspace();
  const entries: MenuEntry[] = [
    { heading: `Version ${version}` },
    {
      label: "What it changed",
      icon: "contrast",
      shortcut: "C",
      onChoose: () => dispatch({ type: "difference/open", from: before, to: version }),
    },
    {
      label: "Compare with now",
      shortcut: "D",
      disabled: version === head,
      onChoose: () => dispatch({ type: "difference/open", from: version, to: head }),
    },
    {
      label: "Compare with another version…",
      shortcut: "X",
      onChoose: () => {
        comparing.value = version;
      },
    },
  ];
  return (
    <span class="history-actions">
      <Menu label={`What to do with version ${version}`} entries={entries}>
        <Icon name="dots" />
      </Menu>
    </span>
  );
}
