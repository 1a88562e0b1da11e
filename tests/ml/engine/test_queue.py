"""The device thread's queue. Tasks are held and let go by events, so that every order is forced, never timed."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any

import pytest

from ml.engine.queue import DeviceQueue, Priority, QueueFullError, QueueStoppedError, Steps, SupersededError, Task

WAIT_S = 60


@pytest.fixture
def queue() -> Iterator[DeviceQueue]:
    queue = DeviceQueue(limit=8)
    queue.start()
    yield queue
    queue.stop()


class Gate:
    """Work that stops the device thread until it is opened."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()

    def work(self, answer: Any = None) -> Steps[Any]:
        self.entered.set()
        assert self.open.wait(WAIT_S)
        return answer
        yield


def noting(log: list[str], *pieces: str) -> Steps[str]:
    """Work that notes one name per piece and answers with the last."""
    for piece in pieces[:-1]:
        log.append(piece)
        yield
    log.append(pieces[-1])
    return pieces[-1]


def failing(error: BaseException) -> Steps[None]:
    raise error
    yield


@pytest.fixture
def held(queue: DeviceQueue) -> Iterator[Callable[[], None]]:
    """The device thread is busy until the returned function is called."""
    gate = Gate()
    queue.submit(gate.work(), Priority.CLICK)
    assert gate.entered.wait(WAIT_S)
    yield gate.open.set
    gate.open.set()


def finish(*tasks: Task[Any]) -> None:
    for task in tasks:
        task.future.exception(WAIT_S)


def test_more_urgent_work_goes_first_and_equals_keep_their_order(queue: DeviceQueue, held: Callable[[], None]) -> None:
    log: list[str] = []
    order = [("job 1", Priority.JOB), ("ahead", Priority.AHEAD), ("warm", Priority.WARM), ("click 1", Priority.CLICK)]
    order += [("job 2", Priority.JOB), ("click 2", Priority.CLICK)]
    tasks = [queue.submit(noting(log, name), priority) for name, priority in order]
    held()
    finish(*tasks)
    assert log == ["click 1", "click 2", "warm", "job 1", "job 2", "ahead"]


def test_a_click_goes_between_two_pieces_of_a_job(queue: DeviceQueue) -> None:
    log: list[str] = []
    gate = Gate()

    def job() -> Steps[str]:
        log.append("job, first piece")
        yield from gate.work()
        yield
        log.append("job, second piece")
        return "job"

    running = queue.submit(job(), Priority.JOB)
    assert gate.entered.wait(WAIT_S)
    click = queue.submit(noting(log, "click"), Priority.CLICK)
    gate.open.set()
    assert click.future.result(WAIT_S) == "click"
    assert running.future.result(WAIT_S) == "job"
    assert log == ["job, first piece", "click", "job, second piece"]


def test_of_two_jobs_the_first_ends_before_the_second_begins(queue: DeviceQueue, held: Callable[[], None]) -> None:
    log: list[str] = []
    tasks = [queue.submit(noting(log, f"{name}1", f"{name}2"), Priority.JOB) for name in "ab"]
    held()
    finish(*tasks)
    assert log == ["a1", "a2", "b1", "b2"]


def test_a_newer_prompt_replaces_the_queued_one_in_its_place(queue: DeviceQueue, held: Callable[[], None]) -> None:
    log: list[str] = []
    old = queue.submit(noting(log, "mine, old"), Priority.CLICK, "mine")
    other = queue.submit(noting(log, "other"), Priority.CLICK, "other")
    new = queue.submit(noting(log, "mine, new"), Priority.CLICK, "mine")
    with pytest.raises(SupersededError):
        old.future.result(WAIT_S)  # at once: the device is still busy
    held()
    finish(other, new)
    assert log == ["mine, new", "other"]


def test_a_prompt_in_its_last_piece_is_answered_although_a_newer_one_came(queue: DeviceQueue) -> None:
    gate = Gate()
    running = queue.submit(gate.work("old"), Priority.CLICK, "mine")
    assert gate.entered.wait(WAIT_S)
    newer = queue.submit(noting([], "new"), Priority.CLICK, "mine")
    gate.open.set()
    assert running.future.result(WAIT_S) == "old"
    assert newer.future.result(WAIT_S) == "new"


def test_a_prompt_with_pieces_left_is_superseded_and_cleans_up(queue: DeviceQueue) -> None:
    gate, cleaned = Gate(), threading.Event()

    def old() -> Steps[str]:
        try:
            yield from gate.work()
            yield
            return "old"
        finally:
            cleaned.set()

    running = queue.submit(old(), Priority.CLICK, "mine")
    assert gate.entered.wait(WAIT_S)
    newer = queue.submit(noting([], "new"), Priority.CLICK, "mine")
    gate.open.set()
    with pytest.raises(SupersededError):
        running.future.result(WAIT_S)
    assert newer.future.result(WAIT_S) == "new"
    assert cleaned.wait(WAIT_S)


