"""Measures in a process of its own, whose memory holds nothing of what was measured before."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple, ParamSpec, TypeVar
from unittest.mock import patch

from ml.evaluation.cost import peak_memory_mb

P = ParamSpec("P")
Result = TypeVar("Result")


class Cost(NamedTuple):
    """`baseline_s` is None where there is nothing to compare with."""

    seconds: float
    baseline_s: float | None
    memory_mb: float


def apart(function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Call a module's function in a new process, on one thread."""
    # By its environment: to tell torch itself would load it where it is not needed.
    with patch.dict(os.environ, {"OMP_NUM_THREADS": "1"}), ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def memory_mb() -> float:
    """The most memory that this process had in use so far."""
    return peak_memory_mb("cpu")
