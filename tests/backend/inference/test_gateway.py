"""The gateway against the real engine with the fake segmenter, and against scripted servers that misbehave."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from pycocotools import mask as coco

from backend.inference import gateway
from backend.inference.gateway import (
    EngineError,
    EngineOverloadedError,
    EngineTimeoutError,
    EngineUnavailableError,
    Frame,
    SupersededError,
)
from backend.protocol.errors import InvalidError
from backend.protocol.messages import PromptPoint
from ml.engine.server import listening
from ml.segmenters.fake import FakeSegmenter
from ml.types import Embedding, Grey
from tests.backend.inference.engine import RunningEngine

WAIT_S = 60
FRAME = Frame("series", 1, (0.0, 255.0))
CLICK: dict[str, Any] = {"model": "fake", "points": [PromptPoint(x=20, y=30, label=1)], "box": None, "client": "tab"}
PREDICTED = b'{"candidates": [], "model_hash": "h", "encode_ms": 0, "decode_ms": 0}'


class ScriptedServer:
    """Answers one request after the other with the given bodies; None hangs up instead, ... says nothing."""

    def __init__(self, listener: socket.socket, answers: list[Any]) -> None:
        self.requests = 0
        self._listener, self._answers = listener, list(answers)
        self._kept: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        for answer in self._answers:
            connection, _ = self._listener.accept()
            self._read(connection)
            self.requests += 1
            if answer is ...:
                self._kept.append(connection)
                continue
            if answer is not None:
                status, body = answer
                head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
                connection.sendall(head.encode() + body)
            connection.close()

    @staticmethod
    def _read(connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65536)


class HeldEncoder:
    """Holds every `encode` until it is opened, and counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.open, self.calls = threading.Event(), threading.Event(), 0
        original = FakeSegmenter.encode

        def encode(segmenter: FakeSegmenter, frame: Grey) -> Embedding:
            self.calls += 1
            self.entered.set()
            assert self.open.wait(WAIT_S)
            return original(segmenter, frame)

        monkeypatch.setattr(FakeSegmenter, "encode", encode)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    group = zarr.open_group(tmp_path / "store" / "series", mode="w")
    array = group.create_array("0", shape=(5, 48, 64), chunks=(1, 48, 64), dtype="uint8")
    array[:] = np.arange(5, dtype=np.uint8)[:, None, None] * 50
    return tmp_path / "store"


@pytest.fixture
def path(tmp_path: Path, settings: Any) -> Path:
    settings.GRATICULE_ENGINE = str(tmp_path / "engine.sock")
    return tmp_path / "engine.sock"


@pytest.fixture
def engine(path: Path, store: Path) -> Iterator[RunningEngine]:
    engine = RunningEngine(path, store, queue_limit=4)
    yield engine
    engine.stop()


@pytest.fixture
def listener(path: Path) -> Iterator[socket.socket]:
    with listening(path) as listener:
        yield listener


async def queued(priority: str, count: int) -> None:
    """Wait until so many requests of that priority are in the engine."""
    while (await gateway.health())["queue"][priority] != count:
        await asyncio.sleep(0)


async def waiting(count: int) -> None:
    """Wait until so many requests of any priority are in the engine."""
    while sum((await gateway.health())["queue"].values()) != count:
        await asyncio.sleep(0)


# ---- with the engine ----------------------------------------------------------------------------------------


async def test_a_click_gives_candidates_of_the_protocol(engine: RunningEngine) -> None:
    prediction = await gateway.predict(FRAME, **CLICK)
    assert prediction.model_hash == "fake-1"
    assert [candidate.score for candidate in prediction.candidates] == [0.9, 0.8, 0.7]
    best = prediction.candidates[0]
    mask = coco.decode({"size": list(best.mask.size), "counts": best.mask.counts.encode()})
    assert mask.shape == (48, 64)
    assert mask.sum() == best.area_px
    assert mask[30, 20] == 1


async def test_models_without_weights_are_named(engine: RunningEngine) -> None:
    # The engine of this test has no weights folder of its own, and the small model is not bundled.
    assert (await gateway.usual_weights())["efficient_sam_s"]["file"] is None


async def test_a_box_reaches_the_engine(engine: RunningEngine) -> None:
    prediction = await gateway.predict(FRAME, **CLICK | {"points": [], "box": (10.0, 10.0, 30.0, 20.0)})
    assert prediction.candidates[0].box == (10, 10, 30, 20)


