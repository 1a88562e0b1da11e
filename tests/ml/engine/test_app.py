"""The engine's endpoints with the fake segmenter, and the real server for what a connection does."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
import zarr
from pycocotools import mask as coco
from starlette.testclient import TestClient

from ml import rle
from ml.engine.app import create_app
from ml.engine.server import listening
from ml.segmenters.fake import FakeSegmenter
from ml.types import Embedding, Grey, Instance, Prompt
from ml.weights import WeightsError

WAIT_S = 60
FRAME = {"store": "series", "frame": 1, "model": "fake", "input_range": [0, 255], "client": "tab"}
CLICK = FRAME | {"points": [[20, 30, 1]]}
ALL = {"size": [48, 64], "counts": "0PP3"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    group = zarr.open_group(tmp_path / "series", mode="w")
    array = group.create_array("0", shape=(5, 48, 64), chunks=(1, 48, 64), dtype="uint8")
    array[:] = np.arange(5, dtype=np.uint8)[:, None, None] * 50
    return tmp_path


@pytest.fixture
def client(root: Path) -> Iterator[TestClient]:
    with TestClient(create_app(root, root, test_models=True)) as client:
        yield client


class HeldEncoder:
    """Holds every `encode` until it is opened, and notes the frames' grey values."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.open, self.frames = threading.Event(), threading.Event(), list[int]()
        original = FakeSegmenter.encode

        def encode(segmenter: FakeSegmenter, frame: Grey) -> Embedding:
            self.frames.append(round(float(frame[0, 0]) * 255 / 50))
            self.entered.set()
            assert self.open.wait(WAIT_S)
            return original(segmenter, frame)

        monkeypatch.setattr(FakeSegmenter, "encode", encode)


def test_a_click_answers_with_the_candidates_best_first(client: TestClient) -> None:
    answer = client.post("/predict", json=CLICK)
    assert answer.status_code == 200
    body = answer.json()
    assert body["model_hash"] == "fake-1"
    assert [candidate["score"] for candidate in body["candidates"]] == [0.9, 0.8, 0.7]
    best = body["candidates"][0]
    mask = coco.decode(best["rle"])
    assert mask.shape == (48, 64)
    rows, columns = np.nonzero(mask)
    assert best["area_px"] == mask.sum() == len(rows)
    assert best["box"] == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == (20, 30)


def test_a_box_is_a_prompt_too(client: TestClient) -> None:
    body = client.post("/predict", json=FRAME | {"box": [10, 10, 30, 20]}).json()
    assert body["candidates"][0]["box"] == [10, 10, 30, 20]


def test_a_mask_is_refined(client: TestClient) -> None:
    left = {"size": [48, 64], "counts": rle.encode(np.arange(64) < np.full((48, 1), 10)).counts}
    points = [[40, 24, 1], [0, 24, 0]]
    best = client.post("/predict", json=CLICK | {"mask": left, "points": points}).json()["candidates"][0]
    mask = coco.decode(best["rle"]).astype(bool)
    assert (mask[24, 40], mask[24, 3], mask[2, 3]) == (True, False, True)


