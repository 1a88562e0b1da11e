"""The job that segments a series, against the real engine with the fake segmenter: what it writes, and what not."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from backend.annotations import services as annotations
from backend.annotations.models import Changeset, MaskHead, MaskState, TrackHead
from backend.inference import gateway, model_files
from backend.inference.gateway import Frame, Segmentation
from backend.inference.segmentation import request_segmentation
from backend.jobs import services as jobs
from backend.jobs.models import Job, State
from backend.jobs.worker import run_job
from backend.projects.models import Membership
from backend.protocol.messages import Candidate, MaskRle, MaskSet, TrackCreate
from backend.series.models import Series
from ml import rle
from tests.backend.builders import commit, make_phase, make_project, make_user, make_version, owner_of
from tests.backend.inference.engine import RunningEngine, grey, stored_series

pytestmark = [pytest.mark.django_db, pytest.mark.database]

FRAMES = 6
DISCS = 4  # that the fake segmenter finds on every frame
SIZE = (96, 128)


@pytest.fixture
def data(settings: Any, tmp_path: Path) -> Path:
    settings.GRATICULE_DATA = tmp_path
    settings.TEST_MODELS = True
    settings.GRATICULE_ENGINE = str(tmp_path / "engine.sock")
    return tmp_path


@pytest.fixture
def series(data: Path) -> Series:
    return stored_series(grey(FRAMES, *SIZE))


@pytest.fixture
def engine(data: Path) -> Iterator[RunningEngine]:
    engine = RunningEngine(data / "engine.sock", data / "store", model_files=model_files.models_folder())
    yield engine
    engine.stop()


def ask(series: Series, **changes: Any) -> Job:
    values: dict[str, Any] = {
        "model": "fake",
        "version": None,
        "parameters": {},
        "frames": {"from": 0, "to": FRAMES - 1, "step": 1},
        "min_score": None,
        "replace_proposals": True,
    }
    return request_segmentation(series=series, created_by=owner_of(series), **values | changes)


def attempt(job: Job) -> Job:
    """One attempt by a worker; the job as it is afterwards."""
    claimed = jobs.claim(queue="long", worker=f"worker {uuid4()}")
    assert claimed is not None
    assert claimed.pk == job.pk
    run_job(claimed, threading.Event())
    return Job.objects.get(pk=job.pk)


def segmented(series: Series, **changes: Any) -> Job:
    job = attempt(ask(series, **changes))
    assert job.state == State.DONE, job.error
    return job


def shown(series: Series, state: MaskState = MaskState.PROPOSAL) -> Counter[int]:
    """How many masks of this state each frame shows."""
    return Counter(MaskHead.objects.filter(series=series, shown=state).values_list("frame", flat=True))


def draw(series: Series, frame: int, box: tuple[int, int, int, int], state: str = "accepted") -> UUID:
    x0, y0, x1, y1 = box
    mask = np.zeros(SIZE, bool)
    mask[y0:y1, x0:x1] = True
    encoded = rle.encode(mask)
    track = uuid4()
    message = MaskRle(size=encoded.size, counts=encoded.counts)
    operations = [
        TrackCreate(track=track, phase=None),
        MaskSet(track=track, frame=frame, mask=message, state=state),  # type: ignore[arg-type]
    ]
    commit(series, operations, [(track, None, None), (track, frame, None)])
    return track


# ---- what it writes -------------------------------------------------------------------------------------------


def test_each_frame_is_one_changeset_of_proposals(series: Series, engine: RunningEngine) -> None:
    phase = make_phase(series.project)
    job = segmented(series, frames={"from": 1, "to": 5, "step": 2})
    assert shown(series) == {1: DISCS, 3: DISCS, 5: DISCS}
    rows = list(Changeset.objects.filter(series=series).order_by("version"))
    assert [(row.job_id, row.author, row.summary["frames"]) for row in rows] == [
        (job.pk, owner_of(series), [frame]) for frame in (1, 3, 5)
    ]
    head = MaskHead.objects.filter(series=series).select_related("revision").first()
    assert head is not None
    origin = head.revision.origin
    assert (origin["model"], origin["model_hash"], origin["score"]) == ("fake", "fake-1", 0.9)
    assert head.revision.changeset.reason == "Segment frame 2"
    # The project's only phase; the model knows none.
    assert {each.revision.phase_id for each in TrackHead.objects.select_related("revision")} == {phase.pk}
    assert job.result == {"series": str(series.pk), "frames": 3, "proposals": 3 * DISCS, "replaced": 0}
    assert series.annotated_frames == 0


def test_masks_that_the_model_is_less_sure_of_are_left_out(series: Series, engine: RunningEngine) -> None:
    segmented(series, min_score=0.95)
    assert not shown(series)
    assert not Changeset.objects.exists()


def test_phases_of_the_version_become_the_projects(series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
    gold, oxide = make_phase(series.project, "Au"), make_phase(series.project, "Oxide")
    gone = uuid4()
    phases = [{"id": str(phase), "name": "", "colour": ""} for phase in (oxide.pk, gone, gold.pk)]
    version = make_version(series.project, phases=phases)
    asked: list[dict[str, Any]] = []

    async def segment(frame: Frame, **options: Any) -> Segmentation:
        asked.append(options)
        found = []
        for phase in range(4):
            mask = np.zeros(SIZE, bool)
            mask[:, 20 * phase : 20 * phase + 10] = True
            encoded = rle.encode(mask)
            message = MaskRle(size=encoded.size, counts=encoded.counts)
            found.append(Candidate(mask=message, score=None, area_px=1, box=(0, 0, 1, 1), phase=phase))
        return Segmentation(found, "ab" * 32)

    monkeypatch.setattr(gateway, "segment", segment)
    segmented(series, model="threshold", version=version.pk, frames={"from": 0, "to": 0, "step": 1}, min_score=0.5)
    tracks = TrackHead.objects.order_by("track__number").values_list("revision__phase", flat=True)
    assert list(tracks) == [oxide.pk, None, gold.pk, None]
    assert asked[0]["weights"] == version.sha256


def test_a_version_of_settings_is_used(series: Series, engine: RunningEngine) -> None:
    images = grey(2, *SIZE)
    images[0, 40:60, 40:60] = 200
    images[1, 40:60, 40:60] = 200
    bright = stored_series(images, series.project)
    version = make_version(series.project, content=b'{"model": "threshold", "parameters": {"min_area_px": 9000}}')
    frames = {"from": 0, "to": 1, "step": 1}
    segmented(bright, model="threshold", version=version.pk, frames=frames, parameters={"method": "otsu"})
    assert not shown(bright)
    segmented(bright, model="threshold", frames=frames, parameters={"method": "otsu"})
    assert shown(bright) == {0: 1, 1: 1}
    fitted = make_version(series.project, content=b'{"model": "threshold", "parameters": {"min_area_px": 50}}')
    segmented(bright, model="threshold", version=fitted.pk, frames=frames, parameters={"method": "otsu"})
    origins = MaskHead.objects.filter(series=bright, shown=MaskState.PROPOSAL).values_list(
        "revision__origin", flat=True
    )
    # Of its file, by which the mask is told to be of this version.
    assert {origin["model_hash"] for origin in origins} == {fitted.sha256}


# ---- what it leaves alone -------------------------------------------------------------------------------------


def test_accepted_masks_stay_and_what_lies_under_them_is_left_out(series: Series, engine: RunningEngine) -> None:
    # Over the whole of the upper left disc, and over a small part of the upper right one.
    covering, beside = draw(series, 2, (10, 5, 50, 45)), draw(series, 2, (96, 14, 98, 16))
    before = list(MaskHead.objects.filter(track__in=(covering, beside)).order_by("id").values())
    segmented(series)
    segmented(series)
    assert list(MaskHead.objects.filter(track__in=(covering, beside)).order_by("id").values()) == before
    assert shown(series) == dict.fromkeys(range(FRAMES), DISCS) | {2: DISCS - 1}


def test_a_later_job_replaces_the_proposals_of_an_earlier_one_only(series: Series, engine: RunningEngine) -> None:
    by_hand = draw(series, 0, (60, 40, 66, 46), state="proposal")
    segmented(series)
    first = set(MaskHead.objects.exclude(track=by_hand).values_list("track", flat=True))
    job = segmented(series, frames={"from": 0, "to": 2, "step": 1})
    assert job.result["replaced"] == 3 * DISCS
    assert shown(series) == dict.fromkeys(range(FRAMES), DISCS) | {0: DISCS + 1}
    live = set(MaskHead.objects.exclude(shown="").values_list("track", flat=True))
    assert by_hand in live
    assert len(live & first) == 3 * DISCS
    # Tracks that lost their only mask are deleted with it.
    deleted = TrackHead.objects.filter(revision__deleted=True)
    assert set(deleted.values_list("track", flat=True)) == first - live


def test_without_replacing_what_is_proposed_already_is_not_proposed_twice(
    series: Series, engine: RunningEngine
) -> None:
    segmented(series)
    version = Series.objects.get(pk=series.pk).version
    segmented(series, replace_proposals=False)
    assert shown(series) == dict.fromkeys(range(FRAMES), DISCS)
    assert Series.objects.get(pk=series.pk).version == version


# ---- interruptions --------------------------------------------------------------------------------------------


class Killed(BaseException):
    """As SIGKILL: nothing of the job's own code sees it."""


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_killed_worker_resumes_at_the_next_frame_without_duplicates(
    series: Series, engine: RunningEngine, monkeypatch: pytest.MonkeyPatch, after_commit: bool
) -> None:
    job = ask(series)
    original, calls = annotations.propose, Counter[int]()

    def propose(**options: Any) -> Any:
        calls[options["frame"]] += 1
        if options["frame"] == 3 and calls[3] == 1:
            if after_commit:
                original(**options)
            raise Killed
        return original(**options)

    monkeypatch.setattr(annotations, "propose", propose)
    with pytest.raises(Killed):
        attempt(job)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    again = attempt(job)
    assert (again.state, again.attempt) == (State.DONE, 2)
    assert shown(series) == dict.fromkeys(range(FRAMES), DISCS)
    assert Changeset.objects.filter(series=series).count() == FRAMES
    assert calls == dict.fromkeys(range(FRAMES), 1) | {3: 2}
    assert again.result["proposals"] == FRAMES * DISCS