async def test_a_mask_to_refine_reaches_the_engine(engine: RunningEngine) -> None:
    first = (await gateway.predict(FRAME, **CLICK)).candidates[0]
    moved = CLICK | {"points": [PromptPoint(x=50, y=30, label=1)], "mask": first.mask}
    best = (await gateway.predict(FRAME, **moved)).candidates[0]
    assert best.area_px > 1.5 * first.area_px


async def test_a_mask_of_another_size_is_invalid(engine: RunningEngine) -> None:
    mask = (await gateway.predict(FRAME, **CLICK)).candidates[0].mask
    with pytest.raises(InvalidError, match="the frame 48 × 64"):
        await gateway.predict(FRAME, **CLICK | {"mask": mask.model_copy(update={"size": (64, 48)})})


async def test_warm_says_whether_the_embedding_was_there(engine: RunningEngine) -> None:
    assert await gateway.warm(FRAME, model="fake", client="tab", neighbours=0) is False
    assert await gateway.warm(FRAME, model="fake", client="tab", neighbours=0) is True


async def test_segment_gives_every_object(engine: RunningEngine) -> None:
    segmentation = await gateway.segment(FRAME, model="fake", parameters={}, client="tab")
    assert (len(segmentation.instances), segmentation.model_hash) == (4, "fake-1")


