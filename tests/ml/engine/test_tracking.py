"""Following a series over the engine's endpoints, with the threshold segmenter on drawn frames."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
import zarr
from starlette.testclient import TestClient

from ml import registry, rle
from ml.engine import tracking
from ml.engine.app import create_app
from ml.engine.models import Models
from ml.engine.requests import BeginTrackingRequest, TrackFrameRequest
from ml.engine.server import listening
from ml.engine.tracking import MOST_SESSIONS, NoTrackingError, Session, Sessions
from ml.engine.work import Device
from ml.segmenters.fake import FakeSegmenter
from ml.segmenters.pieces import finished
from ml.segmenters.threshold import ThresholdSegmenter
from ml.tracking.overlap import OverlapTracker
from ml.types import Embedding, Instance, Prompt

WAIT_S = 60
FRAMES, SIZE = 14, (96, 120)
FAR = 3_000_000_000
TICKET = "0123456789abcdef" * 2
ONE, TWO, THREE = (40, 30), (70, 90), (20, 95)
CLICK = {
    "store": "series",
    "frame": 1,
    "model": "fake",
    "input_range": [0, 255],
    "client": "tab",
    "points": [[20, 30, 1]],
}
BEGIN: dict[str, Any] = {
    "ticket": TICKET,
    "store": "series",
    "input_range": [0, 255],
    "channel": None,
    "client": "job 1",
    "segmenter": "threshold",
    "weights": None,
    "parameters": {},
    "tracker": "overlap",
    "frames": FRAMES,
    "highest": FAR,
    "alive_until": {},
    "before": None,
}


def disc(row: float, column: float, radius: float = 8) -> np.ndarray[Any, Any]:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.asarray((rows - row) ** 2 + (columns - column) ** 2 <= radius**2)


def known(track: int, row: float, column: float, radius: float = 8) -> dict[str, Any]:
    mask = rle.encode(disc(row, column, radius))
    return {"track": track, "phase": 0, "rle": {"size": list(mask.size), "counts": mask.counts}}


START = [known(5, *ONE), known(FAR, *TWO)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two particles that are there all along, and from frame 6 on a third one."""
    array = zarr.open_group(tmp_path / "series", mode="w").create_array(
        "0", shape=(FRAMES, *SIZE), chunks=(1, *SIZE), dtype="uint8"
    )
    rng = np.random.default_rng(0)
    for t in range(FRAMES):
        discs = disc(ONE[0], ONE[1] + t) | disc(TWO[0], TWO[1] - t)
        there = discs | disc(*THREE) if t >= 6 else discs
        array[t] = np.where(there, 200, 50) + rng.integers(0, 9, SIZE)
    return tmp_path


@pytest.fixture
def client(root: Path) -> Iterator[TestClient]:
    with TestClient(create_app(root, root, test_models=True, most_models=1)) as client:
        yield client


def begin(client: TestClient, **change: Any) -> dict[str, Any]:
    answer = client.post("/track/begin", json=BEGIN | change)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def feed(client: TestClient, index: int, frame: int | None = None, known: Sequence[Any] = ()) -> httpx.Response:
    body = {"index": index, "frame": index if frame is None else frame, "known": list(known)}
    return client.post(f"/track/{TICKET}/frame", json=body)


def track(
    client: TestClient, first: int = 0, accepted: Mapping[int, Any] | None = None, way: Sequence[int] | None = None
) -> list[Any]:
    """Feed the frames from an index on and finish; all confirmed frames."""
    accepted = {0: START} if accepted is None else accepted
    confirmed = []
    for index in range(first, FRAMES):
        answer = feed(client, index, way[index] if way else index, accepted.get(index, ()))
        assert answer.status_code == 200, answer.text
        confirmed += answer.json()["confirmed"]
    answer = client.post(f"/track/{TICKET}/finish")
    assert answer.status_code == 200, answer.text
    return confirmed + list(answer.json()["confirmed"])


