"""Who or what made each part of a track's life."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.annotations import reversals, selectors, services
from backend.annotations.history import Wanted, history
from backend.annotations.kinds import Kind
from backend.annotations.life import life, revisions
from backend.annotations.values import CalibrationValue
from backend.projects.models import Membership, User
from backend.projects.roles import Role
from backend.protocol.errors import NotFoundError
from backend.protocol.messages import (
    MaskDelete,
    MaskRle,
    MaskSet,
    Operation,
    Origin,
    PromptPoint,
    TrackCreate,
    TrackDelete,
    TrackSet,
)
from backend.series.models import Series
from tests.backend.builders import commit, make_project, make_series, make_user, owner_of, rectangle

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CLICKED = Origin(model="efficient_sam_ti", model_hash="0" * 64, points=[PromptPoint(x=1, y=1, label=1)], score=0.9)
TRACKED = Origin(model="threshold", tracker="overlap", confidence=0.7)


@pytest.fixture
def series() -> Series:
    return make_series(make_project(make_user("ada")))


@pytest.fixture
def lise(series: Series) -> User:
    person = make_user("lise")
    Membership.objects.create(project=series.project, user=person, role=Role.ANNOTATOR)
    return person


def write(series: Series, operations: list[Operation], **options: Any) -> int:
    found = []
    for operation in operations:
        frame = operation.frame if isinstance(operation, MaskSet | MaskDelete) else None
        found.append((operation.track, frame, head(series, operation.track, frame)))
    return commit(series, operations, found, **options).version


def head(series: Series, track: UUID, frame: int | None) -> int | None:
    version = selectors.head_of(series.pk)
    if frame is None:
        return selectors.tracks_at(series.pk, version).filter(track=track).values_list("pk", flat=True).first()
    rows = selectors.masks_at(series.pk, version).filter(track=track, frame=frame)
    return rows.values_list("pk", flat=True).first()


def paint(track: UUID, frame: int, mask: MaskRle, origin: Origin | None = None, state: str = "accepted") -> MaskSet:
    values = {"track": track, "frame": frame, "mask": mask, "state": state}
    return MaskSet.model_validate(values | ({} if origin is None else {"origin": origin}))


def test_runs_say_who_and_what_made_the_masks(series: Series, lise: User) -> None:
    track, small, large = uuid4(), rectangle(0, 0, 3, 3), rectangle(0, 0, 5, 5)
    write(series, [TrackCreate(track=track, phase=None), paint(track, 0, small, CLICKED)])
    write(series, [paint(track, frame, small, TRACKED) for frame in (1, 2, 3, 5)])
    corrected = write(series, [paint(track, 2, large)], author=lise)
    found = life(series_id=series.pk, track=track, version=None)
    assert [(run.first, run.last) for run in found.runs] == [(0, 0), (1, 1), (2, 2), (3, 3), (5, 5)]
    clicked, tracked, by_hand, *_ = (run.maker for run in found.runs)
    assert (clicked.author.name, clicked.model, clicked.prompts) == ("ada", "efficient_sam_ti", True)
    assert (tracked.model, tracked.tracker, tracked.prompts) == ("threshold", "overlap", False)
    assert (by_hand.author.name, by_hand.model, by_hand.tracker) == ("lise", None, None)
    assert found.runs[2].first_version == found.runs[2].last_version == corrected
    assert found.runs[1].confidence == 0.7
    before = life(series_id=series.pk, track=track, version=corrected - 1)
    assert [(run.first, run.last) for run in before.runs] == [(0, 0), (1, 3), (5, 5)]


def test_who_accepts_a_proposal_or_restores_a_mask_did_not_make_it(series: Series, lise: User) -> None:
    track, mask = uuid4(), rectangle(0, 0, 3, 3)
    proposed = write(series, [TrackCreate(track=track, phase=None), paint(track, 0, mask, TRACKED, "proposal")])
    write(series, [paint(track, 0, mask, TRACKED)], author=lise)
    (run,) = life(series_id=series.pk, track=track, version=None).runs
    assert (run.maker.author.name, run.maker.accepted_by and run.maker.accepted_by.name) == ("ada", "lise")
    assert run.first_version == proposed
    erased = write(series, [MaskDelete(track=track, frame=0)], author=lise)
    assert life(series_id=series.pk, track=track, version=None).runs == []
    reversals.restore(series_id=series.pk, author=lise, request_id=uuid4(), version=erased - 1)
    (run,) = life(series_id=series.pk, track=track, version=None).runs
    assert run.maker.author.name == "ada"


def test_a_mask_stays_accepted_by_whom_it_was_though_others_write_it_again(series: Series, lise: User) -> None:
    track, mask, ada = uuid4(), rectangle(0, 0, 3, 3), owner_of(series)
    write(series, [TrackCreate(track=track, phase=None), paint(track, 0, mask, TRACKED, "proposal")])
    accepted = write(series, [paint(track, 0, mask, TRACKED)])
    erased = write(series, [MaskDelete(track=track, frame=0)], author=lise)
    reversals.revert(series_id=series.pk, author=lise, request_id=uuid4(), version=erased)
    (run,) = life(series_id=series.pk, track=track, version=None).runs
    assert run.maker.accepted_by and run.maker.accepted_by.name == "ada"
    write(series, [MaskDelete(track=track, frame=0)])
    reversals.restore(series_id=series.pk, author=ada, request_id=uuid4(), version=accepted - 1)  # a proposal again
    assert life(series_id=series.pk, track=track, version=None).runs[0].maker.accepted_by is None
    write(series, [paint(track, 0, mask, TRACKED)], author=lise)
    (run,) = life(series_id=series.pk, track=track, version=None).runs
    assert run.maker.accepted_by and run.maker.accepted_by.name == "lise"


def test_phase_and_name_are_part_of_the_life(series: Series, lise: User) -> None:
    track = uuid4()
    write(series, [TrackCreate(track=track, phase=None), paint(track, 0, rectangle(0, 0, 3, 3))])
    write(series, [TrackSet(track=track, phase=None, name="the large one")], author=lise)
    changes = life(series_id=series.pk, track=track, version=None).changes
    assert [(row.version, row.author.name, row.name) for row in changes] == [
        (2, "lise", "the large one"),
        (1, "ada", ""),
    ]


def test_every_version_of_a_mask_is_listed_the_newest_first(series: Series, lise: User) -> None:
    track = uuid4()
    write(series, [TrackCreate(track=track, phase=None), paint(track, 2, rectangle(0, 0, 3, 3), CLICKED)])
    write(series, [paint(track, 2, rectangle(0, 0, 4, 5))], author=lise, reason="Paint")
    write(series, [paint(track, 3, rectangle(0, 0, 2, 2))])
    write(series, [MaskDelete(track=track, frame=2)])
    found = revisions(series_id=series.pk, track=track, frame=2, version=None).revisions
    assert [(row.version, row.author.name, row.area_px) for row in found] == [
        (4, "ada", 0),
        (2, "lise", 20),
        (1, "ada", 9),
    ]
    assert (found[0].sha256, found[1].box, found[1].reason) == (None, (0, 0, 4, 5), "Paint")
    assert found[2].origin.points == CLICKED.points
    earlier = revisions(series_id=series.pk, track=track, frame=2, version=2).revisions
    assert earlier == found[1:]


def test_a_track_of_another_series_is_not_there(series: Series) -> None:
    with pytest.raises(NotFoundError, match="no track"):
        life(series_id=series.pk, track=uuid4(), version=None)
    with pytest.raises(NotFoundError, match="no track"):
        revisions(series_id=series.pk, track=uuid4(), frame=0, version=None)


def test_the_history_tells_kinds_of_change_apart(series: Series, lise: User) -> None:
    track, mask = uuid4(), rectangle(0, 0, 3, 3)
    write(series, [TrackCreate(track=track, phase=None), paint(track, 0, mask)])
    write(series, [TrackSet(track=track, phase=None, name="a")], author=lise)
    write(series, [TrackDelete(track=track)])
    author = owner_of(series)
    reversals.revert(series_id=series.pk, author=author, request_id=uuid4(), version=3)
    value = CalibrationValue(1.0, "nm", None, "ruler")
    services.set_calibration(series_id=series.pk, author=author, request_id=uuid4(), value=value)
    reversals.restore(series_id=series.pk, author=author, request_id=uuid4(), version=0)
    for kinds, versions in (
        ([Kind.MASKS], [4, 1]),
        ([Kind.DELETIONS], [6, 3]),
        ([Kind.OBJECTS], [4, 2, 1]),
        ([Kind.CALIBRATION], [6, 5]),
        ([Kind.RESTORING], [6, 4]),
        ([Kind.MASKS, Kind.CALIBRATION], [6, 5, 4, 1]),
        ([Kind.TRACKING], []),
    ):
        rows, _ = history(series_id=series.pk, before=None, limit=9, wanted=Wanted(kinds=kinds))
        assert [row.version for row in rows] == versions, kinds
    rows, _ = history(series_id=series.pk, before=None, limit=9, wanted=Wanted(author=lise.pk, kinds=[Kind.OBJECTS]))
    assert [row.version for row in rows] == [2]
