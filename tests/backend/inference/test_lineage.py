"""Lineages of every shape survive being saved, loaded, exported and read again: n → 1 and 1 → n, in order of time."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from backend.annotations import services
from backend.annotations.steps import Edit
from backend.inference.selectors import pinned
from backend.inference.snapshot import Snapshot
from backend.protocol.errors import InvalidError
from backend.protocol.messages import MaskSet, TrackCreate
from backend.series.models import Series
from ml.formats.annotations import formats
from ml.lineage import check, links_of
from tests.backend.builders import FRAMES, WIDTH, commit, make_series, owner_of, rectangle

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Lives = dict[int, tuple[int, int]]
Happening = tuple[str, int, list[int], list[int]]  # what, the children's first frame, parents, children


def random_lineage(seed: int) -> tuple[Lives, list[Happening]]:
    """Tracks from 1, each with its first and last frame, and merges and splits between them."""
    rng = np.random.default_rng(seed)
    lives: Lives = dict.fromkeys(range(1, 5), (0, FRAMES - 1))
    happened: list[Happening] = []
    for frame in range(1, FRAMES):
        going = [track for track, (first, last) in lives.items() if first < frame <= last]
        kind = rng.choice(["merge", "split", "nothing"])
        many = int(rng.integers(2, 4))
        if kind == "nothing" or len(going) < (many if kind == "merge" else 1):
            continue
        parents = sorted(int(track) for track in rng.choice(going, many if kind == "merge" else 1, replace=False))
        children = list(range(len(lives) + 1, len(lives) + 1 + (1 if kind == "merge" else many)))
        for parent in parents:
            lives[parent] = (lives[parent][0], frame - 1)
        lives |= dict.fromkeys(children, (frame, FRAMES - 1))
        happened.append((str(kind), frame, parents, children))
    return lives, happened


def saved(series: Series, lives: Lives, happened: list[Happening]) -> dict[int, UUID]:
    """The tracks' ids; each has one column of pixels for itself."""
    ids = {number: uuid4() for number in lives}
    operations: list[Any] = []
    bases: list[tuple[UUID, int | None, Any]] = []
    for number, (first, last) in lives.items():
        operations.append(TrackCreate(track=ids[number], phase=None))
        bases.append((ids[number], None, None))
        for frame in range(first, last + 1):
            place = rectangle(number % WIDTH, 0, number % WIDTH + 1, 5)
            operations.append(MaskSet(track=ids[number], frame=frame, mask=place))
            bases.append((ids[number], frame, None))
    commit(series, operations, bases)
    for what, frame, parents, children in happened:
        services.edit(series_id=series.pk, author=owner_of(series), asked=edit(ids, what, frame, parents, children))
    return ids


def edit(ids: dict[int, UUID], what: str, frame: int, parents: list[int], children: list[int]) -> Edit:
    step = {
        "op": "event.set",
        "event": uuid4(),
        "what": what,
        "first_frame": frame - 1,
        "last_frame": frame,
        "parents": [ids[number] for number in parents],
        "children": [ids[number] for number in children],
    }
    return Edit.model_validate({"request_id": uuid4(), "seen": 10_000, "steps": [step]})


def told(events: Any) -> list[Happening]:
    return sorted((each.kind, each.last_frame, sorted(each.parents), sorted(each.children)) for each in events)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["coco", "ctc", "labels"])
def test_a_lineage_is_kept_through_saving_loading_exporting_and_reading(tmp_path: Path, seed: int, name: str) -> None:
    lives, happened = random_lineage(seed)
    assert happened
    series = make_series()
    saved(series, lives, happened)
    pins = pinned(series.pk, None)
    snapshot = Snapshot.read(
        series, version=pins["version"], settings_version=pins["settings_version"], names=pins["names"]
    )
    dataset = snapshot.dataset(lambda frame: None)
    assert told(dataset.events) == sorted(happened)
    formats()[name].write(dataset, tmp_path)
    read = formats()[name].read
    assert read is not None
    again = read(tmp_path)
    assert told(again.events) == sorted(happened)
    check(lives_of(again), links_of(again.events))
    assert lives_of(again) == lives


def lives_of(dataset: Any) -> Lives:
    found: Lives = {}
    for frame in range(dataset.frames):
        for one in dataset.instances(frame):
            found[one.track] = (found.get(one.track, (frame, frame))[0], frame)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_circle_or_a_step_back_in_time_is_refused(seed: int) -> None:
    """Whatever a person tries to write into a lineage, it stays one."""
    lives, happened = random_lineage(seed)
    series = make_series()
    ids = saved(series, lives, happened)
    rng = np.random.default_rng(seed)
    refused = 0
    for _ in range(30):
        one, two, child = (int(number) for number in rng.choice(list(lives), 3, replace=False))
        frame = int(rng.integers(1, FRAMES))
        try:
            services.edit(
                series_id=series.pk, author=owner_of(series), asked=edit(ids, "merge", frame, [one, two], [child])
            )
        except InvalidError as error:
            assert error.code == "lineage"
            refused += 1
        else:
            assert max(lives[one][1], lives[two][1]) < frame <= lives[child][0]
    assert refused
    pins = pinned(series.pk, None)
    snapshot = Snapshot.read(
        series, version=pins["version"], settings_version=pins["settings_version"], names=pins["names"]
    )
    check(lives, links_of(snapshot.events))