def mask_of(item: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    return rle.decode(rle.Rle(tuple(item["rle"]["size"]), item["rle"]["counts"]))


def track_at(frame: Mapping[str, Any], row: int, column: int) -> int:
    return next((int(item["track"]) for item in frame["objects"] if mask_of(item)[row, column]), 0)


def tracks_of(frame: Mapping[str, Any]) -> list[int]:
    return [int(item["track"]) for item in frame["objects"]]


def test_a_series_is_followed_frame_by_frame(client: TestClient) -> None:
    answer = begin(client)
    assert answer == {"segmenter_hash": registry.load("threshold").weights_hash, "tracker_hash": ""}
    frames = track(client, accepted={0: START, 4: [known(FAR, 70, 86, 9)]})
    assert [frame["index"] for frame in frames] == list(range(FRAMES))
    for t, frame in enumerate(frames):
        assert track_at(frame, 40, 30 + t) == 5 and track_at(frame, 70, 90 - t) == FAR
        assert tracks_of(frame) == [5, FAR] + [FAR + 1] * (t >= 6)
        for item in frame["objects"]:
            mask = mask_of(item)
            rows, columns = np.nonzero(mask)
            assert item["area_px"] == mask.sum() and item["box"] == [
                columns.min(),
                rows.min(),
                columns.max() + 1,
                rows.max() + 1,
            ]
    accepted = next(item for item in frames[4]["objects"] if item["track"] == FAR)
    assert accepted["rle"] == known(FAR, 70, 86, 9)["rle"]
    assert accepted | {"rle": 0, "area_px": 0, "box": 0} == {
        "track": FAR,
        "phase": 0,
        "score": None,
        "confidence": 1.0,
        "bridged": False,
        "rle": 0,
        "area_px": 0,
        "box": 0,
    }
    (birth,) = [event for frame in frames for event in frame["events"]]
    expected = {"kind": "birth", "first_index": 5, "last_index": 6, "parents": [], "children": [FAR + 1]}
    assert {key: birth[key] for key in expected} == expected
    assert frames[0]["links"] == []
    assert client.post(f"/track/{TICKET}/finish").json()["code"] == "no_tracking"


def test_a_merge_is_told_with_its_links(client: TestClient, root: Path) -> None:
    array: Any = zarr.open_array(root / "series" / "0")
    for t in range(FRAMES):
        gap = 9.5 if t < 5 else 5
        array[t] = np.where(disc(48, 60 - gap) | disc(48, 60 + gap) | disc(80, 20), 200, 50) + np.arange(SIZE[1]) % 5
    accepted = {0: [known(1, 48, 50.5), known(2, 48, 69.5), known(3, 80, 20)]}
    begin(client, highest=7, parameters={"split": False})
    frames = track(client, accepted=accepted)
    links = [link for frame in frames for link in frame["links"]]
    assert {(link["parent"], link["child"], link["kind"], link["last_index"]) for link in links} == {
        (1, 8, "merge", 5),
        (2, 8, "merge", 5),
    }
    begin(client, highest=7, parameters={"split": False}, alive_until={1: FRAMES - 1})
    assert not any(frame["links"] for frame in track(client, accepted=accepted))


def test_the_way_may_run_backward_in_time(client: TestClient) -> None:
    begin(client)
    way = list(reversed(range(FRAMES)))
    frames = track(client, way=way, accepted={0: [known(5, 40, 30 + 13), known(6, 70, 90 - 13)]})
    assert [frame["index"] for frame in frames] == list(range(FRAMES))
    assert all(track_at(frame, 40, 30 + way[i]) == 5 for i, frame in enumerate(frames))
    third = [frame["index"] for frame in frames if track_at(frame, *THREE)]
    assert third == list(range(8))  # frames 13 to 6
    (ended,) = [event for frame in frames for event in frame["events"] if event["kind"] == "dissolution"]
    assert (ended["first_index"], ended["parents"]) == (7, [FAR + 1])


@pytest.mark.parametrize("done", [1, 5, 7, 8, 13, FRAMES])
@pytest.mark.parametrize("backward", [False, True])
def test_a_worker_that_begins_anew_goes_on_with_the_same_numbers(client: TestClient, done: int, backward: bool) -> None:
    way = list(reversed(range(FRAMES))) if backward else list(range(FRAMES))
    start = [known(5, 40, 30 + way[0]), known(FAR, 70, 90 - way[0])]
    later = {0: start, 10: [known(FAR, 70, 90 - way[10], 9)]}
    begin(client)
    whole = track(client, way=way, accepted=later)
    first: dict[int, int] = {}
    for frame in whole[:done]:
        for number in tracks_of(frame):
            first.setdefault(number, frame["index"])
    at_hand = {0, done - 1, *first.values()}
    before = {
        "next": done,
        "labels": [
            {
                "index": frame["index"],
                "frame": way[frame["index"]],
                "objects": [{"track": item["track"], "rle": item["rle"]} for item in frame["objects"]],
            }
            for frame in whole[:done]
            if frame["index"] in at_hand
        ],
        "phase_of": dict.fromkeys(first, 0),
        "first": first,
    }
    begin(client, before=before, highest=max(first))
    rest = track(client, first=done, way=way, accepted=later)
    assert [frame["index"] for frame in rest] == list(range(done, FRAMES))
    assert [tracks_of(frame) for frame in rest] == [tracks_of(frame) for frame in whole[done:]]
    assert [frame["events"] for frame in rest] == [frame["events"] for frame in whole[done:]]


def test_a_repeated_frame_gets_the_same_answer(client: TestClient) -> None:
    begin(client)
    answers = [feed(client, 0, known=START), feed(client, 0, known=START)]
    assert answers[0].json() == answers[1].json() and answers[0].json()["confirmed"]
    assert feed(client, 1).status_code == 200
    for index, body in ((0, START), (1, [known(5, *ONE)])):  # an older one, and another one
        answer = feed(client, index, known=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert answer.json()["message"] == f"Index {index} does not come next; that is 2."
    assert feed(client, 2).status_code == 200


def test_an_unknown_ticket_is_a_400_of_its_own(client: TestClient) -> None:
    for answer in (feed(client, 0), client.post(f"/track/{TICKET}/finish")):
        assert (answer.status_code, answer.json()["code"]) == (400, "no_tracking")
    assert client.delete(f"/track/{TICKET}").json() == {"dropped": False}
    begin(client)
    assert client.delete(f"/track/{TICKET}").json() == {"dropped": True}
    assert feed(client, 0).json()["code"] == "no_tracking"


def test_the_least_recently_used_session_goes(client: TestClient) -> None:
    begin(client)
    others = [f"{number:032x}" for number in range(MOST_SESSIONS - 1)]
    for other in others:
        begin(client, ticket=other)
    assert feed(client, 0, known=START).status_code == 200  # used: the first of the others is now the oldest
    begin(client, ticket="f" * 32)
    assert client.post(f"/track/{others[0]}/finish").json()["code"] == "no_tracking"
    assert client.post(f"/track/{others[1]}/finish").json()["code"] == "invalid"
    assert feed(client, 1).status_code == 200


def test_an_idle_session_goes_though_nobody_asks() -> None:
    now = 0.0
    sessions = Sessions(clock=lambda: now)
    session = Session(BeginTrackingRequest.model_validate(BEGIN), None, None, None, SIZE)  # type: ignore[arg-type]
    sessions.put("one", session)
    now = 800.0
    finished(tracking.tidy(sessions))
    assert sessions.get("one") is session
    now = 901.0
    finished(tracking.tidy(sessions))
    assert len(sessions) == 0
    with pytest.raises(NoTrackingError):
        sessions.get("one")


def test_the_engine_tidies_now_and_then(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tidied = threading.Event()
    monkeypatch.setattr("ml.engine.app.TIDY_EVERY_S", 0.01)
    monkeypatch.setattr(Sessions, "drop_idle", lambda sessions: tidied.set())
    with TestClient(create_app(root, root)):
        assert tidied.wait(WAIT_S)


EMPTY = {"size": list(SIZE), "counts": rle.encode(np.zeros(SIZE, bool)).counts}


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"index": 2}, "invalid", "Index 2 does not come next; that is 1."),
        ({"index": FRAMES}, "invalid", "Index 14 of a way of 14 frames."),
        ({"frame": FRAMES}, "pixels", "Frame 14 of a series of 14"),
        ({"known": [known(5, *ONE), known(5, *TWO)]}, "invalid", "track 5 is known twice"),
        ({"known": [known(3, 40, 40) | {"rle": EMPTY}]}, "invalid", "The mask of track 3 is empty"),
        ({"known": [known(3, 40, 40) | {"rle": {"size": [48, 64], "counts": "PQ3"}}]}, "invalid", "track 3"),
        (
            {
                "known": [
                    known(3, 40, 40) | {"rle": {"size": [2, 2], "counts": rle.encode(np.ones((2, 2), bool)).counts}}
                ]
            },
            "invalid",
            "The mask of track 3 has 2 × 2 px, the frames 96 × 120.",
        ),
        ({"known": [known(3, 40, 40), known(4, 40, 40)]}, "invalid", "has no pixel of its own"),
        ({"known": [known(3, 40, 40) | {"track": 2**32}]}, "invalid", "known.0.track"),
    ],
)
def test_a_frame_that_cannot_be_taken_leaves_the_session_as_it_was(
    client: TestClient, change: dict[str, Any], code: str, message: str
) -> None:
    begin(client)
    assert feed(client, 0, known=START).status_code == 200
    answer = client.post(f"/track/{TICKET}/frame", json={"index": 1, "frame": 1, "known": []} | change)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert message in answer.json()["message"]
    (first,) = feed(client, 1).json()["confirmed"]
    assert first["index"] == 1 and tracks_of(first) == [5, FAR]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"segmenter": "sam_9"}, "unknown_model", "'sam_9'"),
        ({"segmenter": "overlap"}, "unknown_model", "overlap is no segmenter"),
        ({"tracker": "threshold"}, "unknown_model", "threshold is no tracker"),
        ({"parameters": {"radius": 3}}, "invalid", "'radius'"),
        ({"store": "gone"}, "pixels", "'gone'"),
        ({"weights": "0" * 64}, "no_weights", "000000000000"),
        ({"ticket": "7"}, "invalid", "ticket"),
        ({"before": {"next": 3, "labels": [], "phase_of": {}, "first": {}}}, "invalid", "index 2, the last one"),
        (
            {"before": {"next": 20, "labels": [{"index": 19, "frame": 1, "objects": []}], "phase_of": {}, "first": {}}},
            "invalid",
            "beyond the way of 14",
        ),
        (
            {
                "before": {
                    "next": 1,
                    "labels": [{"index": 0, "frame": 0, "objects": [{"track": 5, "rle": known(5, *ONE)["rle"]}]}],
                    "phase_of": {},
                    "first": {},
                }
            },
            "invalid",
            "on which index track 5 begins",
        ),
        (
            {
                "before": {
                    "next": 1,
                    "labels": [{"index": 0, "frame": 0, "objects": [{"track": 5, "rle": EMPTY}]}],
                    "phase_of": {5: 0},
                    "first": {5: 0},
                }
            },
            "invalid",
            "The mask of track 5 is empty",
        ),
    ],
)
def test_what_cannot_be_begun_is_a_400_that_names_it(
    client: TestClient, change: dict[str, Any], code: str, message: str
) -> None:
    answer = client.post("/track/begin", json=BEGIN | change)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert message in answer.json()["message"]


