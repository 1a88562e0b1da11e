"""The job that follows objects through a series, against the real engine: threshold finds them, overlap follows."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from numpy.typing import NDArray

from backend.annotations import reversals, selectors
from backend.annotations import services as annotations
from backend.annotations.models import Changeset, MaskHead, MaskState, Track
from backend.inference.tracking.orders import request_tracking
from backend.jobs import services as jobs
from backend.jobs.models import Job, State
from backend.jobs.worker import run_job
from backend.protocol.errors import InvalidError
from backend.protocol.messages import MaskRle, MaskSet, TrackCreate
from backend.series.models import Series
from ml import rle
from tests.backend.annotations.test_edits import edit, events, frames_of, is_deleted, merge, reassign
from tests.backend.builders import commit, make_phase, owner_of
from tests.backend.inference.engine import RunningEngine, stored_series

pytestmark = [pytest.mark.django_db, pytest.mark.database]

FRAMES, MEETING, SIZE = 16, 7, (96, 128)
RADIUS = 8


def centres(frame: int) -> list[tuple[int, int]]:
    """(x, y) of three discs: two approach each other and are one from `MEETING` on, the third drifts alone."""
    gap = max(24 - 4 * frame, 0) if frame < MEETING else 0
    return [(48 - gap // 2 - 4, 30), (48 + gap // 2 + 4, 30), (60 + frame, 75)]


def discs(places: list[tuple[int, int]]) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    found = np.zeros(SIZE, bool)
    for x, y in places:
        found |= (rows - y) ** 2 + (columns - x) ** 2 <= RADIUS**2
    return found


def movie() -> NDArray[np.uint8]:
    rng = np.random.default_rng(1)
    images = rng.integers(30, 40, (FRAMES, *SIZE)).astype(np.uint8)
    for frame in range(FRAMES):
        images[frame][discs(centres(frame))] += 150
    return images


@pytest.fixture
def data(settings: Any, tmp_path: Path) -> Path:
    settings.GRATICULE_DATA = tmp_path
    settings.GRATICULE_ENGINE = str(tmp_path / "engine.sock")
    return tmp_path


@pytest.fixture
def series(data: Path) -> Series:
    return stored_series(movie())


@pytest.fixture
def engine(data: Path) -> Iterator[RunningEngine]:
    engine = RunningEngine(data / "engine.sock", data / "store")
    yield engine
    engine.stop()


def ask(series: Series, start: int = 0, end: int = FRAMES - 1, **changes: Any) -> Job:
    values: dict[str, Any] = {
        "model": "threshold",
        "version": None,
        "parameters": {"method": "otsu", "min_area_px": 20, "split_depth": 0.0},
        "tracker": "overlap",
        "frames": {"start": start, "end": end},
        "tracks": None,
        "new_objects": True,
    }
    return request_tracking(series=series, created_by=owner_of(series), **values | changes)


def attempt(job: Job, stopping: threading.Event | None = None) -> Job:
    claimed = jobs.claim(queue="long", worker=f"worker {uuid4()}")
    assert claimed is not None
    assert claimed.pk == job.pk
    run_job(claimed, stopping or threading.Event())
    return Job.objects.get(pk=job.pk)


def tracked(series: Series, *way: int, **changes: Any) -> Job:
    job = attempt(ask(series, *way, **changes))
    assert job.state == State.DONE, job.error
    return job


def draw(series: Series, frame: int, mask: NDArray[np.bool_], track: UUID | None = None) -> UUID:
    """An accepted mask of a new track, or another one of a track."""
    encoded = rle.encode(mask)
    message = MaskRle(size=encoded.size, counts=encoded.counts)
    new = track or uuid4()
    operations: list[Any] = [MaskSet(track=new, frame=frame, mask=message)]
    bases: list[tuple[UUID, int | None, Any]] = [(new, frame, head(series, new, frame))]
    if track is None:
        operations.insert(0, TrackCreate(track=new, phase=None))
        bases.append((new, None, None))
    commit(series, operations, bases)
    return new


def head(series: Series, track: UUID, frame: int) -> int | None:
    row = MaskHead.objects.filter(series=series.pk, track=track, frame=frame).first()
    return row.revision_id if row else None


def at(series: Series, frame: int, place: tuple[int, int]) -> UUID | None:
    """The track whose mask covers the point."""
    x, y = place
    for each in selectors.state_at(series=series, version=None, frame=frame).masks:
        assert each.mask is not None
        if rle.decode(rle.validate(each.mask.size, each.mask.counts))[y, x]:
            return each.track
    return None


def lives(series: Series) -> list[tuple[int, int, int]]:
    """(number, first, last frame) of every track that has masks."""
    found = []
    for track in Track.objects.filter(series=series).order_by("number"):
        if frames := frames_of(series, track.pk):
            assert frames == list(range(frames[0], frames[-1] + 1))
            found.append((track.number, frames[0], frames[-1]))
    return found


# ---- what it writes -------------------------------------------------------------------------------------------


def test_every_object_is_followed_and_the_merge_is_written_down(series: Series, engine: RunningEngine) -> None:
    phase = make_phase(series.project)
    job = tracked(series)
    (before, begins, _), (other, _, ends), (alone, *_), (child, born, _) = lives(series)
    assert (begins, ends + 1) == (0, born)
    assert abs(born - MEETING) <= 2
    merges = [each for each in events(series) if each[0] == "merge"]
    numbers = dict(Track.objects.values_list("pk", "number"))
    assert [({numbers[p] for p in parents}, numbers[children[0]]) for _, parents, children in merges] == [
        ({before, other} if alone == 3 else {before, alone}, child)
    ]
    assert job.result["merges"] == 1
    assert job.result["frames"] == FRAMES
    assert MaskHead.objects.filter(shown=MaskState.PROPOSAL).count() == job.result["masks"]
    state = selectors.state_at(series=series, version=None, frame=FRAMES - 1)
    assert {each.phase for each in state.tracks} == {phase.pk}
    origin = state.masks[0].origin
    assert (origin.model, origin.tracker) == ("threshold", "overlap")
    assert origin.confidence is not None
    rows = Changeset.objects.filter(series=series).order_by("version")
    assert [row.reason for row in rows] == [f"Track frame {frame + 1}" for frame in range(FRAMES)]


def test_backward_in_time_the_merge_is_the_same(series: Series, engine: RunningEngine) -> None:
    tracked(series, FRAMES - 1, 0)
    (what, parents, children), *others = [each for each in events(series) if each[0] in ("merge", "split")]
    assert not others
    assert (what, len(parents), len(children)) == ("merge", 2, 1)
    assert frames_of(series, children[0])[-1] == FRAMES - 1
    assert {frames_of(series, parent)[0] for parent in parents} == {0}


def test_only_chosen_objects_and_what_becomes_of_them_are_written(series: Series, engine: RunningEngine) -> None:
    alone, beside = draw(series, 0, discs(centres(0)[2:])), draw(series, 0, discs(centres(0)[:1]))
    tracked(series, tracks=[alone], new_objects=False)
    assert frames_of(series, alone) == list(range(FRAMES))
    assert frames_of(series, beside) == [0]
    assert len(lives(series)) == 2
    tracked(series, new_objects=False)
    assert len(frames_of(series, beside)) > 3


# ---- people's work ----------------------------------------------------------------------------------------------


def test_accepted_masks_are_anchors(series: Series, engine: RunningEngine) -> None:
    tracked(series, 0, 5)
    alone = at(series, 5, centres(5)[2])
    assert alone is not None
    # Somebody redraws it, larger, on frame 3, and says on frame 9 that the disc there is this one.
    larger = np.zeros(SIZE, bool)
    larger[60:90, 50:80] = True
    draw(series, 3, larger, alone)
    before = head(series, alone, 3)
    tracked(series)
    assert head(series, alone, 3) == before
    assert frames_of(series, alone) == list(range(FRAMES))


def test_an_object_that_is_added_in_mid_video_disturbs_no_other(series: Series, engine: RunningEngine) -> None:
    tracked(series)
    before = {
        (row.track_id, row.frame): row.revision_id for row in MaskHead.objects.filter(series=series).exclude(shown="")
    }
    square = np.zeros(SIZE, bool)
    square[5:15, 5:15] = True
    new = draw(series, 4, square)
    tracked(series, 4, FRAMES - 1, tracks=[new], new_objects=False)
    assert {subject: head(series, *subject) for subject in before} == before


def test_what_a_person_draws_while_it_is_tracked_becomes_an_anchor(
    series: Series, engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow, drawn = annotations.follow, []
    square = np.zeros(SIZE, bool)
    square[5:15, 5:15] = True

    def draws(**values: Any) -> Any:
        made = follow(**values)
        if values["followed"].frame == 2:
            drawn.append(draw(series, 10, square))
        return made

    monkeypatch.setattr(annotations, "follow", draws)
    tracked(series)
    assert at(series, 10, (10, 10)) == drawn[0]
    assert len(lives(series)) == 5
    assert frames_of(series, drawn[0])[0] == 10


def test_an_id_that_a_person_gave_is_followed_from_there(series: Series, engine: RunningEngine) -> None:
    tracked(series)
    alone, new = at(series, 10, centres(10)[2]), uuid4()
    assert alone is not None
    edit(series, {"op": "track.create", "track": new, "phase": None}, reassign((alone, new), first=10, last=10))
    tracked(series, 10, FRAMES - 1)
    assert [at(series, frame, centres(frame)[2]) for frame in (9, 10, 12, FRAMES - 1)] == [alone, new, new, new]


def test_a_confirmed_merge_stands_however_often_it_is_tracked(series: Series, engine: RunningEngine) -> None:
    tracked(series)
    (event,) = [
        each for each in selectors.state_at(series=series, version=None, frame=0).events if each.what == "merge"
    ]
    edit(
        series,
        merge(event.parents, event.children[0], event.last_frame, event=event.event, state="accepted"),
    )
    tracked(series)
    (again,) = [
        each for each in selectors.state_at(series=series, version=None, frame=0).events if each.what == "merge"
    ]
    assert (again.event, again.parents, again.children) == (event.event, event.parents, event.children)
    assert again.state == "accepted"


def test_tracking_again_replaces_what_was_tracked(series: Series, engine: RunningEngine) -> None:
    tracked(series)
    first = lives(series)
    tracked(series)
    assert [life[1:] for life in lives(series)] == [life[1:] for life in first]
    assert len([each for each in events(series) if each[0] == "merge"]) == 1


def test_the_whole_tracking_is_undone(series: Series, engine: RunningEngine) -> None:
    one = draw(series, 0, discs(centres(0)[2:]))
    job = tracked(series)
    reversals.revert_job(series_id=series.pk, author=owner_of(series), request_id=uuid4(), job=job.pk)
    assert lives(series) == [(1, 0, 0)]
    assert events(series) == []
    assert not is_deleted(one)


# ---- interruptions ----------------------------------------------------------------------------------------------


def test_a_killed_worker_is_gone_on_from(
    series: Series, engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(series)
    follow, written = annotations.follow, []

    def dies(**values: Any) -> Any:
        if len(written) == 6:
            raise SystemExit("killed")
        written.append(values["followed"].frame)
        return follow(**values)

    monkeypatch.setattr(annotations, "follow", dies)
    with pytest.raises(SystemExit):
        attempt(job)
    monkeypatch.setattr(annotations, "follow", follow)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert attempt(job).state == State.DONE
    frames = [row.summary["frames"] for row in Changeset.objects.filter(series=series).order_by("version")]
    assert frames == [[frame] for frame in range(FRAMES)]
    assert [life[1:] for life in lives(series)][2] == (0, FRAMES - 1)
    assert len(lives(series)) == 4
    assert len([each for each in events(series) if each[0] == "merge"]) == 1


def test_a_restarted_engine_is_gone_on_with(series: Series, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engines = [RunningEngine(data / "engine.sock", data / "store")]
    follow = annotations.follow

    def restarts(**values: Any) -> Any:
        if values["followed"].frame == 5 and len(engines) == 1:
            engines[0].stop()
            engines.append(RunningEngine(data / "engine.sock", data / "store"))
        return follow(**values)

    monkeypatch.setattr(annotations, "follow", restarts)
    try:
        tracked(series)
    finally:
        engines[-1].stop()
    assert len(engines) == 2
    assert len(lives(series)) == 4


def test_a_paused_tracking_waits_and_goes_on(
    series: Series, engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(series)
    follow = annotations.follow

    def pauses(**values: Any) -> Any:
        if values["followed"].frame == 6:
            jobs.request_pause(job_id=job.pk)
        return follow(**values)

    monkeypatch.setattr(annotations, "follow", pauses)
    assert attempt(job).state == State.PAUSED
    assert jobs.claim(queue="long", worker="other") is None
    monkeypatch.setattr(annotations, "follow", follow)
    jobs.resume(job_id=job.pk)
    assert attempt(job).state == State.DONE
    assert len(lives(series)) == 4


def test_cancel_keeps_what_is_written(series: Series, engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ask(series)
    follow = annotations.follow

    def cancels(**values: Any) -> Any:
        made = follow(**values)
        if values["followed"].frame == 4:
            jobs.request_cancel(job_id=job.pk)
        return made

    monkeypatch.setattr(annotations, "follow", cancels)
    assert attempt(job).state == State.CANCELLED
    assert {last for _, _, last in lives(series)} == {4}


# ---- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": 3, "end": 3}, "two different ones"),
        ({"end": 99}, "frames 0 to 15"),
        ({"model": "overlap"}, "no segmenter"),
        ({"tracker": "threshold"}, "no tracker"),
        ({"tracks": [uuid4()], "new_objects": False}, "no track"),
        ({"new_objects": False}, "no object on frame 1"),
        ({"parameters": {"no": 1}}, "no"),
    ],
)
def test_what_cannot_be_tracked_is_said(series: Series, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        ask(series, **changes)


def test_objects_that_are_not_on_the_first_frame_are_named(series: Series) -> None:
    one = draw(series, 0, discs(centres(0)[2:]))
    with pytest.raises(InvalidError, match="have no mask on frame 3"):
        ask(series, 2, 5, tracks=[one], new_objects=False)


def test_trackings_and_trackers_come_through_the_api(client: Client, series: Series, engine: RunningEngine) -> None:
    client.force_login(owner_of(series))
    names = {row["name"]: row["reason"] for row in client.get("/api/v1/trackers").json()}
    assert names["overlap"] == ""
    assert names["deaot_t"] == ""
    assert "There are no weights" in names["deaot_l"]
    body = {"model": "threshold", "frames": {"start": 0, "end": 3}}
    answer = client.post(f"/api/v1/series/{series.pk}/trackings", body, "application/json")
    assert answer.status_code == 201, answer.content
    job = answer.json()
    assert (job["kind"], job["state"], job["pausable"]) == ("track", "queued", True)
    assert job["parameters"] == body | {
        "version": None,
        "parameters": job["parameters"]["parameters"],
        "tracker": "overlap",
        "tracks": None,
        "new_objects": True,
    }
    listed = client.get(f"/api/v1/projects/{series.project_id}/jobs?kind=track").json()["results"]
    assert [row["parameters"] for row in listed] == [job["parameters"]]
    assert client.post(f"/api/v1/jobs/{job['id']}/pause").json()["state"] == "paused"
    assert client.post(f"/api/v1/jobs/{job['id']}/resume").json()["state"] == "queued"
