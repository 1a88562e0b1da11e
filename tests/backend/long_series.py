"""A series as long work leaves it: every mask proposed by a job, accepted by a person, and drawn anew."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import numpy as np

from backend.annotations.values import MaskValue, TrackValue
from backend.jobs.models import Job
from backend.projects.models import Project, User
from backend.series.models import PixelStore, Series
from ml import rle
from ml.rle import Rle
from tests.backend.builders import CALIBRATION
from tests.backend.bulk import Change, append_all

MODEL = {"model": "efficient_sam_ti", "model_hash": "0" * 64, "score": 0.9}
ORIGIN: dict[str, Any] = {
    **{"model": None, "model_hash": None, "points": [], "box": None, "score": None, "edited": False},
    **{"tracker": None, "tracker_hash": None, "confidence": None, "bridged": False},
}


def long_series(project: Project, author: User, job: Job, *, frames: int, objects: int, side: int) -> Series:
    """Versions 1 to `frames` propose the masks, a frame each; as many accept them, as many draw them anew.

    Objects are discs in a square grid that drift from frame to frame; no two masks are equal. The pixel store has a
    row but no files.
    """
    pixels = PixelStore.objects.create(
        hash=f"{frames:032x}{objects:032x}",
        frames=frames,
        height=side,
        width=side,
        channels=1,
        dtype="uint8",
        levels=[{"height": side, "width": side, "chunk": [side, side], "scale": 1}],
        input_low=0.0,
        input_high=255.0,
        size_bytes=1,
    )
    series = Series.objects.create(
        project=project,
        name="Long heating",
        pixels=pixels,
        initial_calibration=CALIBRATION,
        calibration=CALIBRATION,
        created_by=author,
    )
    append_all(series, _changes(author, job, frames, objects, side))
    return series


def _changes(author: User, job: Job, frames: int, objects: int, side: int) -> Iterator[Change]:
    tracks = [uuid4() for _ in range(objects)]
    cell = side // int(np.ceil(np.sqrt(objects)))
    small, large = _Disc(side, cell // 6), _Disc(side, cell // 5)
    proposed, drawn = ORIGIN | MODEL, ORIGIN | {"edited": True}
    created = {track: TrackValue(None, "", deleted=False) for track in tracks}
    for frame in range(frames):
        places = list(_places(tracks, frame, side, cell))
        found = {track: small.at(x, y) for track, x, y in places}
        masks = _masks(found, frame, "proposal", proposed)
        new = created if frame == 0 else {}
        yield Change(author, f"Segment frame {frame + 1}", job, new, masks, {rle.sha256(m): m for m in found.values()})
    for frame in range(frames):
        found = {track: small.at(x, y) for track, x, y in _places(tracks, frame, side, cell)}
        yield Change(author, "Accept proposals", masks=_masks(found, frame, "accepted", proposed))
    for frame in range(frames):
        found = {track: large.at(x, y) for track, x, y in _places(tracks, frame, side, cell)}
        masks = _masks(found, frame, "accepted", drawn)
        yield Change(author, "Paint", masks=masks, pixels={rle.sha256(m): m for m in found.values()})


def _masks(found: dict[UUID, Rle], frame: int, state: str, origin: dict[str, Any]) -> dict[tuple[UUID, int], MaskValue]:
    return {
        (track, frame): MaskValue(rle.sha256(mask), order, state, origin)
        for order, (track, mask) in enumerate(found.items())
    }


def _places(tracks: list[UUID], frame: int, side: int, cell: int) -> Iterator[tuple[UUID, int, int]]:
    """Where each disc's box begins: a place of its own in its cell on each of the first cell²/4 frames."""
    across = side // cell
    half = cell // 2
    for index, track in enumerate(tracks):
        step = (frame * 7 + index) % (half * half)
        yield track, index % across * cell + step % half, index // across * cell + step // half


class _Disc:
    """One shape, moved by its first and last run: a frame need not be drawn and encoded for every mask."""

    def __init__(self, side: int, radius: int) -> None:
        self.side = side
        rows, columns = np.mgrid[: 2 * radius + 1, : 2 * radius + 1] - radius
        mask = np.zeros((side, side), bool)
        mask[: 2 * radius + 1, : 2 * radius + 1] = rows**2 + columns**2 <= radius**2
        encoded = rle.encode(mask)
        lengths = rle.runs(encoded.size, encoded.counts)
        # Counts are differences to the run before the last, from the fourth on.
        self.first, self.last = int(lengths[0]), int(lengths[-1] - lengths[-3])
        self.inner = encoded.counts[len(_number(self.first)) : -len(_number(self.last))]

    def at(self, x: int, y: int) -> Rle:
        shift = x * self.side + y
        counts = _number(self.first + shift) + self.inner + _number(self.last - shift)
        return Rle((self.side, self.side), counts)


def _number(value: int) -> str:
    """One number of COCO's compressed counts (`rleToString` of maskApi.c)."""
    text = ""
    while True:
        group = value & 31
        value >>= 5
        more = value != -1 if group & 16 else value != 0
        text += chr(group + (32 if more else 0) + 48)
        if not more:
            return text
