// Cards side by side. Arrow keys go from one to the next; those out of sight are not laid out, so hundreds stay quick.

import type { ComponentChildren } from "preact";
import { nextCard } from "./grid_keys";
import "./lists.css";

export function CardGrid({ label, children }: { label: string; children: ComponentChildren }) {
  const move = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const links = [...event.currentTarget.querySelectorAll<HTMLElement>(".card-link")];
    const present = event.target instanceof HTMLElement ? links.indexOf(event.target) : -1;
    if (present < 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const columns = getComputedStyle(event.currentTarget).gridTemplateColumns.split(" ").length;
    const next = nextCard(event.key, present, columns, links.length);
    if (next === undefined) return;
    event.preventDefault();
    links[next]?.focus();
  };
  return (
    <ul class="card-grid" aria-label={label} onKeyDown={move}>
      {children}
    </ul>
  );
}
