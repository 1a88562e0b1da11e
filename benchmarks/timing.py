"""Wall-clock times of calls, alone and side by side."""

import statistics
import time
from collections.abc import Callable, Sequence


def times_ms(call: Callable[[], object], *, rounds: int, warm_up: int = 1) -> list[float]:
    """The time of each of `rounds` calls, after `warm_up` that do not count."""
    return side_by_side_ms([call], rounds=rounds, warm_up=warm_up)[0]


def side_by_side_ms(calls: Sequence[Callable[[], object]], *, rounds: int, warm_up: int = 1) -> list[list[float]]:
    """The times of each call, taken in turns, so that what else the machine does hits all of them alike."""
    for call in calls:
        for _ in range(warm_up):
            call()
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, found in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            found.append((time.perf_counter() - start) * 1000)
    return times


def percentile(values: Sequence[float], percent: int) -> float:
    """The inclusive percentile, interpolated: 50 is the median. One value is its own percentile."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
