"""Series with pixels on the disk and discs in two phases, for the tests of what learns from them."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from backend.projects.models import Phase, Project
from backend.protocol.messages import MaskSet, TrackCreate
from backend.series.models import Series
from tests.backend.builders import as_message, commit
from tests.backend.series.files import imported

SIZE = 64
CENTRES = ((16, 18), (44, 40))


def disc(x: float, y: float, radius: float = 9) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def masks_of(frame: int) -> list[NDArray[np.bool_]]:
    """Two discs that drift; the second is the darker one."""
    return [disc(x + frame * 0.5, y, 9 + number) for number, (x, y) in enumerate(CENTRES)]


def images(frames: int, seed: int = 0) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, 6, (frames, SIZE, SIZE))
    for frame in range(frames):
        bright, dark = masks_of(frame)
        noise[frame] += np.where(dark, 40, np.where(bright, 220, 130))
    return noise.clip(0, 255).astype(np.uint8)


def series_with_discs(
    project: Project,
    phases: Sequence[Phase | None] = (None, None),
    *,
    frames: int = 8,
    annotated: int = 8,
    seed: int = 0,
) -> Series:
    """The first `annotated` frames have accepted masks of both tracks."""
    series = imported(project, images(frames, seed))
    annotate(series, phases, range(annotated))
    series.refresh_from_db()
    return series


def annotate(series: Series, phases: Sequence[Phase | None], frames: Sequence[int]) -> None:
    tracks = [uuid4(), uuid4()]
    operations: list[Any] = [
        TrackCreate(track=track, phase=phase.pk if phase else None) for track, phase in zip(tracks, phases, strict=True)
    ]
    base: list[Any] = [(track, None, None) for track in tracks]
    for frame in frames:
        for track, mask in zip(tracks, masks_of(frame), strict=True):
            operations.append(MaskSet(track=track, frame=frame, mask=as_message(mask)))
            base.append((track, frame, None))
    commit(series, operations, base)
