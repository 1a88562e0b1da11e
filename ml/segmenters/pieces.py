"""Segmenters work in pieces, between which the engine answers clicks; whoever does not care runs them to the end."""

from collections.abc import Generator
from typing import Any, TypeVar

Result = TypeVar("Result")


def finished(steps: Generator[Any, None, Result]) -> Result:
    """Run a computation in pieces to its end."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Result = done.value
            return result
