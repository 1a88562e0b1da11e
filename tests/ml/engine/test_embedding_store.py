"""Embeddings on disk: found again, bounded, and never wrong."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from starlette.testclient import TestClient

from ml import registry
from ml.engine.app import create_app
from ml.engine.embedding_cache import EmbeddingKey
from ml.engine.embedding_store import MOST_WAITING, EmbeddingStore
from ml.segmenters.efficient_sam import EfficientSamSegmenter
from ml.segmenters.fake import FakeSegmenter
from ml.segmenters.sam import SamSegmenter
from ml.types import Embedding, Grey, Prompt
from tests.ml.segmenters.tiny_sam import tiny_sam

WAIT_S = 30
KEY = EmbeddingKey("fake", "h1", 64, (0.0, 255.0), "float32", "torch", "series:0:None")
ARRAYS = {"features": np.arange(1000, dtype=np.float16).reshape(1, 10, 100), "size": np.array([4, 5])}
FRAME = {"store": "series", "frame": 1, "model": "fake", "input_range": [0, 255], "client": "tab"}
CLICK = FRAME | {"points": [[20, 30, 1]]}


@pytest.fixture
def pixels(tmp_path: Path) -> Path:
    group = zarr.open_group(tmp_path / "pixels" / "series", mode="w")
    array = group.create_array("0", shape=(9, 48, 64), chunks=(1, 48, 64), dtype="uint8")
    array[:] = np.arange(9, dtype=np.uint8)[:, None, None] * 25
    return tmp_path / "pixels"


@pytest.fixture
def open_store(tmp_path: Path, pixels: Path) -> Iterator[Callable[..., EmbeddingStore]]:
    opened: list[EmbeddingStore] = []

    def open_one(limit_bytes: int = 10**6) -> EmbeddingStore:
        store = EmbeddingStore(tmp_path / "kept", limit_bytes, pixels)
        opened.append(store)
        store.start()
        return store

    yield open_one
    for store in opened:
        store.stop()


def keyed(frame: int) -> EmbeddingKey:
    return KEY._replace(pixels=f"series:{frame}:None")


def written(store: EmbeddingStore, key: EmbeddingKey, arrays: dict[str, Any] = ARRAYS) -> Path:
    path = store.path(key)
    assert path is not None
    before = store.stats()["written"]
    store.write(key, arrays)
    end = time.monotonic() + WAIT_S
    while store.stats()["written"] == before:
        assert time.monotonic() < end
        time.sleep(0.005)
    return path


def test_another_engine_finds_what_one_has_written(open_store: Callable[..., EmbeddingStore]) -> None:
    written(open_store(), KEY)
    other = open_store()
    found = other.read(KEY)
    assert found is not None
    assert {name: (array.dtype, array.tolist()) for name, array in found.items()} == {
        name: (array.dtype, array.tolist()) for name, array in ARRAYS.items()
    }
    assert other.read(keyed(1)) is None
    assert (other.stats()["hits"], other.stats()["misses"]) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"weights_hash": "h2"},
        {"input_size": 128},
        {"input_range": (0.0, 254.0)},
        {"precision": "autocast"},
        {"backend": "onnx"},
        {"pixels": "series:0:1"},
        {"pixels": "another:0:None"},
        {"format": 2},
    ],
)
def test_whatever_an_embedding_depends_on_is_another_file(
    open_store: Callable[..., EmbeddingStore], change: dict[str, Any]
) -> None:
    store = open_store()
    written(store, KEY)
    assert store.read(KEY._replace(**change)) is None


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "another's"])
def test_a_damaged_file_counts_as_missing_and_is_removed(
    open_store: Callable[..., EmbeddingStore], damage: str
) -> None:
    store = open_store()
    path = written(store, KEY)
    content = path.read_bytes()
    match damage:
        case "cut":
            path.write_bytes(content[:-7])
        case "empty":
            path.write_bytes(b"")
        case "flipped":
            path.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
        case _:
            written(store, keyed(1)).replace(path)
    assert store.read(KEY) is None
    assert not path.exists()
    assert store.stats()["damaged"] == 1
    written(store, KEY)
    assert store.read(KEY) is not None


def test_the_least_recently_used_go_where_the_bytes_run_out(open_store: Callable[..., EmbeddingStore]) -> None:
    size = written(first := open_store(), keyed(0)).stat().st_size
    first.stop()
    store = open_store(limit_bytes=round(4.5 * size))
    paths = [written(store, keyed(frame)) for frame in range(4)]
    for age, path in enumerate(reversed(paths), start=1):
        os.utime(path, (time.time() - 100 * age,) * 2)
    assert store.read(keyed(0)) is not None  # used, and thereby the newest
    newest = written(store, keyed(4))
    assert [path.exists() for path in (*paths, newest)] == [True, False, True, True, True]
    stats = store.stats()
    assert (stats["entries"], stats["bytes"]) == (4, 4 * size)
    assert stats["bytes"] <= stats["limit"]


def test_what_is_larger_than_the_whole_folder_may_be_is_not_kept(open_store: Callable[..., EmbeddingStore]) -> None:
    store = open_store(limit_bytes=500)
    store.write(KEY, ARRAYS)
    store.stop()
    assert store.read(KEY) is None
    assert store.stats()["dropped"] == 1


def test_numbers_that_half_precision_cannot_hold_are_not_kept(open_store: Callable[..., EmbeddingStore]) -> None:
    store = open_store()
    store.write(KEY, {"features": np.array([np.inf], np.float16)})
    store.stop()
    assert store.read(KEY) is None


def test_the_embeddings_of_pixels_that_are_gone_go_too_and_half_files_of_killed_engines(
    open_store: Callable[..., EmbeddingStore], pixels: Path
) -> None:
    (pixels / "deleted").mkdir()
    path, gone = written(open_store(), KEY), written(open_store(), KEY._replace(pixels="deleted:0:None"))
    old, fresh = path.with_name("old.partial"), path.with_name("fresh.partial")
    for half in (old, fresh):
        half.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    (pixels / "deleted").rmdir()
    open_store().stop()
    assert [each.exists() for each in (path, gone, gone.parent, old, fresh)] == [True, False, False, False, True]


def test_writing_never_waits_for_the_disk(open_store: Callable[..., EmbeddingStore], monkeypatch: Any) -> None:
    held = threading.Event()
    monkeypatch.setattr(EmbeddingStore, "_write", lambda *_: held.wait(WAIT_S))
    store = open_store()
    started = time.monotonic()
    for frame in range(3 * MOST_WAITING):
        store.write(keyed(frame), ARRAYS)
    assert time.monotonic() - started < 1
    assert store.stats()["dropped"] >= MOST_WAITING
    held.set()


def test_a_folder_that_cannot_be_written_to_only_costs_the_embedding(tmp_path: Path, pixels: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    store = EmbeddingStore(tmp_path / "kept", 10**6, pixels)
    store.start()
    store.write(KEY, ARRAYS)
    store.stop()
    assert store.read(KEY) is None
    assert store.stats()["dropped"] == 1


def test_what_cannot_be_written_costs_itself_alone(open_store: Callable[..., EmbeddingStore]) -> None:
    store = open_store()
    store.write(keyed(1), {"features": np.array([object()])})
    written(store, KEY)
    assert store.read(KEY) is not None
    assert store.stats()["dropped"] == 1


# ---- in an engine -------------------------------------------------------------------------------------------


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Frames that were encoded, by any engine."""
    frames: list[int] = []
    original = FakeSegmenter.encode

    def encode(segmenter: FakeSegmenter, frame: Grey) -> Embedding:
        frames.append(round(float(frame[0, 0]) * 255 / 25))
        return original(segmenter, frame)

    monkeypatch.setattr(FakeSegmenter, "encode", encode)
    return frames


