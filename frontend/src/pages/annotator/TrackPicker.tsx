// Another object of the series, found by typing its number, or by a click on the image.

import { useSignal } from "@preact/signals";
import { objectsOn, tracksOf } from "../../state/annotator/view";
import { objectName } from "../../state/annotator/words";
import { Field } from "../../ui/Field";
import { phaseName } from "./objects";
import { TrackSwatch } from "./Swatch";
import { useView, useWorkspace } from "./workspace";

const MOST_ROWS = 50;

export interface TrackPickerProps {
  label: string;
  /** The object that it is not. */
  except: string;
  value: string | null;
  onValue: (track: string | null) => void;
}

export function TrackPicker({ label, except, value, onValue }: TrackPickerProps) {
  const { state } = useWorkspace();
  const text = useSignal("");
  const present = state.value;
  const here = useView((all) => new Set(objectsOn(all, all.frame).map(({ track }) => track.track)));
  const typed = text.value.replace("#", "").trim();
  const others = [...tracksOf(present).values()].filter(
    ({ track, number, deleted }) => !deleted && number !== null && track !== except,
  );
  const found = others
    .filter(({ number, name }) => String(number).startsWith(typed) || (typed !== "" && name.includes(typed)))
    .sort(
      (a, b) =>
        Number(String(b.number) === typed) - Number(String(a.number) === typed) ||
        Number(here.has(b.track)) - Number(here.has(a.track)) ||
        (a.number ?? 0) - (b.number ?? 0),
    );
  return (
    <div class="track-picker">
      <Field
        label={label}
        placeholder="Number"
        inputMode="numeric"
        autocomplete="off"
        autofocus
        value={text.value}
        onValue={(next) => {
          text.value = next;
          const number = Number(next.replace("#", ""));
          // Among all: what is found is still of the text before.
          const exact = others.find((track) => track.number === number);
          onValue(exact?.track ?? null);
        }}
      />
      <div class="track-rows" role="listbox" aria-label={label}>
        {found.slice(0, MOST_ROWS).map((track) => (
          <button
            key={track.track}
            type="button"
            role="option"
            class="track-row"
            aria-selected={track.track === value}
            onClick={() => {
              text.value = String(track.number);
              onValue(track.track);
            }}
          >
            <TrackSwatch track={track} />
            <strong class="number">{objectName(track)}</strong>
            <span class="muted">{phaseName(present, track.phase)}</span>
            {here.has(track.track) && <span class="muted">on this frame</span>}
          </button>
        ))}
        {found.length === 0 && <p class="muted">No other object has such a number.</p>}
      </div>
    </div>
  );
}