async def test_segment_tells_how_far_it_is(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    heard = threading.Event()

    async def tell(fraction: float) -> None:
        told.append(fraction)
        heard.set()

    def segment_steps(segmenter: FakeSegmenter, frame: Grey, parameters: Any) -> Any:
        yield 0.5
        assert heard.wait(WAIT_S)
        return segmenter.segment(frame)

    monkeypatch.setattr(FakeSegmenter, "segment_steps", segment_steps, raising=False)
    segmentation = await gateway.segment(FRAME, model="fake", parameters={}, client="tab", on_progress=tell)
    assert told == [0.5]
    assert len(segmentation.instances) == 4


async def test_a_newer_click_of_the_same_client_supersedes(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = HeldEncoder(monkeypatch)
    running = asyncio.create_task(gateway.warm(FRAME, model="fake", client="other", neighbours=0))
    await asyncio.to_thread(encoder.entered.wait, WAIT_S)
    old = asyncio.create_task(gateway.predict(FRAME, **CLICK))
    await queued("click", 1)
    new = asyncio.create_task(gateway.predict(FRAME, **CLICK))
    with pytest.raises(SupersededError):
        await old
    encoder.open.set()
    assert len((await new).candidates) == 3
    await running


async def test_a_cancelled_task_cancels_its_work(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = HeldEncoder(monkeypatch)
    running = asyncio.create_task(gateway.predict(FRAME, **CLICK))
    await asyncio.to_thread(encoder.entered.wait, WAIT_S)
    dropped = asyncio.create_task(gateway.predict(Frame("series", 2, (0.0, 255.0)), **CLICK | {"client": "gone"}))
    await queued("click", 2)
    dropped.cancel()
    await queued("click", 1)
    encoder.open.set()
    await running
    assert encoder.calls == 1


async def test_clicks_go_before_a_whole_frame_that_waits(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = HeldEncoder(monkeypatch)
    running = asyncio.create_task(gateway.warm(FRAME, model="fake", client="other", neighbours=0))
    await asyncio.to_thread(encoder.entered.wait, WAIT_S)
    answered: list[str] = []

    def segment(segmenter: FakeSegmenter, frame: Grey, parameters: Any) -> list[Any]:
        answered.append("segment")
        return []

    def decode(segmenter: FakeSegmenter, embedding: Embedding, prompt: Any) -> list[Any]:
        answered.append("click")
        return []

    monkeypatch.setattr(FakeSegmenter, "segment", segment)
    monkeypatch.setattr(FakeSegmenter, "decode", decode)
    whole = asyncio.create_task(gateway.segment(FRAME, model="fake", parameters={}, client="tab"))
    await waiting(3)  # the warm-up, what it would warm next, and the frame
    click = asyncio.create_task(gateway.predict(FRAME, **CLICK))
    await waiting(4)
    encoder.open.set()
    await asyncio.gather(running, whole, click)
    assert answered == ["click", "segment"]


async def test_what_the_caller_can_mend_keeps_the_engines_words(engine: RunningEngine) -> None:
    with pytest.raises(InvalidError, match="Frame 9 of a series of 5") as raised:
        await gateway.predict(Frame("series", 9, (0.0, 255.0)), **CLICK)
    assert (raised.value.status, raised.value.code) == (400, "pixels")
    with pytest.raises(InvalidError, match="sam_9"):
        await gateway.warm(FRAME, model="sam_9", client="tab", neighbours=0)


async def test_a_model_that_fails_is_an_engine_error(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeSegmenter, "encode", lambda *_: 1 / 0)
    with pytest.raises(EngineError, match="division by zero"):
        await gateway.predict(FRAME, **CLICK)


async def test_a_full_queue_is_said_to_be_full(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = HeldEncoder(monkeypatch)
    tasks = [asyncio.create_task(gateway.predict(FRAME, **CLICK | {"client": name})) for name in "abcd"]
    await queued("click", 4)
    with pytest.raises(EngineOverloadedError, match="4 requests wait"):
        await gateway.predict(FRAME, **CLICK | {"client": "e"})
    encoder.open.set()
    await asyncio.gather(*tasks)


# ---- while the engine is away -------------------------------------------------------------------------------


async def test_without_an_engine_the_error_names_address_and_remedy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(gateway.PATIENCE_S, "click", 0.2)
    with pytest.raises(EngineUnavailableError, match=str(path)) as raised:
        await gateway.predict(FRAME, **CLICK)
    assert "manage.py serve" in raised.value.message
    with pytest.raises(EngineUnavailableError):
        await gateway.health()


async def test_a_click_waits_for_an_engine_that_is_starting(
    path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = asyncio.Event()
    original = gateway._Attempts.pause_after

    def pause_after(attempts: Any, error: Any, timeout_s: float) -> float:
        refused.set()
        return original(attempts, error, timeout_s)

    monkeypatch.setattr(gateway._Attempts, "pause_after", pause_after)
    click = asyncio.create_task(gateway.predict(FRAME, **CLICK))
    await refused.wait()
    engine = await asyncio.to_thread(RunningEngine, path, store)
    assert len((await click).candidates) == 3
    await asyncio.to_thread(engine.stop)


async def test_a_connection_kept_from_before_a_restart_does_no_harm(path: Path, store: Path) -> None:
    for _ in range(2):
        engine = await asyncio.to_thread(RunningEngine, path, store)
        assert len((await gateway.predict(FRAME, **CLICK)).candidates) == 3
        await asyncio.to_thread(engine.stop)


async def test_a_request_that_the_engine_died_on_is_sent_once_more(listener: socket.socket) -> None:
    server = ScriptedServer(listener, [None, (200, PREDICTED)])
    assert (await gateway.predict(FRAME, **CLICK)).model_hash == "h"
    assert server.requests == 2


async def test_a_request_that_kills_the_engine_is_not_sent_for_ever(listener: socket.socket) -> None:
    server = ScriptedServer(listener, [None] * 5)
    with pytest.raises(EngineError, match="broke off twice"):
        await gateway.predict(FRAME, **CLICK)
    assert server.requests == 2


async def test_an_engine_that_shuts_down_is_asked_again(listener: socket.socket) -> None:
    server = ScriptedServer(listener, [(503, b'{"code": "stopping", "message": "m"}')] * 2 + [(200, PREDICTED)])
    assert (await gateway.predict(FRAME, **CLICK)).model_hash == "h"
    assert server.requests == 3


async def test_an_engine_that_says_nothing_is_a_timeout(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "CLICK_TIMEOUT_S", 0.1)
    server = ScriptedServer(listener, [...])
    with pytest.raises(EngineTimeoutError, match=r"within 0\.1 s"):
        await gateway.predict(FRAME, **CLICK)
    assert server.requests == 1


async def test_something_else_at_the_address_is_an_engine_error(listener: socket.socket) -> None:
    ScriptedServer(listener, [(404, b"<html>not here</html>")])
    with pytest.raises(EngineError, match="status 404"):
        await gateway.predict(FRAME, **CLICK)


async def test_the_engine_may_live_at_an_http_address(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.GRATICULE_ENGINE = f"http://127.0.0.1:{listener.getsockname()[1]}"
        ScriptedServer(listener, [(200, PREDICTED)])
        assert (await gateway.predict(FRAME, **CLICK)).model_hash == "h"
