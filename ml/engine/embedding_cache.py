"""Embeddings by what they depend on: least recently used ones go first, and each is computed once at a time."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ml.engine.queue import Steps
from ml.types import Embedding


class EmbeddingKey(NamedTuple):
    """Everything that an embedding depends on.

    `pixels` is the store's name, frame and channel: stores are named by their content and never change, so hashing the
    pixels again, which would mean reading them for every click, could not tell more. `format` is the segmenter's
    `embedding_format`: it counts up when its code makes other embeddings of the same weights and pixels.
    """

    model: str
    weights_hash: str
    input_size: int
    input_range: tuple[float, float]
    precision: str
    backend: str
    pixels: str
    format: int = 1


@dataclass
class _Flight:
    """An embedding that is being computed, and how many tasks want it."""

    steps: Steps[Embedding]
    wanted_by: int = 0
    result: Embedding | None = None


class EmbeddingCache:
    """A byte-bounded cache that belongs to the device thread; only `stats` may be called from elsewhere."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._entries: OrderedDict[EmbeddingKey, Embedding] = OrderedDict()
        self._flights: dict[EmbeddingKey, _Flight] = {}
        self._bytes = 0
        self._hits = 0
        self._misses = 0

    def __contains__(self, key: EmbeddingKey) -> bool:
        return key in self._entries

    def steps(self, key: EmbeddingKey, encode: Callable[[], Steps[Embedding]]) -> Steps[Embedding]:
        """The embedding, from memory or by `encode`.

        All tasks that want the same key drive the same computation, each with its own urgency: a click on a frame
        whose warm-up is half done finishes the other half. A failure goes to the task that met it and is not kept;
        what nobody wants any more is dropped.
        """
        if (embedding := self._entries.get(key)) is not None:
            self._entries.move_to_end(key)
            self._hits += 1
            return embedding
        self._misses += 1
        while True:
            flight = self._flights.get(key)
            if flight is None:
                flight = self._flights[key] = _Flight(encode())
            try:
                flight.wanted_by += 1
                while flight.result is None and self._flights.get(key) is flight:
                    self._advance(key, flight)
                    if flight.result is None:
                        yield None
            finally:
                flight.wanted_by -= 1
                if flight.wanted_by == 0 and self._flights.get(key) is flight:
                    del self._flights[key]
                    flight.steps.close()
            if flight.result is not None:
                return flight.result
            # Another task met the computation's failure: this one begins anew and meets its own.

    def stats(self) -> dict[str, int]:
        """Bytes held and allowed, entries, and how often one was found."""
        return {
            "bytes": self._bytes,
            "limit": self.limit_bytes,
            "entries": len(self._entries),
            "hits": self._hits,
            "misses": self._misses,
        }

    def _advance(self, key: EmbeddingKey, flight: _Flight) -> None:
        try:
            next(flight.steps)
        except StopIteration as end:
            del self._flights[key]
            flight.result = end.value
            self._keep(key, end.value)
        except BaseException:
            del self._flights[key]
            raise

    def _keep(self, key: EmbeddingKey, embedding: Embedding) -> None:
        if embedding.nbytes > self.limit_bytes:
            return
        self._entries[key] = embedding
        self._bytes += embedding.nbytes
        while self._bytes > self.limit_bytes:
            _, dropped = self._entries.popitem(last=False)
            self._bytes -= dropped.nbytes
