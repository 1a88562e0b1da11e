"""The embedding cache. It belongs to one thread, so two tasks at once are two generators driven in turn."""

from collections.abc import Callable
from typing import Any

import pytest

from ml.engine.embedding_cache import EmbeddingCache, EmbeddingKey
from ml.engine.queue import Steps
from ml.types import Embedding

KEY = EmbeddingKey("fake", "h1", 64, (0.0, 255.0), "float32", "torch", "store:0:None")


class Encoder:
    """Counts its calls; needs `pieces` steps for an embedding of `nbytes`."""

    def __init__(self, nbytes: int = 10, pieces: int = 1, errors: tuple[Exception, ...] = ()) -> None:
        self.nbytes, self.pieces, self.errors = nbytes, pieces, list(errors)
        self.calls, self.closed, self.done = 0, 0, 0

    def __call__(self) -> Steps[Embedding]:
        self.calls += 1
        try:
            for _ in range(self.pieces - 1):
                yield
            if self.errors:
                raise self.errors.pop(0)
            self.done += 1
            return Embedding(object(), 4, 4, self.nbytes)
        finally:
            self.closed += 1


def run(steps: Steps[Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def keyed(frame: int) -> EmbeddingKey:
    return KEY._replace(pixels=f"store:{frame}:None")


def test_an_embedding_is_computed_once_and_then_found() -> None:
    cache, encode = EmbeddingCache(100), Encoder()
    first = run(cache.steps(KEY, encode))
    assert run(cache.steps(KEY, encode)) is first
    assert encode.calls == 1
    assert cache.stats() == {"bytes": 10, "limit": 100, "entries": 1, "hits": 1, "misses": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"weights_hash": "h2"},
        {"input_size": 128},
        {"input_range": (0.0, 254.0)},
        {"precision": "float16"},
        {"backend": "onnx"},
        {"pixels": "store:1:None"},
    ],
)
def test_whatever_an_embedding_depends_on_is_part_of_the_key(change: dict[str, Any]) -> None:
    cache, encode = EmbeddingCache(100), Encoder()
    run(cache.steps(KEY, encode))
    run(cache.steps(KEY._replace(**change), encode))
    assert encode.calls == 2


def test_two_tasks_at_once_share_one_computation() -> None:
    cache, encode = EmbeddingCache(100), Encoder(pieces=4)
    warm, click = cache.steps(KEY, encode), cache.steps(KEY, encode)
    next(warm)
    next(click)
    result = run(click)  # the click finishes what the warm-up began
    assert run(warm) is result
    assert (encode.calls, encode.done) == (1, 1)


def test_a_dropped_task_does_not_take_the_computation_from_the_other() -> None:
    cache, encode = EmbeddingCache(100), Encoder(pieces=3)
    warm, click = cache.steps(KEY, encode), cache.steps(KEY, encode)
    next(warm)
    next(click)
    warm.close()
    assert run(click).nbytes == 10
    assert encode.calls == 1


def test_a_computation_that_nobody_wants_any_more_is_dropped() -> None:
    cache, encode = EmbeddingCache(100), Encoder(pieces=3)
    warm = cache.steps(KEY, encode)
    next(warm)
    warm.close()
    assert encode.closed == 1
    assert KEY not in cache
    run(cache.steps(KEY, encode))
    assert encode.calls == 2


def test_a_failure_is_not_kept() -> None:
    cache, encode = EmbeddingCache(100), Encoder(errors=(MemoryError("no room"),))
    with pytest.raises(MemoryError):
        run(cache.steps(KEY, encode))
    assert run(cache.steps(KEY, encode)).nbytes == 10
    assert encode.calls == 2


def test_one_tasks_failure_does_not_fail_the_other() -> None:
    cache, encode = EmbeddingCache(100), Encoder(pieces=3, errors=(MemoryError("no room"),))
    warm, click = cache.steps(KEY, encode), cache.steps(KEY, encode)
    next(warm)
    next(click)
    with pytest.raises(MemoryError):
        run(click)
    assert run(warm).nbytes == 10
    assert encode.calls == 2


def test_the_least_recently_used_goes_when_the_bytes_run_out() -> None:
    cache, encode = EmbeddingCache(30), Encoder(nbytes=10)
    for frame in (0, 1, 2):
        run(cache.steps(keyed(frame), encode))
    run(cache.steps(keyed(0), encode))  # found, and thereby the newest
    run(cache.steps(keyed(3), encode))
    assert [keyed(frame) in cache for frame in (0, 1, 2, 3)] == [True, False, True, True]
    assert cache.stats()["bytes"] == 30


def test_one_large_embedding_pushes_out_as_many_as_it_needs() -> None:
    cache = EmbeddingCache(30)
    for frame in (0, 1, 2):
        run(cache.steps(keyed(frame), Encoder(nbytes=10)))
    run(cache.steps(keyed(3), Encoder(nbytes=15)))
    assert [keyed(frame) in cache for frame in (0, 1, 2, 3)] == [False, False, True, True]
    assert cache.stats()["bytes"] == 25


def test_what_is_larger_than_the_whole_cache_is_given_but_not_kept() -> None:
    cache: EmbeddingCache = EmbeddingCache(30)
    run(cache.steps(keyed(0), Encoder(nbytes=10)))
    encode: Callable[[], Steps[Embedding]] = Encoder(nbytes=31)
    assert run(cache.steps(keyed(1), encode)).nbytes == 31
    assert keyed(1) not in cache
    assert keyed(0) in cache
