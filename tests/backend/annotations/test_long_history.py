"""Ten thousand versions: pages, filters, old versions and differences, compared with a plain record of them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from pytest_django import DjangoAssertNumQueries

from backend.annotations import reversals, selectors
from backend.annotations.difference import difference
from backend.annotations.history import Wanted, filtered, history, samples
from backend.annotations.kinds import Kind
from backend.annotations.values import MaskValue, TrackValue
from backend.jobs import services as jobs
from backend.jobs.models import Job
from backend.projects.models import User
from backend.protocol.messages import MaskSet, TrackCreate
from backend.series.models import Series
from ml import rle
from ml.rle import Rle
from tests.backend.builders import commit, make_project, make_series, make_user, owner_of, rectangle
from tests.backend.bulk import Change, append_all
from tests.backend.long_series import ORIGIN

pytestmark = [pytest.mark.django_db, pytest.mark.database]

VERSIONS, FRAMES, TRACKS = 10_000, 100, 30
KEPT = (1, 2_500, 5_000, 7_500, VERSIONS)  # versions whose state is remembered
MASKS = [Rle(mask.size, mask.counts) for mask in (rectangle(0, 0, size, size) for size in range(1, 9))]
HASHES = [rle.sha256(mask) for mask in MASKS]

Masks = dict[tuple[UUID, int], tuple[str, str]]


@dataclass(frozen=True)
class Told:
    """What the history should know of one version."""

    version: int
    author: int
    kinds: frozenset[Kind]
    places: frozenset[tuple[UUID, int | None]]


@dataclass
class Record:
    series: Series
    people: list[User]
    jobs: dict[Kind, Job]
    tracks: list[UUID]
    told: list[Told] = field(default_factory=list)
    masks: Masks = field(default_factory=dict)
    states: dict[int, Masks] = field(default_factory=dict)
    names: dict[int, dict[UUID, str]] = field(default_factory=dict)

    def changes(self) -> Iterator[Change]:
        source = random.Random(11)
        names: dict[UUID, str] = {}
        for version in range(1, VERSIONS + 1):
            author = source.choice(self.people)
            track, frame = self.tracks[version % TRACKS], source.randrange(FRAMES)
            new = {} if track in names else {track: TrackValue(None, "", deleted=False)}
            kinds: set[Kind] = {Kind.OBJECTS} if new else set()
            names.setdefault(track, "")
            reason, job, place = "Paint", None, (track, frame)
            written: dict[tuple[UUID, int], MaskValue] = {}
            match source.choice(["paint", "paint", "paint", "segment", "track", "delete", "name", "undo"]):
                case "delete" if place in self.masks:
                    written[place] = MaskValue(None, 0, "accepted", {})
                    kinds.add(Kind.DELETIONS)
                case "name":
                    names[track] = f"object {version}"
                    new = {track: TrackValue(None, names[track], deleted=False)}
                    kinds.add(Kind.OBJECTS)
                case how:
                    state = "proposal" if how == "segment" else "accepted"
                    written[place] = MaskValue(source.choice(HASHES), 0, state, ORIGIN)
                    kinds.add(Kind.MASKS)
                    if how in ("segment", "track"):
                        made_by = Kind.SEGMENTATION if how == "segment" else Kind.TRACKING
                        job = self.jobs[made_by]
                        kinds.add(made_by)
                    if how == "undo":
                        reason = "Undo paint"
                        kinds.add(Kind.RESTORING)
            for place, value in written.items():
                if value.sha256 is None:
                    del self.masks[place]
                else:
                    self.masks[place] = (value.sha256, value.state)
            places = {*written, *((track, None) for track in new)}
            self.told.append(Told(version, author.pk, frozenset(kinds), frozenset(places)))
            if version in KEPT:
                self.states[version] = dict(self.masks)
                self.names[version] = dict(names)
            pixels = dict(zip(HASHES, MASKS, strict=True)) if version == 1 else {}
            yield Change(author, reason, job, new, written, pixels)


@pytest.fixture
def record() -> Record:
    people = [make_user("ada"), make_user("lise")]
    project = make_project(people[0], annotator=people[1])
    series = make_series(project, frames=FRAMES)
    made = {
        kind: jobs.enqueue(kind=name, project=project, created_by=people[0], parameters={})
        for kind, name in ((Kind.SEGMENTATION, "segment"), (Kind.TRACKING, "track"))
    }
    record = Record(series, people, made, [uuid4() for _ in range(TRACKS)])
    append_all(series, record.changes())
    return record


def expected(record: Record, wanted: Wanted) -> list[int]:
    first = 0 if wanted.first_frame is None else wanted.first_frame
    last = FRAMES if wanted.last_frame is None else wanted.last_frame
    somewhere = wanted.first_frame is None and wanted.last_frame is None

    def there(track: UUID, frame: int | None) -> bool:
        return wanted.track in (None, track) and (somewhere if frame is None else first <= frame <= last)

    return [
        told.version
        for told in reversed(record.told)
        if wanted.author in (None, told.author)
        and (not wanted.kinds or told.kinds & set(wanted.kinds))
        and (not wanted.has_place or any(there(*place) for place in told.places))
    ]


def test_ten_thousand_versions_are_listed_filtered_compared_and_read(
    record: Record, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    series = record.series
    assert selectors.head_of(series.pk) == VERSIONS
    pages_are_right(record)
    filters_are_right(record, django_assert_max_num_queries)
    old_versions_are_right(record)
    differences_are_right(record)
    # And it goes on from there as any other series.
    track = uuid4()
    operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=0, mask=rectangle(0, 0, 3, 3))]
    made = commit(series, operations, [(track, None, None), (track, 0, None)])
    assert made.version == VERSIONS + 1
    reversals.restore(
        series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=KEPT[1], frames=(10, 19)
    )
    for frame in (9, 10, 19, 20):
        then = record.states[VERSIONS if frame in (9, 20) else KEPT[1]]
        assert shown(series, VERSIONS + 2, frame) == on(then, frame)


def pages_are_right(record: Record) -> None:
    found: list[int] = []
    before: int | None = None
    while True:
        rows, before = history(series_id=record.series.pk, before=before, limit=200)
        found += [row.version for row in rows]
        if before is None:
            break
    assert found == list(range(VERSIONS, 0, -1))


def filters_are_right(record: Record, at_most: DjangoAssertNumQueries) -> None:
    ada, track = record.people[0].pk, record.tracks[3]
    for wanted in (
        Wanted(author=ada),
        Wanted(track=track),
        Wanted(first_frame=17, last_frame=17),
        Wanted(first_frame=20, last_frame=60),
        *(Wanted(kinds=[kind]) for kind in Kind),
        Wanted(kinds=[Kind.DELETIONS, Kind.RESTORING]),
        Wanted(author=ada, track=track, first_frame=10, last_frame=90, kinds=[Kind.TRACKING]),
    ):
        versions = expected(record, wanted)
        with at_most(3):
            rows, following = history(series_id=record.series.pk, before=None, limit=100, wanted=wanted)
            shown = samples(rows, wanted)
        assert [row.version for row in rows] == versions[:100], wanted
        assert following == (versions[99] if len(versions) > 100 else None)
        for row in rows:
            places = record.told[row.version - 1].places
            sample = shown.get(row.pk)
            assert (sample and (sample.track_id, sample.frame)) in (None, *places)
        if following is not None:
            rows, _ = history(series_id=record.series.pk, before=following, limit=100, wanted=wanted)
            assert [row.version for row in rows] == versions[100:200]


def old_versions_are_right(record: Record) -> None:
    for version in KEPT:
        tracks = selectors.state_at(series=record.series, version=version, frame=0).tracks
        assert {each.track: each.name for each in tracks} == record.names[version]
        for frame in range(0, FRAMES, 13):
            assert shown(record.series, version, frame) == on(record.states[version], frame)


def differences_are_right(record: Record) -> None:
    for a, b in ((KEPT[0], KEPT[-1]), (KEPT[2], KEPT[3]), (KEPT[3], KEPT[1])):
        then, now = record.states[a], record.states[b]
        rows: list[Any] = []
        first: int | None = 0
        while first is not None:
            page = difference(series=record.series, from_version=a, to_version=b, first_frame=first, limit=30)
            rows += page.frames
            first = page.next
        assert {row.frame: (row.added, row.removed, row.changed, row.reviewed) for row in rows} == {
            frame: counts for frame in range(FRAMES) if any(counts := counted(on(then, frame), on(now, frame)))
        }


def counted(then: dict[UUID, tuple[str, str]], now: dict[UUID, tuple[str, str]]) -> tuple[int, int, int, int]:
    both = then.keys() & now.keys()
    changed = sum(then[track][0] != now[track][0] for track in both)
    differ = sum(then[track] != now[track] for track in both)
    return len(now.keys() - then.keys()), len(then.keys() - now.keys()), changed, differ - changed


def on(masks: Masks, frame: int) -> dict[UUID, tuple[str, str]]:
    return {track: mask for (track, where), mask in masks.items() if where == frame}


def shown(series: Series, version: int, frame: int) -> dict[UUID, tuple[str | None, str]]:
    state = selectors.state_at(series=series, version=version, frame=frame, masks_only=True)
    return {each.track: (each.sha256, each.state) for each in state.masks}


@pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3", reason="how SQLite says what it reads"
)
def test_a_filter_walks_the_versions_and_reads_no_row_that_it_does_not_list() -> None:
    series = make_series()
    owner, track = owner_of(series).pk, uuid4()
    for wanted, index in (
        (Wanted(kinds=[Kind.EVENTS]), "COVERING INDEX sqlite_autoindex_annotations_changesetkind_1"),
        (Wanted(author=owner), "changesets_of_author"),
        (Wanted(first_frame=1, last_frame=9), "COVERING INDEX mask_state_at_version"),
        (Wanted(track=track), "USING COVERING INDEX"),
    ):
        plan = filtered(series.pk, wanted).explain()
        assert "SCAN annotations" not in plan, plan
        assert index in plan, plan


def test_bulk_rows_are_those_that_the_services_write() -> None:
    """The tests above stand on it: the same changes, once by the services, once in bulk."""
    track, mask = uuid4(), rectangle(0, 0, 3, 3)
    by_services, in_bulk = (make_series(make_project(make_user())) for _ in range(2))
    operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=1, mask=mask)]
    commit(by_services, operations, [(track, None, None), (track, 1, None)], reason="Paint")
    other, pixels = uuid4(), Rle(mask.size, mask.counts)
    origin = MaskSet(track=track, frame=1, mask=mask).origin.model_dump(mode="json")
    sha256 = rle.sha256(pixels)
    change = Change(
        owner_of(in_bulk),
        "Paint",
        None,
        {other: TrackValue(None, "", deleted=False)},
        {(other, 1): MaskValue(sha256, 0, "accepted", origin)},
        {sha256: pixels},
    )
    append_all(in_bulk, [change])
    found = []
    for series, name in ((by_services, track), (in_bulk, other)):
        series.refresh_from_db()
        state = selectors.state_at(series=series, version=None, frame=1).model_dump()
        for row in (*state["tracks"], *state["masks"]):
            assert row.pop("track") == name
            del row["revision"]
        (row,) = history(series_id=series.pk, before=None, limit=9, wanted=Wanted(kinds=[Kind.MASKS]))[0]
        timeline = selectors.timeline(series_id=series.pk, version=None).model_dump()
        found.append((state, row.summary, row.reason, series.annotated_frames, timeline))
    assert found[0] == found[1]
