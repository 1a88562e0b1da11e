// Who has had the tour of the annotator: kept on the server, and in the browser for when that is away.

import * as api from "../../protocol/api";

const nameOf = (person: number) => `graticule/tour/${person}`;

/** True where nobody can say: better no tour than one more. */
export async function hadTour(person: number): Promise<boolean> {
  if (localStorage.getItem(nameOf(person)) !== null) return true;
  try {
    return (await api.getPreferences()).tour_had;
  } catch {
    return true;
  }
}

export function keepTourHad(person: number): void {
  try {
    localStorage.setItem(nameOf(person), "had");
  } catch {
    // The storage is full: the server's word holds.
  }
  api.changePreferences({ tour_had: true }).catch(() => undefined); // this browser's holds
}
