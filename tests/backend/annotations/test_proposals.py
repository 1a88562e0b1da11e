"""Proposals of jobs: accepted and discarded by frame, score and job, under the series' lock."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from backend.annotations import proposals, reversals, services
from backend.annotations.models import Changeset, MaskHead, MaskRevision, MaskState, TrackHead
from backend.annotations.proposals import Proposal, Selection
from backend.annotations.selectors import proposal_counts
from backend.annotations.services import accept_proposals, discard_proposals
from backend.jobs.models import Job, Queue
from backend.protocol.errors import ConflictError
from backend.protocol.messages import MaskSet, Origin, TrackCreate
from backend.series.models import Series
from ml.rle import Rle
from tests.backend.builders import commit, make_phase, make_series, owner_of, rectangle

pytestmark = [pytest.mark.django_db, pytest.mark.database]

SCORES = (0.2, 0.55, 0.9, None)


@pytest.fixture
def series() -> Series:
    return make_series()


def make_job(series: Series) -> Job:
    return Job.objects.create(
        kind="segment", queue=Queue.LONG, project=series.project, created_by=owner_of(series), series=series.pk
    )


def propose(
    series: Series, frame: int, job: Job | None = None, scores: tuple[float | None, ...] = SCORES, **options: Any
) -> list[UUID]:
    """Side by side, one a score; their tracks."""
    job = job or make_job(series)
    made = []
    for index, score in enumerate(scores):
        mask = rectangle(8 * index, 2, 8 * index + 6, 8)
        origin = Origin(model="fake", model_hash="ab" * 32, score=score).model_dump(mode="json")
        made.append(Proposal(uuid4(), options.get("phase"), Rle(mask.size, mask.counts), origin))
    services.propose(
        series_id=series.pk,
        author=owner_of(series),
        job=job,
        request_id=options.get("request_id") or uuid4(),
        frame=frame,
        proposals=made,
        replace=options.get("replace", False),
    )
    return [each.track for each in made]


def accept(series: Series, **selection: Any) -> int:
    return accept_proposals(series_id=series.pk, author=owner_of(series), selection=Selection(**selection))


def discard(series: Series, **selection: Any) -> int:
    return discard_proposals(series_id=series.pk, author=owner_of(series), selection=Selection(**selection))


def states(series: Series) -> dict[tuple[int, float | None], str]:
    rows = MaskHead.objects.filter(series=series).exclude(shown="").select_related("revision")
    return {(row.frame, row.revision.origin["score"]): row.shown for row in rows}


def test_proposals_are_accepted_from_a_score_on(series: Series) -> None:
    propose(series, 0)
    propose(series, 3)
    assert accept(series, min_score=0.55) == 4
    accepted = {key for key, state in states(series).items() if state == MaskState.ACCEPTED}
    assert accepted == {(0, 0.55), (0, 0.9), (3, 0.55), (3, 0.9)}
    assert Series.objects.get(pk=series.pk).annotated_frames == 2
    # Unscored ones count as 0.
    assert accept(series, min_score=0.0) == 4
    assert set(states(series).values()) == {MaskState.ACCEPTED}


def test_acceptance_keeps_mask_order_and_origin(series: Series) -> None:
    propose(series, 0)
    before = {row.track_id: row.revision for row in MaskHead.objects.select_related("revision")}
    accept(series)
    for row in MaskHead.objects.select_related("revision"):
        earlier = before[row.track_id]
        assert row.revision.previous_id == earlier.pk
        assert (row.revision.mask_id, row.revision.order) == (earlier.mask_id, earlier.order)
        assert row.revision.origin == earlier.origin
    changeset = Changeset.objects.order_by("-version")[0]
    assert (changeset.reason, changeset.job, changeset.summary["counts"]["masks_set"]) == ("Accept proposals", None, 4)


def test_frames_and_job_bound_what_is_accepted(series: Series) -> None:
    first, second = make_job(series), make_job(series)
    for frame in range(4):
        propose(series, frame, first if frame < 3 else second)
    assert accept(series, first=1, last=3, job=first.pk) == 8
    assert {frame for (frame, _), state in states(series).items() if state == MaskState.ACCEPTED} == {1, 2}
    assert accept(series, job=second.pk) == 4
    assert accept(series, job=uuid4()) == 0


def test_discarded_tracks_go_with_their_only_mask_and_can_come_back(series: Series) -> None:
    phase = make_phase(series.project)
    tracks = propose(series, 0, phase=phase.pk)
    version = Series.objects.get(pk=series.pk).version
    assert discard(series, below=0.5) == 2
    heads = {row.track_id: row.revision for row in TrackHead.objects.select_related("revision")}
    assert [heads[track].deleted for track in tracks] == [True, False, False, True]
    reversals.restore(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=version)
    assert len(states(series)) == 4


def test_a_track_with_other_masks_only_loses_the_proposal(series: Series) -> None:
    (track, *_) = propose(series, 0)
    operations = [MaskSet(track=track, frame=1, mask=rectangle(0, 0, 3, 3))]
    commit(series, operations, [(track, 1, None)])
    assert discard(series) == 4
    assert states(series) == {(1, None): "accepted"}
    assert not TrackHead.objects.get(track=track).revision.deleted


def test_accepted_masks_are_never_discarded(series: Series) -> None:
    propose(series, 0)
    accept(series, min_score=0.9)
    revision = MaskRevision.objects.get(state="accepted")
    assert discard(series) == 3
    assert MaskHead.objects.exclude(shown="").get().revision_id == revision.pk


def test_many_are_written_in_parts(series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "MOST_IN_ONE", 3)
    propose(series, 0)
    propose(series, 1)
    before = Series.objects.get(pk=series.pk).version
    assert accept(series) == 8
    assert Series.objects.get(pk=series.pk).version == before + 3


def test_nothing_selected_makes_no_version(series: Series) -> None:
    assert (accept(series), discard(series)) == (0, 0)
    assert not Changeset.objects.exists()


def test_a_repeated_frame_is_answered_with_its_first_version(series: Series) -> None:
    job, request_id = make_job(series), uuid4()
    propose(series, 0, job, request_id=request_id)
    propose(series, 0, job, request_id=request_id)
    assert Changeset.objects.count() == 1
    with pytest.raises(ConflictError):
        propose(series, 1, job, request_id=request_id)


def test_a_phase_that_was_deleted_is_none(series: Series) -> None:
    (track, *_) = propose(series, 0, phase=uuid4())
    assert TrackHead.objects.get(track=track).revision.phase_id is None


def test_proposals_drawn_by_hand_do_not_give_way(series: Series) -> None:
    track = uuid4()
    mask = MaskSet(track=track, frame=0, mask=rectangle(20, 12, 28, 20), state="proposal")
    commit(series, [TrackCreate(track=track, phase=None), mask], [(track, None, None), (track, 0, None)])
    first = propose(series, 0)
    second = propose(series, 0, replace=True)
    live = set(MaskHead.objects.exclude(shown="").values_list("track", flat=True))
    assert live == {track, *second}
    assert not live & set(first)


def test_proposals_are_counted_by_frame_and_score(series: Series, client: Client) -> None:
    propose(series, 0, scores=(0.0, 0.5, 1.0, None))
    propose(series, 4, scores=(0.975,))
    expected = [1] + 9 * [0] + [1] + 8 * [0] + [2]
    frames = [{"frame": 0, "count": 4}, {"frame": 4, "count": 1}]
    counts = {"count": 5, "frames": frames, "scores": expected, "unscored": 1}
    assert proposal_counts(series.pk, Selection()) == counts
    client.force_login(owner_of(series))
    address = f"/api/v1/series/{series.pk}/proposals"
    assert client.get(address).json() == counts
    assert client.get(address, {"from": 1, "to": 4}).json()["count"] == 1
    assert client.get(address, {"from": "x"}).status_code == 400


def test_acceptance_and_removal_over_rest_answer_with_version_and_count(series: Series, client: Client) -> None:
    propose(series, 0)
    propose(series, 1)
    client.force_login(owner_of(series))

    def post(verb: str, **body: Any) -> Any:
        address = f"/api/v1/series/{series.pk}/proposals/{verb}"
        return client.post(address, body, content_type="application/json")

    frames = {"from": 0, "to": 0}
    assert post("accept", frames=frames, min_score=0.5).json() == {"version": 3, "accepted": 2}
    assert post("discard", frames=None, min_score=0).json() == {"version": 4, "discarded": 6}
    assert post("discard", frames=None, min_score=0).json() == {"version": 4, "discarded": 0}
    for wrong in ({}, {"min_score": 2}, {"min_score": 0, "frames": {"from": 1}}, {"min_score": 0, "job": "x"}):
        assert post("accept", **wrong).status_code == 400
