"""The kinds of job by name, and the chores of workers. Each app's tasks.py adds its own with the decorators."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from backend.jobs.models import Job, Queue


class JobContext(Protocol):
    """What a running job may ask of the loop that runs it."""

    @property
    def job(self) -> Job: ...

    def progress(self, fraction: float, step: str) -> None:
        """Tells how far it is (0 to 1). Raises where the job shall end, pause, or go back into its queue."""

    def hold(self) -> None:
        """Inside the transaction that writes the result: locks the job's row and makes sure it is still ours."""


RunJob = Callable[[JobContext], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    name: str
    queue: Queue
    run: RunJob
    pausable: bool = False
    shows_parameters: bool = False
    only_reads: bool = False


KINDS: dict[str, Kind] = {}


def job(
    name: str, *, queue: Queue, pausable: bool = False, shows_parameters: bool = False, only_reads: bool = False
) -> Callable[[RunJob], RunJob]:
    """Registers a function that does a job of this kind and returns its result. It may run again after a crash.

    One that is `pausable` goes on, when it runs again, from where it was. Of one that `shows_parameters` people are
    told what was asked for. One that `only_reads` works on what is in the archive, too.
    """

    def register(run: RunJob) -> RunJob:
        if name in KINDS:
            raise ValueError(f"Two jobs are called {name!r}: {KINDS[name].run} and {run}.")
        KINDS[name] = Kind(name, queue, run, pausable, shows_parameters, only_reads)
        return run

    return register


# ---- chores -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chore:
    """What the worker of a queue does by itself when it starts and then once a day, between jobs."""

    queue: Queue
    run: Callable[[], None]


CHORES: list[Chore] = []


def daily(*, queue: Queue) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Registers a chore. Nobody waits for it: what it raises is only logged."""

    def register(run: Callable[[], None]) -> Callable[[], None]:
        CHORES.append(Chore(queue, run))
        return run

    return register