def test_a_new_engine_needs_no_encoding_for_a_frame_that_was_open_before(
    tmp_path: Path, pixels: Path, encoded: list[int]
) -> None:
    answers = []
    for _ in range(2):
        app = create_app(pixels, pixels, test_models=True, embeddings=tmp_path / "kept")
        with TestClient(app) as client:
            answers.append(client.post("/predict", json=CLICK).json()["candidates"])
            disk = client.get("/health").json()["disk"]
    assert encoded == [1]
    assert answers[0] == answers[1]
    assert (disk["hits"], disk["misses"]) == (1, 0)


def test_what_another_version_of_the_code_kept_is_computed_again(
    tmp_path: Path, pixels: Path, encoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def click() -> dict[str, Any]:
        app = create_app(pixels, pixels, test_models=True, embeddings=tmp_path / "kept")
        with TestClient(app) as client:
            assert client.post("/predict", json=CLICK).status_code == 200
            disk: dict[str, Any] = client.get("/health").json()["disk"]
        return disk

    click()
    monkeypatch.setattr(FakeSegmenter, "embedding_format", 2)
    assert click()["hits"] == 0
    assert encoded == [1, 1]
    # It kept its format's number and has other arrays.
    with monkeypatch.context() as patch:
        patch.setattr(FakeSegmenter, "unpack", lambda segmenter, arrays: arrays["positions"])
        assert click()["damaged"] == 1
    assert encoded == [1, 1, 1]
    assert (click()["damaged"], encoded) == (0, [1, 1, 1])


def test_a_damaged_embedding_is_computed_again(tmp_path: Path, pixels: Path, encoded: list[int]) -> None:
    for _ in range(2):
        app = create_app(pixels, pixels, test_models=True, embeddings=tmp_path / "kept")
        with TestClient(app) as client:
            assert client.post("/predict", json=CLICK).status_code == 200
        for path in (tmp_path / "kept").rglob("*.embedding"):
            path.write_bytes(path.read_bytes()[:-1])
    assert encoded == [1, 1]


@pytest.mark.parametrize("options", [{}, {"embeddings_bytes": 0}])
def test_nothing_is_kept_where_no_folder_or_no_room_is_given(
    tmp_path: Path, pixels: Path, encoded: list[int], options: dict[str, Any]
) -> None:
    folder = {"embeddings": tmp_path / "kept"} if options else {}
    with TestClient(create_app(pixels, pixels, test_models=True, **folder, **options)) as client:
        client.post("/predict", json=CLICK)
        assert client.get("/health").json()["disk"] is None
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("family", ["efficient_sam", "sam"])
def test_masks_from_a_kept_embedding_are_the_same_to_the_bit(
    open_store: Callable[..., EmbeddingStore], family: str
) -> None:
    segmenter: EfficientSamSegmenter | SamSegmenter
    if family == "sam":
        segmenter = SamSegmenter(tiny_sam(), name="sam_vit_b", weights_hash="test")
    else:
        segmenter = registry.load("efficient_sam_ti")
    embedding = segmenter.encode(np.random.default_rng(0).random((90, 130), np.float32))
    written(open_store(), KEY, dict(segmenter.pack(embedding)))
    arrays = open_store().read(KEY)
    assert arrays is not None
    assert arrays["features"].dtype == np.float16
    again = segmenter.unpack(arrays)
    assert (again.height, again.width, again.nbytes) == (90, 130, embedding.nbytes)
    for prompt in (Prompt(((40.0, 50.0, 1),)), Prompt(((40.0, 50.0, 1),), (10.0, 20.0, 100.0, 80.0))):
        before, after = segmenter.decode(embedding, prompt), segmenter.decode(again, prompt)
        assert [each.score for each in before] == [each.score for each in after]
        assert all(np.array_equal(a.mask, b.mask) for a, b in zip(before, after, strict=True))
