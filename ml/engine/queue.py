"""One device thread and what waits for it.

Work comes as a generator that yields between pieces, and may say with it how far it is; its return value is the
answer. Before every piece the thread takes the most urgent task, so a click goes between two pieces of a job and never
waits for the whole of it.
"""

import contextlib
import logging
import threading
from collections.abc import Generator
from concurrent.futures import Future, InvalidStateError
from enum import IntEnum
from itertools import count
from typing import Any, Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")
Steps = Generator[float | None, None, T]  # yields the fraction of the whole that is done, where it knows


class Priority(IntEnum):
    """Most urgent first. AHEAD warms frames that somebody may look at next, while there is nothing else to do."""

    CLICK = 0
    WARM = 1
    JOB = 2
    AHEAD = 3


class SupersededError(Exception):
    """A newer request of the same client took this one's place."""


class QueueFullError(Exception):
    """Too much waits already."""


class QueueStoppedError(Exception):
    """The engine is shutting down."""


class Task(Generic[T]):
    """Work that waits or runs; `future` gets the answer, `progress` the fraction that is done where it is known."""

    def __init__(self, steps: Steps[T], priority: Priority, slot: str | None) -> None:
        self.steps = steps
        self.priority = priority
        self.slot = slot
        self.future: Future[T] = Future()
        self.progress: float | None = None
        self.order = 0
        self.started = False
        self.has_newer = False

    @property
    def rank(self) -> tuple[int, int]:
        return self.priority, self.order

    def cancel(self) -> None:
        """Drop the work before its next piece: nobody waits for the answer."""
        self.future.cancel()

    def fail(self, error: BaseException) -> None:
        """Answer with an error, unless there is an answer already."""
        with contextlib.suppress(InvalidStateError):
            self.future.set_exception(error)

    def close(self) -> None:
        """Let the work go of what it holds; on the device thread only."""
        try:
            self.steps.close()
        except Exception:
            logger.exception("Work that was dropped failed to clean up.")


class DeviceQueue:
    """A bounded queue by priority, first come first served within one, worked off by one thread."""

    def __init__(self, limit: int = 256) -> None:
        self.limit = limit
        self._tasks: list[Task[Any]] = []
        self._current: Task[Any] | None = None
        self._dropped: list[Task[Any]] = []  # have their answer and hold things yet; the device thread's own
        self._changed = threading.Condition()
        self._numbers = count()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="device", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Let the present piece end and answer whatever waits with QueueStoppedError."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def submit(self, steps: Steps[T], priority: Priority, slot: str | None = None) -> Task[T]:
        """Queue the work.

        Parameters
        ----------
        steps
            Generator that yields between pieces of work; runs on the device thread only.
        priority
            Tasks of a smaller number go first, between the pieces of others.
        slot
            Of the tasks with the same slot only the newest counts. One that has not begun is superseded and the newer
            one takes its place in the line; one that has begun is superseded unless its present piece is the last
            (that answer is given: otherwise prompts that come faster than answers would never get one).

        Raises
        ------
        QueueFullError, QueueStoppedError
        """
        task = Task(steps, priority, slot)
        with self._changed:
            if self._stopping:
                raise QueueStoppedError("The engine is shutting down; ask again in a few seconds.")
            older = self._newest_in(slot)
            replaces = older is not None and not older.started
            if not replaces and self._live() >= self.limit:
                raise QueueFullError(f"{self.limit} requests wait for the engine already; ask again later.")
            task.order = older.order if older is not None and replaces else next(self._numbers)
            if older is not None and older is self._current:
                older.has_newer = True
            elif older is not None:
                older.fail(SupersededError("A newer request of the same client took its place."))
            self._tasks.append(task)
            self._changed.notify_all()
        return task

    def depth(self) -> dict[str, int]:
        """Unfinished tasks by priority, the running one included."""
        with self._changed:
            live = [task.priority for task in self._tasks if not task.future.done()]
        return {priority.name.lower(): live.count(priority) for priority in Priority}

    def _newest_in(self, slot: str | None) -> Task[Any] | None:
        if slot is None:
            return None
        return next((task for task in reversed(self._tasks) if task.slot == slot and not task.future.done()), None)

    def _live(self) -> int:
        return sum(not task.future.done() for task in self._tasks)

    def _work(self) -> None:
        while (task := self._take()) is not None:
            self._step(task)
            # After the step: a newer task may go on with what a dropped one has half done, which this would end.
            self._close_dropped()
        self._close_dropped()
        for task in self._tasks:
            task.fail(QueueStoppedError("The engine was shut down; ask again in a few seconds."))
            task.close()
        self._tasks = []

    def _take(self) -> Task[Any] | None:
        """Wait for the most urgent task; None when the queue stops."""
        with self._changed:
            while True:
                self._dropped += [task for task in self._tasks if task.future.done()]
                self._tasks = [task for task in self._tasks if not task.future.done()]
                if self._stopping:
                    return None
                if self._tasks:
                    task = min(self._tasks, key=lambda waiting: waiting.rank)
                    task.started = True
                    self._current = task
                    return task
                self._close_dropped()
                self._changed.wait()

    def _close_dropped(self) -> None:
        for task in self._dropped:
            task.close()
        self._dropped = []

    def _step(self, task: Task[Any]) -> None:
        try:
            done = next(task.steps)
            task.progress = task.progress if done is None else done
        except StopIteration as end:
            with contextlib.suppress(InvalidStateError):  # cancelled during its last piece
                task.future.set_result(end.value)
        except BaseException as error:  # whatever a model raises is its caller's; the thread goes on
            task.fail(error)
        with self._changed:
            self._current = None
            if task.has_newer:
                task.fail(SupersededError("A newer request of the same client took its place."))