def test_a_worker_that_lost_the_job_writes_nothing_more(
    series: Series, engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(series)
    propose = annotations.propose

    def lose(**options: Any) -> Any:
        made = propose(**options)
        if options["frame"] == 2:
            Job.objects.filter(pk=job.pk).update(worker="another", attempt=2)
        return made

    monkeypatch.setattr(annotations, "propose", lose)
    after = attempt(job)
    assert (after.state, after.worker) == (State.RUNNING, "another")
    assert shown(series) == {0: DISCS, 1: DISCS, 2: DISCS}


def test_a_cancelled_job_keeps_the_frames_that_are_done(
    series: Series, engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(series)
    propose = annotations.propose

    def cancel(**options: Any) -> Any:
        if options["frame"] == 1:
            Job.objects.filter(pk=job.pk).update(cancel_requested=True)
        return propose(**options)

    monkeypatch.setattr(annotations, "propose", cancel)
    assert attempt(job).state == State.CANCELLED
    assert shown(series) == {0: DISCS, 1: DISCS}


def test_somebody_who_left_the_project_writes_nothing_more(series: Series, engine: RunningEngine) -> None:
    left = make_user("left")
    membership = Membership.objects.create(project=series.project, user=left, role="annotator")
    job = ask(series)
    Job.objects.filter(pk=job.pk).update(created_by=left)
    membership.delete()
    after = attempt(job)
    assert after.state == State.FAILED
    assert "left started this and may no longer annotate" in after.error["message"]  # type: ignore[index]
    assert not shown(series)


# ---- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"frames": {"from": 0, "to": FRAMES, "step": 1}}, "frames 0 to 5"),
        ({"frames": {"from": 3, "to": 2, "step": 1}}, "3 to 2"),
        ({"frames": {"from": 0, "to": 1, "step": 0}}, "frames"),
        ({"model": "resnet"}, "resnet"),
        ({"parameters": {"sigma_px": 1e9}, "model": "threshold"}, "above"),
        ({"parameters": {"speed": 1}}, "no setting"),
        ({"min_score": 1.5}, "min_score"),
        ({"version": str(uuid4())}, "no model version"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    series: Series, client: Client, changes: dict[str, Any], said: str
) -> None:
    client.force_login(owner_of(series))
    body = {"model": "fake", "frames": {"from": 0, "to": 1}} | changes
    answer = client.post(f"/api/v1/series/{series.pk}/segmentations", body, content_type="application/json")
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Job.objects.exists()


def test_a_version_of_another_project_or_model_is_refused(series: Series, client: Client) -> None:
    client.force_login(owner_of(series))
    foreign, other = make_version(make_project()), make_version(series.project)
    for version, model, said in ((foreign, "threshold", "no model version"), (other, "yolo", "not of yolo")):
        body = {"model": model, "version": str(version.pk), "frames": {"from": 0, "to": 1}}
        for method, address in ((client.post, "segmentations"), (client.put, "model")):
            given = body if address == "segmentations" else {name: body[name] for name in ("model", "version")}
            answer = method(f"/api/v1/series/{series.pk}/{address}", given, content_type="application/json")
            assert (answer.status_code, answer.json()["code"]) == (400, "no_version")
            assert said in answer.json()["message"]


def test_a_job_is_asked_for_over_rest(series: Series, client: Client) -> None:
    client.force_login(owner_of(series))
    body = {"model": "fake", "frames": {"from": 0, "to": 4, "step": 2}}
    answer = client.post(f"/api/v1/series/{series.pk}/segmentations", body, content_type="application/json")
    assert answer.status_code == 201
    assert (answer.json()["kind"], answer.json()["series"]) == ("segment", str(series.pk))
    job = Job.objects.get()
    assert (job.queue, job.parameters["frames"]) == ("long", {"from": 0, "to": 4, "step": 2})
