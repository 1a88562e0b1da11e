// Above a list of cards: search (key /), narrow down, order.

import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Listing, type Narrowing, narrowings, type Order } from "../../state/projects/listing";
import { Field, Select } from "../../ui/Field";
import "./lists.css";

const ORDERS: readonly { value: Order; label: string }[] = [
  { value: "changed", label: "Last changed first" },
  { value: "created", label: "Newest first" },
  { value: "name", label: "By name" },
  { value: "annotated", label: "Least annotated first" },
];

const NARROWINGS: Record<Narrowing, string> = {
  all: "All",
  proposals: "Proposals wait",
  untouched: "Not begun",
  archived: "Archived",
};

export interface ListToolsProps {
  /** What is searched: "series", "projects". */
  what: string;
  listing: Signal<Listing>;
  /** How many there are of each kind; undefined: not known yet. */
  counts: Readonly<Record<Narrowing, number | undefined>>;
}

export function ListTools({ what, listing, counts }: ListToolsProps) {
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => focusOnSlash(search.current), []);
  const set = (change: Partial<Listing>) => {
    listing.value = { ...listing.value, ...change };
  };
  const { search: text, narrowing, order } = listing.value;
  return (
    <search class="list-tools">
      <Field
        label={`Search ${what}`}
        hideLabel
        placeholder={`Search ${what}`}
        title="Key: /"
        autocomplete="off"
        spellcheck={false}
        value={text}
        inputRef={search}
        onValue={(value) => set({ search: value })}
        onKeyDown={(event) => {
          if (event.key === "Escape" && text !== "") set({ search: "" });
        }}
      />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a row everywhere */}
      <div class="chips" role="group" aria-label={`Which ${what}`}>
        {narrowings.map((each) => (
          <button
            key={each}
            type="button"
            class="chip"
            aria-pressed={narrowing === each}
            onClick={() => set({ narrowing: each })}
          >
            {NARROWINGS[each]}
            {counts[each] !== undefined && <span class="chip-count">{counts[each]}</span>}
          </button>
        ))}
      </div>
      <Select
        label="Order"
        hideLabel
        value={order}
        choices={ORDERS}
        onValue={(value) => set({ order: value })}
      />
    </search>
  );
}

/** Unless something is typed elsewhere, or a dialog is open. */
function focusOnSlash(field: HTMLInputElement | null): () => void {
  const listen = (event: KeyboardEvent) => {
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field?.focus();
    field?.select();
  };
  window.addEventListener("keydown", listen);
  return () => window.removeEventListener("keydown", listen);
}
