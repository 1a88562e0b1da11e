// Which changes the history lists. What is chosen stays in sight, and one button clears it.

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { kinds } from "../../../protocol/history";
import {
  filterWords,
  framesProblem,
  KIND_NAMES,
  type LogFilter,
  NO_FILTER,
} from "../../../state/annotator/log_filter";
import { tracksOf } from "../../../state/annotator/view";
import { trackName } from "../../../state/annotator/words";
import { Button } from "../../../ui/Button";
import { Field, Select } from "../../../ui/Field";
import { Icon } from "../../../ui/icons";
import { useView, useWorkspace } from "../workspace";

export function Filter() {
  const { session, state, logFilter, logFilterOpen } = useWorkspace();
  const tracks = [...useView(tracksOf).values()];
  const id = useId();
  const frames = useView((all) => all.series.frames);
  const selected = useView((all) => all.selection?.track ?? null);
  const shownFrame = useView((all) => all.frame);
  const filter = logFilter.value;
  const members = session.project.members.map(({ user }) => user);
  const words = filterWords(filter, frames, {
    person: (author) => members.find((member) => member.id === author)?.name ?? `Person ${author}`,
    object: (track) => trackName(state.peek(), track),
  });
  const set = (change: Partial<LogFilter>) => {
    logFilter.value = { ...filter, ...change };
  };
  const numbered = (text: string) =>
    tracks.find(({ number }) => number !== null && String(number) === text)?.track ?? null;
  const typed = useSignal("");
  const listed = tracks.find(({ track }) => track === filter.track)?.number ?? null;
  const unknown = numbered(typed.value) === null ? typed.value : "";
  const object = (text: string) => {
    typed.value = text.replace(/^\s*#|\s/g, "");
    set({ track: numbered(typed.value) });
  };
  return (
    <div class="history-filter">
      <div class="history-filter-head">
        <button
          type="button"
          class="button quiet"
          aria-expanded={logFilterOpen.value}
          aria-controls={id}
          onClick={() => {
            logFilterOpen.value = !logFilterOpen.value;
          }}
        >
          <Icon name={logFilterOpen.value ? "chevron-up" : "chevron-down"} size={12} /> Filter
        </button>
        <span class="history-filter-words" aria-live="polite">
          {words.length === 0 ? "All changes" : words.join(" · ")}
        </span>
        {words.length > 0 && (
          <Button
            tone="quiet"
            onClick={() => {
              logFilter.value = NO_FILTER;
            }}
          >
            Clear
          </Button>
        )}
      </div>
      {logFilterOpen.value && (
        <div id={id} class="history-filter-body">
          <Select
            label="Person"
            value={filter.author === null ? "" : String(filter.author)}
            choices={[
              { value: "", label: "Anybody" },
              ...members.map((member) => ({ value: String(member.id), label: member.name })),
            ]}
            onValue={(value) => set({ author: value === "" ? null : Number(value) })}
          />
          <div class="history-filter-pair">
            <Field
              label="Object"
              placeholder="Its number"
              inputMode="numeric"
              autocomplete="off"
              value={listed === null ? unknown : String(listed)}
              error={listed !== null || unknown === "" ? undefined : `No object has the number ${unknown}.`}
              onValue={object}
            />
            <Button disabled={selected === null} onClick={() => set({ track: selected })}>
              Selected
            </Button>
          </div>
          <div class="history-filter-pair">
            <Field
              label="Frame, or a range"
              placeholder={`1-${frames}`}
              inputMode="numeric"
              autocomplete="off"
              value={filter.frames}
              error={framesProblem(filter.frames, frames)}
              onValue={(text) => set({ frames: text })}
            />
            <Button onClick={() => set({ frames: String(shownFrame + 1) })}>This frame</Button>
          </div>
          <fieldset class="history-kinds">
            <legend>Kind of change</legend>
            {kinds.map((kind) => {
              const chosen = filter.kinds.includes(kind);
              return (
                <button
                  key={kind}
                  type="button"
                  class="history-kind"
                  aria-pressed={chosen}
                  onClick={() =>
                    set({
                      kinds: chosen ? filter.kinds.filter((each) => each !== kind) : [...filter.kinds, kind],
                    })
                  }
                >
                  {KIND_NAMES[kind]}
                </button>
              );
            })}
          </fieldset>
        </div>
      )}
    </div>
  );
}