def test_a_way_is_finished_only_at_its_end(client: TestClient) -> None:
    begin(client)
    feed(client, 0)
    answer = client.post(f"/track/{TICKET}/finish")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert feed(client, 1).status_code == 200


def test_models_that_are_let_go_stay_with_their_session(client: TestClient) -> None:
    begin(client)  # of this engine's one place for a model, the click takes possession
    feed(client, 0, known=START)
    assert client.post("/predict", json=CLICK).status_code == 200
    assert client.get("/health").json()["models_loaded"] == ["fake"]
    assert feed(client, 1).status_code == 200
    assert client.get("/health").json()["models_loaded"] == ["fake"]


def test_trackers_of_one_network_share_it_and_know_nothing_of_each_other(tmp_path: Path) -> None:
    models = Models(tmp_path, most_loaded=1)
    one, two = models.tracker("deaot_t"), models.tracker("deaot_t")
    assert one is not two and one.network is two.network and models.loaded() == []
    one.start(np.zeros((33, 33), np.float32), np.eye(33, dtype=np.uint32))
    assert two.tracks == set() and models.tracker("deaot_t").tracks == set()


def test_a_model_that_fails_is_a_500_and_ends_the_session(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(client)
    feed(client, 0)
    with monkeypatch.context() as broken:
        broken.setattr(ThresholdSegmenter, "segment_steps", lambda *_: 1 / 0)
        assert feed(client, 1).status_code == 500
    assert feed(client, 1).json()["code"] == "no_tracking"


class HeldTracker:
    """Holds `propagate` until it is opened, and notes what comes after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.open, self.log = threading.Event(), threading.Event(), list[str]()
        propagate, update = OverlapTracker.propagate, OverlapTracker.update

        def held(tracker: OverlapTracker, *arguments: Any) -> Any:
            self.entered.set()
            assert self.open.wait(WAIT_S)
            return propagate(tracker, *arguments)

        def noted(tracker: OverlapTracker, *arguments: Any) -> Any:
            self.log.append("told")
            return update(tracker, *arguments)

        monkeypatch.setattr(OverlapTracker, "propagate", held)
        monkeypatch.setattr(OverlapTracker, "update", noted)


def test_clicks_go_between_the_pieces_of_a_frame(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(client)
    feed(client, 0)
    tracker = HeldTracker(monkeypatch)
    original = FakeSegmenter.decode

    def decode(segmenter: FakeSegmenter, embedding: Embedding, prompt: Prompt) -> list[Instance]:
        tracker.log.append("clicked")
        return original(segmenter, embedding, prompt)

    monkeypatch.setattr(FakeSegmenter, "decode", decode)
    with ThreadPoolExecutor() as threads:
        fed = threads.submit(feed, client, 1)
        assert tracker.entered.wait(WAIT_S)
        clicked = threads.submit(client.post, "/predict", json=CLICK)
        while client.get("/health").json()["queue"]["click"] == 0:
            pass
        tracker.open.set()
        assert fed.result(WAIT_S).status_code == clicked.result(WAIT_S).status_code == 200
    assert tracker.log == ["clicked", "told"]


def test_a_frame_is_many_pieces(root: Path) -> None:
    from ml.engine.embedding_cache import EmbeddingCache
    from ml.engine.pixels import PixelStores

    device, sessions = Device(PixelStores(root), Models(root), EmbeddingCache(0)), Sessions()
    finished(tracking.begin(device, sessions, BeginTrackingRequest.model_validate(BEGIN)))
    first = TrackFrameRequest.model_validate({"index": 0, "frame": 0, "known": START})
    assert len(list(tracking.feed(device, sessions, TICKET, first))) > 6
    steps = tracking.feed(device, sessions, TICKET, TrackFrameRequest(index=1, frame=1))
    assert len(list(steps)) > 8


def test_a_caller_that_hangs_up_in_the_middle_of_a_frame_has_to_begin_anew(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = HeldTracker(monkeypatch)
    with listening(tmp_path / "engine.sock") as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(root, root, test_models=True), log_level="warning"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
        thread.start()
        try:
            asyncio.run(_hang_up(str(tmp_path / "engine.sock"), tracker))
        finally:
            tracker.open.set()
            server.should_exit = True
            thread.join(WAIT_S)


async def _hang_up(path: str, tracker: HeldTracker) -> None:
    transport = httpx.AsyncHTTPTransport(uds=path)
    async with httpx.AsyncClient(transport=transport, base_url="http://engine", timeout=WAIT_S) as client:
        other = "e" * 32
        for ticket in (TICKET, other):
            await client.post("/track/begin", json=BEGIN | {"ticket": ticket})
            await client.post(f"/track/{ticket}/frame", json={"index": 0, "frame": 0, "known": START})
        running = asyncio.create_task(client.post(f"/track/{TICKET}/frame", json={"index": 1, "frame": 1}))
        await asyncio.to_thread(tracker.entered.wait, WAIT_S)
        waiting = asyncio.create_task(client.post(f"/track/{other}/frame", json={"index": 1, "frame": 1}))
        while (await client.get("/health")).json()["queue"]["job"] < 2:
            pass
        waiting.cancel()
        running.cancel()
        while (await client.get("/health")).json()["queue"]["job"]:
            pass
        tracker.open.set()
        again = await client.post(f"/track/{TICKET}/frame", json={"index": 1, "frame": 1})
        assert (again.status_code, again.json()["code"]) == (400, "no_tracking")
        untouched = await client.post(f"/track/{other}/frame", json={"index": 1, "frame": 1})
        assert [frame["index"] for frame in untouched.json()["confirmed"]] == [1]
