"""What a frame that was open before costs: its embedding from disk, against encoding it again."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.records import Measure, Record
from benchmarks.timing import percentile, side_by_side_ms
from ml import registry
from ml.engine.embedding_cache import EmbeddingKey
from ml.engine.embedding_store import EmbeddingStore

SIDE, ROUNDS = 512, 15


def from_disk() -> Iterator[Record]:
    """A 512×512 frame of the bundled EfficientSAM, read and checked; the system has the file in memory."""
    segmenter = registry.load("efficient_sam_ti")
    frame = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    key = EmbeddingKey(
        segmenter.name, segmenter.weights_hash, segmenter.input_size, (0.0, 1.0), "float32", "torch", "series:0:None"
    )
    with tempfile.TemporaryDirectory() as folder:
        pixels = Path(folder) / "pixels"
        (pixels / "series").mkdir(parents=True)
        store = EmbeddingStore(Path(folder) / "embeddings", 2**30, pixels)
        store.start()
        store.write(key, segmenter.pack(segmenter.encode(frame)))
        store.stop()

        def read() -> None:
            arrays = store.read(key)
            if arrays is None:
                raise RuntimeError("The embedding was not kept.")
            segmenter.unpack(arrays)

        times = side_by_side_ms([read, lambda: segmenter.encode(frame)], rounds=ROUNDS)
    read_ms, encode_ms = (percentile(each, 50) for each in times)
    yield Record("embedding_from_disk", read_ms, "ms", encode_ms, "encoding")


BENCHMARKS: dict[str, Measure] = {"embedding_from_disk": from_disk}
