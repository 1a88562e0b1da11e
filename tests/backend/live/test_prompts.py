"""Prompts over the websocket: the newest counts, and nobody waits for a model."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async

from backend.inference import gateway
from backend.inference.gateway import EngineUnavailableError, Frame, Prediction, Segmentation, SupersededError
from backend.projects.models import Membership, User
from backend.protocol.messages import (
    Candidate,
    ChangesetCommitted,
    ErrorMessage,
    FrameOpen,
    FrameReady,
    FrameSegment,
    FrameSegmented,
    FrameSegmenting,
    MaskRle,
    PromptPoint,
    PromptPredict,
    PromptPredicted,
    PromptSuperseded,
    RequestCancel,
    TrackCreate,
)
from backend.series.models import Series
from tests.backend.builders import make_phase, make_project, make_series, make_user, make_version, message, rectangle
from tests.backend.live.sockets import Socket, greeted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

CANDIDATE = Candidate(mask=rectangle(2, 3, 6, 8), score=0.9, area_px=20, box=(2, 3, 6, 8))
WAIT_S = 10


class SlowEngine:
    """Stands in for the gateway: every request waits until it is let go, and its end is on record."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[dict[str, Any]] = []
        self.cancelled: list[int] = []
        self.started = asyncio.Semaphore(0)
        self.let_go = asyncio.Event()
        self.error: Exception | None = None
        for name in ("warm", "predict", "segment"):
            monkeypatch.setattr(gateway, name, getattr(self, name))

    async def warm(self, frame: Frame, **options: Any) -> bool:
        await self._work(frame, options)
        return False

    async def predict(self, frame: Frame, **options: Any) -> Prediction:
        await self._work(frame, options)
        return Prediction([CANDIDATE], "ab" * 32, 1.0, 2.0)

    async def segment(self, frame: Frame, **options: Any) -> Segmentation:
        await self._work(frame, options)
        return Segmentation([CANDIDATE], "cd" * 32)

    async def _work(self, frame: Frame, options: dict[str, Any]) -> None:
        self.asked.append({"frame": frame, **options})
        index = len(self.asked) - 1
        self.started.release()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled.append(index)
            raise
        if self.error is not None:
            raise self.error

    async def has_started(self) -> None:
        await asyncio.wait_for(self.started.acquire(), WAIT_S)


@pytest.fixture
def anna(transactional_db: None) -> User:
    return make_user("anna")


@pytest.fixture
def series(anna: User) -> Series:
    return make_series(make_project(anna))


@pytest.fixture
async def engine(monkeypatch: pytest.MonkeyPatch) -> SlowEngine:
    return SlowEngine(monkeypatch)


@pytest.fixture
async def socket(series: Series, anna: User, engine: SlowEngine) -> AsyncIterator[Socket]:
    async with greeted(series, anna) as (open_socket, _):
        yield open_socket


def click(x: float = 3.5, frame: int = 1, request_id: UUID | None = None) -> PromptPredict:
    points = [PromptPoint(x=x, y=4.5, label=1)]
    return PromptPredict(request_id=request_id or uuid4(), frame=frame, model="fake", points=points)


async def test_a_click_is_answered_with_candidates_of_the_right_frame(
    socket: Socket, engine: SlowEngine, series: Series
) -> None:
    engine.let_go.set()
    await socket.send(sent := click())
    answer = await socket.receive(PromptPredicted)
    assert (answer.request_id, answer.frame, answer.candidates) == (sent.request_id, 1, [CANDIDATE])
    (asked,) = engine.asked
    assert asked["frame"] == Frame(f"{series.pixels_id}.zarr", 1, (0.0, 255.0))
    assert asked["points"] == sent.points


async def test_a_newer_prompt_supersedes_the_older_here_and_in_the_engine(socket: Socket, engine: SlowEngine) -> None:
    await socket.send(older := click(1.0))
    await engine.has_started()
    await socket.send(newer := click(2.0))
    assert (await socket.receive(PromptSuperseded)).request_id == older.request_id
    await engine.has_started()
    assert engine.cancelled == [0]
    engine.let_go.set()
    assert (await socket.receive(PromptPredicted)).request_id == newer.request_id
    assert await socket.silent()