def test_a_client_that_keeps_clicking_does_not_starve_another(queue: DeviceQueue) -> None:
    log: list[str] = []
    gate = Gate()
    first = queue.submit(gate.work(), Priority.CLICK, "busy")
    assert gate.entered.wait(WAIT_S)
    other = queue.submit(noting(log, "other"), Priority.CLICK, "other")
    again = queue.submit(noting(log, "busy"), Priority.CLICK, "busy")
    gate.open.set()
    finish(first, other, again)
    assert log == ["other", "busy"]


def test_cancelled_work_never_begins(queue: DeviceQueue, held: Callable[[], None]) -> None:
    log: list[str] = []
    dropped = queue.submit(noting(log, "dropped"), Priority.CLICK)
    kept = queue.submit(noting(log, "kept"), Priority.CLICK)
    dropped.cancel()
    held()
    finish(kept)
    assert log == ["kept"]
    with pytest.raises(CancelledError):
        dropped.future.result(WAIT_S)


def test_cancelled_work_stops_before_its_next_piece_and_cleans_up(queue: DeviceQueue) -> None:
    gate, cleaned, log = Gate(), threading.Event(), list[str]()

    def work() -> Steps[None]:
        try:
            yield from gate.work()
            yield
            log.append("second piece")
        finally:
            cleaned.set()

    task = queue.submit(work(), Priority.JOB)
    assert gate.entered.wait(WAIT_S)
    task.cancel()
    gate.open.set()
    assert cleaned.wait(WAIT_S)
    assert log == []


def test_a_failure_is_its_callers_alone(queue: DeviceQueue, held: Callable[[], None]) -> None:
    bad = queue.submit(failing(MemoryError("no room")), Priority.CLICK)
    exits = queue.submit(failing(SystemExit(3)), Priority.CLICK)
    good = queue.submit(noting([], "good"), Priority.CLICK)
    held()
    assert good.future.result(WAIT_S) == "good"
    assert isinstance(bad.future.exception(WAIT_S), MemoryError)
    assert isinstance(exits.future.exception(WAIT_S), SystemExit)


def test_work_that_fails_to_clean_up_does_not_stop_the_device(queue: DeviceQueue) -> None:
    gate = Gate()

    def stubborn() -> Steps[None]:
        try:
            yield from gate.work()
            yield
        finally:
            raise RuntimeError("cannot let go")

    task = queue.submit(stubborn(), Priority.CLICK)
    assert gate.entered.wait(WAIT_S)
    task.cancel()
    gate.open.set()
    assert queue.submit(noting([], "next"), Priority.CLICK).future.result(WAIT_S) == "next"


def test_a_full_queue_refuses_more_but_not_a_replacement(queue: DeviceQueue, held: Callable[[], None]) -> None:
    waiting = [queue.submit(noting([], "x"), Priority.JOB, f"{number}") for number in range(7)]  # and the one that runs
    with pytest.raises(QueueFullError, match="8 requests"):
        queue.submit(noting([], "y"), Priority.CLICK)
    newer = queue.submit(noting([], "newer"), Priority.JOB, "3")
    waiting[0].cancel()
    after = queue.submit(noting([], "after"), Priority.CLICK)
    held()
    assert newer.future.result(WAIT_S) == "newer"
    assert after.future.result(WAIT_S) == "after"


def test_depth_counts_unfinished_work_by_priority(queue: DeviceQueue, held: Callable[[], None]) -> None:
    tasks = [queue.submit(noting([], "x"), priority) for priority in (Priority.JOB, Priority.JOB, Priority.AHEAD)]
    assert queue.depth() == {"click": 1, "warm": 0, "ahead": 1, "job": 2}
    held()
    finish(*tasks)


def test_stopping_answers_whatever_waits_and_refuses_more() -> None:
    queue, gate = DeviceQueue(), Gate()
    queue.start()
    running = queue.submit(gate.work("done"), Priority.CLICK)
    waiting = queue.submit(noting([], "never"), Priority.CLICK)
    assert gate.entered.wait(WAIT_S)
    stopping = threading.Thread(target=queue.stop)
    stopping.start()
    gate.open.set()
    stopping.join(WAIT_S)
    assert running.future.result(WAIT_S) == "done"
    with pytest.raises(QueueStoppedError):
        waiting.future.result(WAIT_S)
    with pytest.raises(QueueStoppedError):
        queue.submit(noting([], "late"), Priority.CLICK)
