// A score from 0 to 1 as a small bar with its number.

export function ScoreBar({ name, value }: { name: string; value: number }) {
  const share = Math.min(1, Math.max(0, value));
  return (
    <span class="score" title={`${name} ${value.toFixed(4)} on the validation frames`}>
      <span class="score-name">{name}</span>
      <span class="score-track" aria-hidden="true">
        <span class="score-fill" style={{ width: `${share * 100}%` }} />
      </span>
      <span class="score-value number">{value.toFixed(3)}</span>
    </span>
  );
}