async def test_the_engine_may_supersede_too(socket: Socket, engine: SlowEngine) -> None:
    engine.error = SupersededError("a newer one came")
    engine.let_go.set()
    await socket.send(sent := click())
    assert (await socket.receive(PromptSuperseded)).request_id == sent.request_id


async def test_a_cancelled_prompt_is_told_so_and_ends_in_the_engine(socket: Socket, engine: SlowEngine) -> None:
    await socket.send(sent := click())
    await engine.has_started()
    await socket.send(RequestCancel(request_id=sent.request_id))
    assert (await socket.receive(PromptSuperseded)).request_id == sent.request_id
    assert engine.cancelled == [0]
    await socket.send(RequestCancel(request_id=sent.request_id))
    assert await socket.silent()


async def test_commits_go_through_while_a_model_works(socket: Socket, engine: SlowEngine) -> None:
    await socket.send(sent := click())
    await engine.has_started()
    await socket.send(message([TrackCreate(track=(track := uuid4()), phase=None)], [(track, None, None)]))
    await socket.receive(ChangesetCommitted)
    engine.let_go.set()
    assert (await socket.receive(PromptPredicted)).request_id == sent.request_id


async def test_leaving_ends_what_the_engine_does_for_the_socket(series: Series, anna: User, engine: SlowEngine) -> None:
    async with greeted(series, anna) as (leaving, _):
        await leaving.send(click())
        await engine.has_started()
        await leaving.send(FrameSegment(request_id=uuid4(), frame=0, model="fake"))
        await engine.has_started()
    assert sorted(engine.cancelled) == [0, 1]


async def test_opening_a_frame_warms_it_and_the_next_takes_its_place(socket: Socket, engine: SlowEngine) -> None:
    await socket.send(FrameOpen(frame=0, model="fake"))
    await engine.has_started()
    await socket.send(FrameOpen(frame=1, model="fake"))
    await engine.has_started()
    engine.let_go.set()
    assert await socket.receive(FrameReady) == FrameReady(frame=1, model="fake")
    assert engine.cancelled == [0]
    assert len({asked["client"] for asked in engine.asked}) == 1


async def test_as_many_neighbours_are_warmed_as_the_setting_says(
    socket: Socket, engine: SlowEngine, settings: Any
) -> None:
    engine.let_go.set()
    for count in (3, 0):
        settings.GRATICULE_NEIGHBOURS = count
        await socket.send(FrameOpen(frame=0, model="fake"))
        await socket.receive(FrameReady)
    assert [asked["neighbours"] for asked in engine.asked] == [3, 0]


async def test_segmenting_a_frame_answers_its_objects(socket: Socket, engine: SlowEngine) -> None:
    engine.let_go.set()
    request_id = uuid4()
    parameters = {"min_area_px": 12.0, "split": True}
    await socket.send(FrameSegment(request_id=request_id, frame=2, model="threshold", parameters=parameters))
    answer = await socket.receive(FrameSegmented)
    assert (answer.request_id, answer.frame, answer.instances) == (request_id, 2, [CANDIDATE])
    assert engine.asked[0]["parameters"] == parameters


async def test_who_waits_for_a_frame_hears_how_far_it_is(socket: Socket, engine: SlowEngine) -> None:
    await socket.send(FrameSegment(request_id=(request_id := uuid4()), frame=2, model="threshold"))
    await engine.has_started()
    await engine.asked[0]["on_progress"](0.25)
    assert await socket.receive(FrameSegmenting) == FrameSegmenting(request_id=request_id, fraction=0.25)
    engine.let_go.set()
    assert (await socket.receive(FrameSegmented)).request_id == request_id


async def test_an_engine_that_is_away_is_an_error_of_that_request(socket: Socket, engine: SlowEngine) -> None:
    engine.error = EngineUnavailableError("no engine")
    engine.let_go.set()
    await socket.send(sent := click())
    error = await socket.receive(ErrorMessage)
    assert (error.code, error.request_id) == ("engine_unavailable", sent.request_id)
    # Warming is a hint: nobody is told that it failed.
    await socket.send(FrameOpen(frame=0, model="fake"))
    assert await socket.silent()


@pytest.mark.parametrize("change", [{"frame": 6}, {"points": []}])
async def test_an_impossible_prompt_is_an_error_of_that_request(
    socket: Socket, engine: SlowEngine, change: dict[str, Any]
) -> None:
    sent = click().model_copy(update=change)
    await socket.send(sent)
    error = await socket.receive(ErrorMessage)
    assert (error.code, error.request_id) == ("invalid", sent.request_id)
    assert engine.asked == []


