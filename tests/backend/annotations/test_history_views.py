"""The history, differences, lives and restoring over REST."""

from uuid import UUID, uuid4

import pytest
from django.test import Client

from backend.annotations import selectors
from backend.protocol.messages import MaskSet
from backend.series.models import Series
from ml import rle
from tests.backend.annotations.test_views import BAR, DOT, get, owner, post, series, track
from tests.backend.builders import commit, owner_of

__all__ = ["owner", "series", "track"]

pytestmark = [pytest.mark.django_db, pytest.mark.database]

DOT_SHA, BAR_SHA = (rle.sha256(rle.Rle(mask.size, mask.counts)) for mask in (DOT, BAR))


@pytest.fixture
def redrawn(series: Series, track: UUID) -> int:
    """Version 2: the mask on frame 0 is another one. Version 3: there is one on frame 4, too."""
    revision = selectors.masks_at(series.pk, 1).get().pk
    commit(series, [MaskSet(track=track, frame=0, mask=BAR)], [(track, 0, revision)], reason="Paint")
    return commit(series, [MaskSet(track=track, frame=4, mask=DOT)], [(track, 4, None)], reason="Paint").version


def test_the_history_shows_a_mask_that_each_changeset_wrote(
    owner: Client, series: Series, track: UUID, redrawn: int
) -> None:
    later, paint, draw = (entry["sample"] for entry in get(owner, series, "history")["results"])
    assert paint == {"track": str(track), "frame": 0, "before": DOT_SHA, "after": BAR_SHA, "box": [0, 3, 30, 12]}
    assert (draw["before"], draw["after"], draw["box"]) == (None, DOT_SHA, [2, 3, 6, 8])
    assert later["frame"] == 4


def test_the_history_is_filtered_by_what_its_address_says(
    owner: Client, series: Series, track: UUID, redrawn: int
) -> None:
    author = owner_of(series).pk
    for query, versions in (
        ("kind=objects&kind=events", [1]),
        (f"author={author}&kind=masks", [3, 2, 1]),
        (f"author={author + 1}", []),
        ("frame=4", [3]),
        ("first_frame=1&last_frame=4", [3]),
        (f"track={track}&frame=0", [2, 1]),
    ):
        assert [row["version"] for row in get(owner, series, f"history?{query}")["results"]] == versions, query
    refused = get(owner, series, "history?kind=repairs", 400)
    assert "kind" in refused["fields"]


def test_a_difference_is_counted_by_frame_in_pages(owner: Client, series: Series, redrawn: int) -> None:
    found = get(owner, series, "difference?from=1&limit=1")
    row = {"added": 0, "removed": 0, "changed": 1, "reviewed": 0, "area_before_px": 20, "area_after_px": 60}
    assert found["frames"] == [{"frame": 0, **row}]
    assert (found["from_version"], found["to_version"], found["next"]) == (1, 3, 4)
    assert found["objects"] == {"added": 0, "removed": 0, "changed": 0}
    (there,) = get(owner, series, "difference?from=1&first_frame=4")["frames"]
    assert (there["frame"], there["added"], there["area_after_px"]) == (4, 1, 20)
    backwards = get(owner, series, "difference?from=3&to=0")
    assert [(row["frame"], row["removed"]) for row in backwards["frames"]] == [(0, 1), (4, 1)]
    assert backwards["objects"]["removed"] == 1
    assert get(owner, series, "difference?from=9", 400)["code"] == "invalid"
    assert "from" in get(owner, series, "difference", 400)["fields"]


def test_a_life_and_the_versions_of_a_mask_are_told(owner: Client, series: Series, track: UUID, redrawn: int) -> None:
    found = get(owner, series, f"tracks/{track}/life")
    assert [(run["first"], run["last"], run["first_version"]) for run in found["runs"]] == [(0, 0, 2), (4, 4, 3)]
    told = get(owner, series, f"tracks/{track}/revisions?frame=0")
    assert [row["sha256"] for row in told["revisions"]] == [BAR_SHA, DOT_SHA]


def test_frames_are_restored_and_what_would_change_is_said_before(
    owner: Client, series: Series, track: UUID, redrawn: int
) -> None:
    body = {"version": 1, "first_frame": 1, "last_frame": 5}
    said = post(owner, series, "restoration", body, 200)
    assert (said["counts"]["masks_deleted"], said["counts"]["masks_set"]) == (1, 0)
    assert (said["frames"], said["first_frame"], said["last_frame"]) == (1, 4, 4)
    assert selectors.head_of(series.pk) == redrawn
    made = post(owner, series, "restore", body | {"request_id": str(uuid4())})
    assert made["reason"] == "Restore version 1 of frames 2 to 6"
    (kept,) = selectors.state_at(series=series, version=None, frame=0).masks
    assert kept.sha256 == BAR_SHA
    assert selectors.state_at(series=series, version=None, frame=4).masks == []
    nothing = post(owner, series, "restoration", body, 200)
    assert not any(nothing["counts"].values())
    post(owner, series, "revert", {"version": made["version"], "request_id": str(uuid4())})
    assert len(selectors.state_at(series=series, version=None, frame=4).masks) == 1


def test_a_span_of_frames_has_two_ends_in_order_and_inside_the_series(owner: Client, series: Series) -> None:
    for body in (
        {"version": 0, "first_frame": 3},
        {"version": 0, "first_frame": 3, "last_frame": 2},
        {"version": 0, "frame": 1, "first_frame": 1, "last_frame": 2},
        {"version": 0, "first_frame": 1, "last_frame": 6},
        {"version": 0, "frame": 6},
    ):
        post(owner, series, "restoration", body, 400)
