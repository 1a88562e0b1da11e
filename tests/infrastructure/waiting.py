"""Waiting for what another process does, with a limit and a message."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(
    condition: Callable[[], Value],
    *,
    timeout_s: float,
    what: str,
    poll_s: float = 0.05,
    sleep: Callable[[float], None] = time.sleep,
) -> Value:
    """The first true value of `condition`; TimeoutError naming `what` after `timeout_s`."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen within {timeout_s:g} s.")
        sleep(poll_s)