async def test_a_mask_to_refine_goes_to_the_engine(socket: Socket, engine: SlowEngine) -> None:
    engine.let_go.set()
    mask = rectangle(2, 3, 6, 8)
    await socket.send(sent := click().model_copy(update={"mask": mask}))
    assert (await socket.receive(PromptPredicted)).request_id == sent.request_id
    await socket.send(click())
    await socket.receive(PromptPredicted)
    assert [asked["mask"] for asked in engine.asked] == [mask, None]


@pytest.mark.parametrize(
    ("mask", "points", "said"),
    [
        (MaskRle(size=(9, 12), counts=rectangle(0, 0, 1, 1).counts), None, "has 9 × 12 px, the frame"),
        (MaskRle(size=rectangle(0, 0, 1, 1).size, counts="o"), None, "malformed"),
        (rectangle(0, 0, 0, 0), None, "empty. Leave it out."),
        (rectangle(2, 3, 6, 8), [], "without points and box"),
    ],
    ids=["size", "counts", "empty", "alone"],
)
async def test_a_mask_that_cannot_be_refined_is_an_error_of_that_request(
    socket: Socket, engine: SlowEngine, mask: MaskRle, points: list[PromptPoint] | None, said: str
) -> None:
    engine.let_go.set()
    sent = click().model_copy(update={"mask": mask} | ({} if points is None else {"points": points}))
    await socket.send(sent)
    error = await socket.receive(ErrorMessage)
    assert (error.code, error.request_id) == ("invalid", sent.request_id)
    assert said in error.message
    assert engine.asked == []


async def test_a_viewer_asks_nothing_of_the_engine(series: Series, engine: SlowEngine, anna: User) -> None:
    viewer = await User.objects.acreate(username="viewer")
    await Membership.objects.acreate(project_id=series.project_id, user=viewer, role="viewer")
    async with greeted(series, viewer) as (looking, _):
        await looking.send(FrameOpen(frame=0, model="fake"))
        for refused in (click(), FrameSegment(request_id=uuid4(), frame=0, model="fake")):
            await looking.send(refused)
            error = await looking.receive(ErrorMessage)
            assert (error.code, error.request_id) == ("forbidden", refused.request_id)
    assert engine.asked == []


async def test_a_version_names_its_weights_and_phases(socket: Socket, engine: SlowEngine, series: Series) -> None:
    engine.let_go.set()
    gone = str(uuid4())
    gold = await sync_to_async(make_phase)(series.project)
    phases = [{"id": each, "name": "", "colour": ""} for each in (str(gold.pk), gone)]
    version = await sync_to_async(make_version)(series.project, phases=phases)
    asked = {"model": "threshold", "version": version.pk}
    await socket.send(FrameSegment(request_id=uuid4(), frame=0, **asked))
    answer = await socket.receive(FrameSegmented)
    assert answer.phases == [gold.pk, None]
    for _ in range(2):
        points = [PromptPoint(x=1, y=1, label=1)]
        await socket.send(PromptPredict(request_id=uuid4(), frame=0, points=points, **asked))
        await socket.receive(PromptPredicted)
    await socket.send(FrameOpen(frame=0, **asked))
    await socket.receive(FrameReady)
    assert [each["weights"] for each in engine.asked] == 4 * [version.sha256]


async def test_without_a_version_the_usual_weights_answer(socket: Socket, engine: SlowEngine) -> None:
    engine.let_go.set()
    await socket.send(FrameSegment(request_id=uuid4(), frame=0, model="fake"))
    assert (await socket.receive(FrameSegmented)).phases == []
    assert engine.asked[0]["weights"] is None


async def test_a_version_of_another_project_is_refused(socket: Socket, engine: SlowEngine) -> None:
    engine.let_go.set()
    foreign = await sync_to_async(lambda: make_version(make_project()))()
    asked = {"model": "threshold", "version": foreign.pk}
    await socket.send(sent := FrameSegment(request_id=uuid4(), frame=0, **asked))
    error = await socket.receive(ErrorMessage)
    assert (error.code, error.request_id) == ("no_version", sent.request_id)
    assert engine.asked == []