def test_a_mask_that_a_network_answered_comes_back_to_it_with_its_own_logits(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    original = FakeSegmenter.decode

    def decode(segmenter: FakeSegmenter, embedding: Embedding, prompt: Prompt) -> list[Instance]:
        given.append(None if prompt.mask is None else prompt.logits)
        found = original(segmenter, embedding, prompt)
        return [replace(each, logits=np.full((2, 2), n, np.float32)) for n, each in enumerate(found)]

    monkeypatch.setattr(FakeSegmenter, "decode", decode)
    answers = client.post("/predict", json=CLICK).json()["candidates"]
    other = {"size": [48, 64], "counts": rle.encode(np.ones((48, 64), bool)).counts}
    for frame, mask in ((1, answers[1]["rle"]), (1, other), (2, answers[1]["rle"])):
        assert client.post("/predict", json=CLICK | {"frame": frame, "mask": mask}).status_code == 200
    assert given[0] is None
    assert given[1].tolist() == [[1, 1], [1, 1]]
    assert given[2:] == [None, None]  # of no answer, and of another frame's


def test_the_second_click_on_a_frame_finds_its_embedding(client: TestClient) -> None:
    client.post("/predict", json=CLICK)
    client.post("/predict", json=CLICK | {"client": "another tab"})
    cache = client.get("/health").json()["cache"]
    assert (cache["entries"], cache["hits"], cache["misses"]) == (1, 1, 1)


def idle(client: TestClient) -> None:
    """Wait until the engine has nothing left to do."""
    while any(client.get("/health").json()["queue"].values()):
        pass


def test_warming_computes_the_frame_and_then_its_neighbours_nearest_first(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = HeldEncoder(monkeypatch)
    encoder.open.set()
    assert client.post("/warm", json=FRAME | {"neighbours": 3}).json() == {"cached": False}
    idle(client)
    assert encoder.frames == [1, 2, 0, 3, 4]
    assert client.post("/warm", json=FRAME).json() == {"cached": True}


def test_frames_beyond_the_series_are_no_neighbours(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = HeldEncoder(monkeypatch)
    encoder.open.set()
    client.post("/warm", json=FRAME | {"frame": 4, "neighbours": 1})
    idle(client)
    assert encoder.frames == [4, 3]


def test_neighbours_wait_for_jobs_clicks_and_other_frames(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = HeldEncoder(monkeypatch)
    log: list[str] = []
    segment = FakeSegmenter.segment

    def noted(*arguments: Any) -> list[Instance]:
        log.append(f"job after {encoder.frames}")
        return segment(*arguments)

    monkeypatch.setattr(FakeSegmenter, "segment", noted)
    with ThreadPoolExecutor() as threads:
        warming = threads.submit(client.post, "/warm", json=FRAME | {"neighbours": 1})
        assert encoder.entered.wait(WAIT_S)
        waiting = [
            threads.submit(client.post, "/segment", json=FRAME),
            threads.submit(client.post, "/warm", json=FRAME | {"frame": 3, "client": "another tab"}),
            threads.submit(client.post, "/predict", json=CLICK | {"frame": 4}),
        ]
        while sum(client.get("/health").json()["queue"].values()) < 5:
            pass
        encoder.open.set()
        assert [each.result(WAIT_S).status_code for each in (warming, *waiting)] == [200] * 4
    idle(client)
    assert encoder.frames == [1, 4, 3, 2, 0]
    assert log == ["job after [1, 4, 3]"]


def test_a_newer_open_frame_takes_the_place_of_the_older_one_s_neighbours(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = HeldEncoder(monkeypatch)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(client.post, "/warm", json=FRAME | {"frame": 0, "neighbours": 2})
        assert encoder.entered.wait(WAIT_S)
        second = threads.submit(client.post, "/warm", json=FRAME | {"frame": 4, "neighbours": 1})
        while client.get("/health").json()["queue"]["warm"] < 2:
            pass
        encoder.open.set()
        assert [each.result(WAIT_S).status_code for each in (first, second)] == [200, 200]
    idle(client)
    assert encoder.frames == [0, 4, 3]


def test_opening_a_neighbour_that_is_half_done_goes_on_with_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    half_done, opened = threading.Event(), threading.Event()

    def encode_steps(segmenter: FakeSegmenter, frame: Grey) -> Any:
        begun.append(round(float(frame[0, 0]) * 255 / 50))
        yield
        if begun == [1, 2]:
            half_done.set()
            assert opened.wait(WAIT_S)
        yield
        return segmenter.encode(frame)

    monkeypatch.setattr(FakeSegmenter, "encode_steps", encode_steps, raising=False)
    with ThreadPoolExecutor() as threads:
        client.post("/warm", json=FRAME | {"neighbours": 1})
        assert half_done.wait(WAIT_S)
        second = threads.submit(client.post, "/warm", json=FRAME | {"frame": 2})
        while client.get("/health").json()["queue"]["warm"] == 0:
            pass
        opened.set()
        assert second.result(WAIT_S).status_code == 200
    idle(client)
    assert begun == [1, 2]


def test_only_the_newest_waiting_prompt_of_a_client_is_answered(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = HeldEncoder(monkeypatch)
    with ThreadPoolExecutor() as threads:
        running = threads.submit(client.post, "/warm", json=FRAME | {"frame": 0})
        assert encoder.entered.wait(WAIT_S)
        old = threads.submit(client.post, "/predict", json=CLICK)
        while client.get("/health").json()["queue"]["click"] == 0:
            pass
        new = threads.submit(client.post, "/predict", json=CLICK)
        superseded = old.result(WAIT_S)
        encoder.open.set()
        assert (superseded.status_code, superseded.json()["code"]) == (409, "superseded")
        assert new.result(WAIT_S).status_code == 200
        assert running.result(WAIT_S).status_code == 200


def test_a_jobs_prompts_are_all_answered(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = HeldEncoder(monkeypatch)
    with ThreadPoolExecutor() as threads:
        answers = [threads.submit(client.post, "/predict", json=CLICK | {"priority": "job"}) for _ in range(3)]
        while client.get("/health").json()["queue"]["job"] < 3:
            pass
        encoder.open.set()
        assert [answer.result(WAIT_S).status_code for answer in answers] == [200, 200, 200]


def test_segment_finds_every_object(client: TestClient) -> None:
    body = client.post("/segment", json=FRAME).json()
    assert len(body["instances"]) == 4
    assert body["model_hash"] == "fake-1"
    assert set(body["instances"][0]) == {"rle", "score", "area_px", "box", "phase"}


def test_a_model_that_segments_in_pieces_says_how_far_it_is(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, opened = threading.Event(), threading.Event()

    def segment_steps(segmenter: FakeSegmenter, frame: Grey, parameters: Any) -> Any:
        yield 0.25
        yield None  # a piece that does not know
        entered.set()
        assert opened.wait(WAIT_S)
        yield 1.0
        return []

    monkeypatch.setattr(FakeSegmenter, "segment_steps", segment_steps, raising=False)
    ticket = "0" * 31 + "1"
    with ThreadPoolExecutor() as threads:
        segmented = threads.submit(client.post, "/segment", json=FRAME | {"ticket": ticket})
        assert entered.wait(WAIT_S)
        assert client.get(f"/segment/{ticket}/progress").json() == {"progress": 0.25}
        opened.set()
        assert segmented.result(WAIT_S).json()["instances"] == []
    assert client.get(f"/segment/{ticket}/progress").json() == {"progress": None}


def test_a_model_that_segments_in_pieces_lets_clicks_go_between(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    entered, opened = threading.Event(), threading.Event()

    def segment_steps(segmenter: FakeSegmenter, frame: Grey, parameters: Any) -> Any:
        entered.set()
        assert opened.wait(WAIT_S)
        yield
        log.append("segmented")
        return segmenter.segment(frame)

    original = FakeSegmenter.decode

    def decode(segmenter: FakeSegmenter, embedding: Embedding, prompt: Prompt) -> list[Instance]:
        log.append("clicked")
        return original(segmenter, embedding, prompt)

    monkeypatch.setattr(FakeSegmenter, "segment_steps", segment_steps, raising=False)
    monkeypatch.setattr(FakeSegmenter, "decode", decode)
    with ThreadPoolExecutor() as threads:
        segmented = threads.submit(client.post, "/segment", json=FRAME)
        assert entered.wait(WAIT_S)
        clicked = threads.submit(client.post, "/predict", json=CLICK)
        while client.get("/health").json()["queue"]["click"] == 0:
            pass
        opened.set()
        assert len(segmented.result(WAIT_S).json()["instances"]) == 4
        assert clicked.result(WAIT_S).status_code == 200
    assert log == ["clicked", "segmented"]


def test_a_model_without_scores_says_null(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def segment(segmenter: FakeSegmenter, frame: Grey, parameters: Any) -> list[Instance]:
        return [Instance(frame < 2, float("nan"), phase=1)]

    monkeypatch.setattr(FakeSegmenter, "segment", segment)
    (instance,) = client.post("/segment", json=FRAME).json()["instances"]
    assert (instance["score"], instance["phase"], instance["area_px"]) == (None, 1, 48 * 64)


@pytest.mark.parametrize(
    ("path", "change", "code", "message"),
    [
        ("/predict", {"model": "sam_9"}, "unknown_model", "'sam_9'"),
        ("/segment", {"model": "sam_9"}, "unknown_model", "'sam_9'"),
        ("/segment", {"model": "deaot_t"}, "unknown_model", "deaot_t is no segmenter"),
        ("/warm", {"model": "threshold"}, "not_promptable", "threshold"),
        ("/predict", {"model": "threshold"}, "not_promptable", "segment the whole frame"),
        ("/predict", {"frame": 5}, "pixels", "Frame 5 of a series of 5"),
        ("/warm", {"store": "../series"}, "pixels", "leads out"),
        ("/predict", {"store": "gone"}, "pixels", "'gone'"),
        ("/predict", {"frame": -1}, "invalid", "frame"),
        ("/predict", {"points": []}, "invalid", "at least one point or a box"),
        ("/predict", {"points": [[1, 2, 3]]}, "invalid", "points.0.2"),
        ("/predict", {"mask": ALL, "points": []}, "invalid", "at least one point or a box"),
        ("/predict", {"mask": ALL | {"size": [64, 48]}}, "invalid", "has 64 × 48 px, the frame 48 × 64"),
        ("/predict", {"mask": ALL | {"counts": "0"}}, "invalid", "malformed"),
        ("/predict", {"mask": {"size": [48, 64], "counts": "PP3"}}, "invalid", "empty; leave it out"),
        ("/predict", {"surprise": 1}, "invalid", "surprise"),
        ("/segment", {"parameters": {"radius": 3}}, "invalid", "'radius'"),
    ],
)
def test_what_the_caller_can_mend_is_a_400_that_names_it(
    client: TestClient, path: str, change: dict[str, Any], code: str, message: str
) -> None:
    body = {"/predict": CLICK, "/warm": FRAME, "/segment": FRAME}[path] | change
    answer = client.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert message in answer.json()["message"]


def test_what_is_not_json_is_a_400(client: TestClient) -> None:
    answer = client.post("/predict", content=b"{")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_model_that_fails_is_a_500_and_the_next_click_works(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(FakeSegmenter, "encode", lambda *_: 1 / 0)
        answer = client.post("/predict", json=CLICK)
    assert answer.status_code == 500
    assert answer.json() == {"code": "failed", "message": "ZeroDivisionError: division by zero"}
    assert client.post("/predict", json=CLICK).status_code == 200


def test_a_full_queue_is_a_503(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = HeldEncoder(monkeypatch)
    with TestClient(create_app(root, root, test_models=True, queue_limit=1)) as client, ThreadPoolExecutor() as threads:
        running = threads.submit(client.post, "/predict", json=CLICK)
        assert encoder.entered.wait(WAIT_S)
        answer = client.post("/predict", json=CLICK | {"client": "another tab"})
        encoder.open.set()
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert running.result(WAIT_S).status_code == 200


def test_the_preloaded_model_is_there_without_a_request(root: Path) -> None:
    with TestClient(create_app(root, root, test_models=True, preload="fake")) as client:
        while client.get("/health").json()["queue"]["warm"]:
            pass
        assert client.get("/health").json()["models_loaded"] == ["fake"]


def test_a_caller_that_hangs_up_cancels_its_work(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = HeldEncoder(monkeypatch)
    with listening(tmp_path / "engine.sock") as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(root, root, test_models=True), log_level="warning"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
        thread.start()
        try:
            asyncio.run(_hang_up(str(tmp_path / "engine.sock"), encoder))
        finally:
            encoder.open.set()
            server.should_exit = True
            thread.join(WAIT_S)
    assert encoder.frames == [0, 2]


async def _hang_up(path: str, encoder: HeldEncoder) -> None:
    transport = httpx.AsyncHTTPTransport(uds=path)
    async with httpx.AsyncClient(transport=transport, base_url="http://engine", timeout=WAIT_S) as client:
        running = asyncio.create_task(client.post("/predict", json=CLICK | {"frame": 0}))
        await asyncio.to_thread(encoder.entered.wait, WAIT_S)
        gone = asyncio.create_task(client.post("/predict", json=CLICK | {"frame": 1, "client": "gone"}))
        while (await client.get("/health")).json()["queue"]["click"] < 2:
            pass
        gone.cancel()
        while (await client.get("/health")).json()["queue"]["click"] == 2:
            pass
        encoder.open.set()
        assert (await running).status_code == 200
        assert (await client.post("/predict", json=CLICK | {"frame": 2})).status_code == 200


def test_missing_weights_are_named_to_the_caller(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(**options: Any) -> None:
        raise WeightsError(f"{options['weights_folder'].name} holds no weights.")

    monkeypatch.setattr("ml.segmenters.fake.load", load)
    answer = client.post("/predict", json=CLICK)
    assert (answer.status_code, answer.json()["code"]) == (400, "no_weights")
    assert answer.json()["message"].endswith("holds no weights.")


def test_settings_of_a_file_are_used_where_the_request_names_it(root: Path) -> None:
    content = b'{"model": "threshold", "parameters": {"min_area_px": 10000}}'
    sha256 = hashlib.sha256(content).hexdigest()
    (root / sha256[:2]).mkdir()
    (root / sha256[:2] / f"{sha256}.json").write_bytes(content)
    array: Any = zarr.open_array(root / "series" / "0")
    disc = np.hypot(*np.ogrid[-24:24, -32:32]) < 9
    array[1] = np.where(disc, 200, 50) + np.random.default_rng(0).integers(0, 9, disc.shape)
    asked = FRAME | {"model": "threshold"}
    with TestClient(create_app(root, root, model_files=root)) as client:
        usual = client.post("/segment", json=asked).json()
        fitted = client.post("/segment", json=asked | {"weights": sha256}).json()
        missing = client.post("/segment", json=asked | {"weights": "0" * 64})
        wrong = client.post("/segment", json=asked | {"weights": "../x"})
    assert [len(usual["instances"]), len(fitted["instances"])] == [1, 0]
    assert usual["model_hash"] != fitted["model_hash"]
    assert (missing.status_code, missing.json()["code"]) == (400, "no_weights")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid")
