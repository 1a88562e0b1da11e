// Where arrow keys lead in a grid of cards. Pure.

/** The card that a key leads to; undefined where it does not move. At an edge it stays. */
export function nextCard(key: string, present: number, columns: number, count: number): number | undefined {
  const within = (wanted: number) => (wanted < 0 || wanted >= count ? present : wanted);
  switch (key) {
    case "ArrowRight":
      return within(present + 1);
    case "ArrowLeft":
      return within(present - 1);
    case "ArrowDown":
      return within(present + columns);
    case "ArrowUp":
      return within(present - columns);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}
