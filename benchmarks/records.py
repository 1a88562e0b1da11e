"""One measured figure, and how it is written down."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """`baseline` is the same quantity of what we compare with, measured in the same run."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    baseline_name: str = ""

    @property
    def ratio(self) -> float | None:
        """Value over baseline: below 1 is faster, where the unit is a time."""
        return None if self.baseline is None else self.value / self.baseline

    def as_json(self) -> str:
        fields: dict[str, float | str] = {"name": self.name, "value": rounded(self.value), "unit": self.unit}
        if self.baseline is not None and self.ratio is not None:
            fields |= {"baseline": rounded(self.baseline), "ratio": rounded(self.ratio)}
            if self.baseline_name:
                fields["baseline_name"] = self.baseline_name
        return json.dumps(fields)


Measure = Callable[[], Iterator[Record]]


def rounded(value: float) -> float:
    """Four significant digits: more would claim what a run on a shared machine cannot show."""
    return float(f"{value:.4g}")
