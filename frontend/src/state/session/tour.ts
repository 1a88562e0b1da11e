// Whether the tour of the annotator is under way, and who has had it. Kept in this browser, by person.

import { signal } from "@preact/signals";

/** Somebody asked for it: the annotator that is open, or opens next, begins it. */
export const tourAsked = signal(false);

const key = (person: number) => `graticule/tour/${person}`;

export function hadTour(person: number): boolean {
  return localStorage.getItem(key(person)) !== null;
}

export function keepTourHad(person: number): void {
  try {
    localStorage.setItem(key(person), "had");
  } catch {
    // The storage is full: the tour is offered once more.
  }
}
