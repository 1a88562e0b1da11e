"""Whatever happened, every version stays as it was: compared with a replay in memory."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from backend.annotations import reversals, selectors, services
from backend.annotations.difference import difference
from backend.annotations.history import Wanted, history
from backend.annotations.models import Changeset
from backend.annotations.values import CalibrationValue
from backend.protocol.errors import InvalidError
from backend.protocol.messages import (
    MaskDelete,
    MaskRle,
    MaskSet,
    Operation,
    TrackCreate,
    TrackDelete,
    TrackRestore,
    TrackSet,
)
from backend.series.models import Series
from ml import rle
from tests.backend.builders import commit, make_project, make_series, owner_of, rectangle

pytestmark = [pytest.mark.django_db, pytest.mark.database]

FRAMES, TRACKS = 3, 4
MASKS = [rectangle(0, 0, size, size) for size in range(1, 6)]


@dataclass
class Replay:
    """The state of a series, kept as plainly as possible."""

    names: dict[UUID, str] = field(default_factory=dict)  # of the tracks that live
    masks: dict[tuple[UUID, int], tuple[MaskRle, str]] = field(default_factory=dict)
    pixel_size: float = 0.5
    known: list[UUID] = field(default_factory=list)  # every track there ever was, in the order of their numbers
    lost: dict[UUID, tuple[str, dict[int, tuple[MaskRle, str]]]] = field(default_factory=dict)  # by deletion

    def lose(self, track: UUID) -> None:
        masks = {frame: mask for (owner, frame), mask in self.masks.items() if owner == track}
        self.lost[track] = (self.names.pop(track), masks)
        for frame in masks:
            del self.masks[track, frame]

    def restore(self, old: "Replay", span: tuple[int, int] | None, tracks: list[UUID] | None) -> None:
        chosen = self.known if tracks is None else tracks
        frames = range(FRAMES) if span is None else range(span[0], span[1] + 1)
        if span is None:
            for track in chosen:
                if track in self.names and track not in old.names:
                    self.lose(track)
                elif track in old.names:
                    self.names[track] = old.names[track]
        for track in chosen:
            lost = {}
            for each in frames:
                if (track, each) in old.masks:
                    self.masks[track, each] = old.masks[track, each]
                    self.names.setdefault(track, old.names[track])
                elif (track, each) in self.masks:
                    lost[each] = self.masks.pop((track, each))
            bare = all(owner != track for owner, _ in self.masks)
            if lost and bare and track not in old.names:  # it goes with its last masks, and comes back with them
                self.lost[track] = (self.names.pop(track), lost)
        if span is None and tracks is None:
            self.pixel_size = old.pixel_size


@dataclass
class Played:
    series: Series
    now: Replay
    versions: list[Replay]

    def commit(self, operations: list[Operation], subjects: list[tuple[UUID, int | None]]) -> None:
        commit(self.series, operations, [(track, frame, self._head(track, frame)) for track, frame in subjects])
        self.versions.append(deepcopy(self.now))

    def _head(self, track: UUID, frame: int | None) -> int | None:
        version = len(self.versions) - 1
        rows: Any = selectors.tracks_at(self.series.pk, version).filter(track=track)
        if frame is not None:
            rows = selectors.masks_at(self.series.pk, version).filter(track=track, frame=frame)
        return rows.values_list("pk", flat=True).first()


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("draw"), st.integers(0, TRACKS), st.integers(0, FRAMES - 1), st.integers(0, 9)),
        st.tuples(st.just("erase"), st.integers(0, TRACKS), st.integers(0, FRAMES - 1)),
        st.tuples(st.just("name"), st.integers(0, TRACKS), st.sampled_from("abc")),
        st.tuples(st.just("delete"), st.integers(0, TRACKS)),
        st.tuples(st.just("revive"), st.integers(0, TRACKS)),
        st.tuples(st.just("calibrate"), st.sampled_from([0.1, 0.2])),
        st.tuples(
            st.just("restore"),
            st.integers(0, 30),
            st.one_of(st.none(), st.tuples(st.integers(0, FRAMES - 1), st.integers(0, FRAMES - 1))),
            st.one_of(st.none(), st.sets(st.integers(0, TRACKS), min_size=1)),
        ),
    ),
    max_size=14,
)


def play(played: Played, action: tuple[Any, ...]) -> None:
    now = played.now
    match action:
        case ("draw", index, frame, which):
            mask = MASKS[which % len(MASKS)]
            state = "accepted" if which < len(MASKS) else "proposal"
            new = index >= len(now.known)
            track = uuid4() if new else now.known[index]
            if not new and track not in now.names:
                return
            if new:
                now.known.append(track)
                now.names[track] = ""
            now.masks[track, frame] = (mask, state)
            create: list[Operation] = [TrackCreate(track=track, phase=None)] if new else []
            drawn = MaskSet(track=track, frame=frame, mask=mask, state=state)
            played.commit([*create, drawn], [(track, frame), *([(track, None)] if new else [])])
        case ("erase", index, frame) if index < len(now.known) and (now.known[index], frame) in now.masks:
            track = now.known[index]
            del now.masks[track, frame]
            played.commit([MaskDelete(track=track, frame=frame)], [(track, frame)])
        case ("name", index, name) if index < len(now.known) and now.known[index] in now.names:
            track = now.known[index]
            now.names[track] = name
            played.commit([TrackSet(track=track, phase=None, name=name)], [(track, None)])
        case ("delete", index) if index < len(now.known) and now.known[index] in now.names:
            track = now.known[index]
            now.lose(track)
            played.commit([TrackDelete(track=track)], [(track, None)])
        case ("revive", index) if index < len(now.known) and now.known[index] not in now.names:
            track = now.known[index]
            now.names[track], masks = now.lost[track]
            now.masks |= {(track, frame): mask for frame, mask in masks.items()}
            played.commit([TrackRestore(track=track)], [(track, None)])
        case ("calibrate", pixel_size):
            now.pixel_size = pixel_size
            value = CalibrationValue(pixel_size, "nm", 0.25, "ruler")
            author = owner_of(played.series)
            services.set_calibration(series_id=played.series.pk, author=author, request_id=uuid4(), value=value)
            played.versions.append(deepcopy(now))
        case ("restore", back, ends, indices):
            restore(played, back % len(played.versions), ends and (min(ends), max(ends)), indices)


def restore(played: Played, version: int, span: tuple[int, int] | None, indices: set[int] | None) -> None:
    tracks = None if indices is None else [track for i, track in enumerate(played.now.known) if i in indices]
    try:
        reversals.restore(
            series_id=played.series.pk,
            author=owner_of(played.series),
            request_id=uuid4(),
            version=version,
            frames=span,
            tracks=tracks,
        )
    except InvalidError as error:
        assert error.code == "unchanged"
        before = deepcopy(played.now)
        played.now.restore(played.versions[version], span, tracks)
        assert (played.now.names, played.now.masks) == (before.names, before.masks)
        return
    played.now.restore(played.versions[version], span, tracks)
    played.versions.append(deepcopy(played.now))


PLAYED = hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@PLAYED
@given(actions=ACTIONS)
def test_every_version_is_what_a_replay_says(db: None, actions: list[tuple[Any, ...]]) -> None:
    series = make_series(make_project())
    played = Played(series, Replay(), [Replay()])
    for action in actions:
        play(played, action)
    assert selectors.head_of(series.pk) == len(played.versions) - 1
    for version, expected in enumerate(played.versions):
        counts = {row.frame: row for row in selectors.timeline(series_id=series.pk, version=version).frames}
        for frame in range(FRAMES):
            state = selectors.state_at(series=series, version=version, frame=frame)
            assert {each.track: each.name for each in state.tracks} == expected.names
            masks = {each.track: (each.mask, each.state) for each in state.masks}
            assert masks == {track: mask for (track, on), mask in expected.masks.items() if on == frame}
            states = [mask_state for _, mask_state in masks.values()]
            found = counts.get(frame)
            assert ((found.accepted, found.proposals) if found else (0, 0)) == (
                states.count("accepted"),
                states.count("proposal"),
            )
        assert selectors.calibration_at(series, version).pixel_size == expected.pixel_size
    series.refresh_from_db()
    accepted = {frame for (_, frame), (_, mask_state) in played.now.masks.items() if mask_state == "accepted"}
    assert series.annotated_frames == len(accepted)


@PLAYED
@given(actions=ACTIONS, ends=st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_the_difference_of_two_versions_is_that_of_their_replays(
    db: None, actions: list[tuple[Any, ...]], ends: tuple[int, int]
) -> None:
    series = make_series(make_project())
    played = Played(series, Replay(), [Replay()])
    for action in actions:
        play(played, action)
    a, b = (end % len(played.versions) for end in ends)
    then, now = played.versions[a], played.versions[b]
    found = difference(series=series, from_version=a, to_version=b)
    assert [(row.frame, row.added, row.removed, row.changed, row.reviewed) for row in found.frames] == [
        (frame, *counts) for frame in range(FRAMES) if any(counts := counted(then, now, frame))
    ]
    areas = {row.frame: row.area_after_px - row.area_before_px for row in found.frames}
    assert areas == {frame: area(now, frame) - area(then, frame) for frame in areas}
    assert found.objects.added == len(now.names.keys() - then.names.keys())
    assert found.objects.removed == len(then.names.keys() - now.names.keys())
    assert found.objects.changed == sum(
        then.names[track] != now.names[track] for track in then.names.keys() & now.names.keys()
    )
    assert found.calibration == (then.pixel_size != now.pixel_size)
    pages, first = [], 0
    while first is not None:
        page = difference(series=series, from_version=a, to_version=b, first_frame=first, limit=1)
        pages += page.frames
        first = page.next
    assert pages == found.frames


def counted(then: Replay, now: Replay, frame: int) -> tuple[int, int, int, int]:
    """Masks added, removed, changed, and only reviewed."""
    before, after = ({track: mask for (track, on), mask in each.masks.items() if on == frame} for each in (then, now))
    both = before.keys() & after.keys()
    changed = sum(before[track][0] != after[track][0] for track in both)
    differ = sum(before[track] != after[track] for track in both)
    return len(after.keys() - before.keys()), len(before.keys() - after.keys()), changed, differ - changed


def area(replay: Replay, frame: int) -> int:
    return sum(rle.area(rle.Rle(mask.size, mask.counts)) for (_, on), (mask, _) in replay.masks.items() if on == frame)


@PLAYED
@given(actions=ACTIONS, back=st.integers(0, 30))
def test_restoring_everything_gives_back_the_old_state_and_can_be_undone(
    db: None, actions: list[tuple[Any, ...]], back: int
) -> None:
    series = make_series(make_project())
    played = Played(series, Replay(), [Replay()])
    for action in actions:
        play(played, action)
    head, version = len(played.versions) - 1, back % len(played.versions)
    expected = reversals.restoration(series_id=series.pk, version=version)
    restore(played, version, None, None)
    if len(played.versions) - 1 == head:
        assert not any(expected["counts"].values())
        return
    assert same(series, version, head + 1)
    row = Changeset.objects.get(series=series, version=head + 1)
    assert row.summary["counts"] == expected["counts"]
    if row.summary["counts"]["calibrations"] == 0:  # they are set, not taken back
        reversals.revert(series_id=series.pk, author=owner_of(series), request_id=uuid4(), version=head + 1)
        assert same(series, head, head + 2)


def same(series: Series, a: int, b: int) -> bool:
    found = difference(series=series, from_version=a, to_version=b)
    objects = found.objects
    return not (found.frames or objects.added or objects.removed or objects.changed or found.events)


# ---- lists ----------------------------------------------------------------------------------------------------


@pytest.fixture
def series() -> Series:
    """Versions 1 to 6: six tracks, each on a frame of its own."""
    series = make_series()
    for frame in range(6):
        track = uuid4()
        operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=frame, mask=MASKS[0])]
        commit(series, operations, [(track, None, None), (track, frame, None)], reason=f"frame {frame}")
    return series


def test_history_lists_the_newest_first_in_pages(series: Series) -> None:
    rows, following = history(series_id=series.pk, before=None, limit=4)
    assert [row.version for row in rows] == [6, 5, 4, 3]
    assert rows[0].summary == {
        "counts": {
            "masks_set": 1,
            "masks_deleted": 0,
            "tracks_created": 1,
            "tracks_changed": 0,
            "tracks_deleted": 0,
            "calibrations": 0,
            "events": 0,
        },
        "frames": [5],
    }
    rows, following = history(series_id=series.pk, before=following, limit=4)
    assert [row.version for row in rows] == [2, 1]
    assert following is None


def test_history_of_a_frame_or_a_track_names_what_touched_it(series: Series) -> None:
    rows, _ = history(series_id=series.pk, before=None, limit=50, wanted=Wanted(first_frame=3, last_frame=3))
    assert [row.reason for row in rows] == ["frame 3"]
    track = selectors.tracks_at(series.pk, 2).get(version=2).track_id
    revision = selectors.tracks_at(series.pk, 6).get(track=track).pk
    commit(series, [TrackSet(track=track, phase=None, name="x")], [(track, None, revision)], reason="name")
    rows, _ = history(series_id=series.pk, before=None, limit=50, wanted=Wanted(track=track))
    assert [row.reason for row in rows] == ["name", "frame 1"]


def test_changes_come_in_pages_bounded_by_their_revisions(series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "MOST_REVISIONS", 5)
    assert [each.version for each in selectors.changes_since(series.pk, 1)] == [2, 3]
    monkeypatch.setattr(selectors, "MOST_REVISIONS", 1)
    assert [each.version for each in selectors.changes_since(series.pk, 5)] == [6]


def test_large_changesets_leave_pixels_out_but_name_them(series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.annotations.wire.INLINE_BYTES", 3)
    (changeset,) = selectors.changes_since(series.pk, 5)
    (mask,) = (each for each in changeset.revisions if each.kind == "mask")
    assert mask.mask is None
    assert mask.sha256 is not None
    assert selectors.mask(series.pk, mask.sha256) == MASKS[0]


@pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3",
    reason="PostgreSQL's planner reads small tables whole, rightly",
)
def test_reading_a_frame_touches_the_rows_of_that_frame_only(series: Series) -> None:
    plan = selectors.masks_at(series.pk, 3).filter(frame=2).explain()
    assert "mask_state_at_version (series_id=? AND frame=?)" in plan
    assert "SCAN" not in plan
