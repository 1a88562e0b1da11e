"""Which annotated frames train a model and which only score it. Neighbours in time never stand on different sides."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

Frames = dict[UUID, list[int]]  # frames' indices, rising, by series; no series without frames


@dataclass(frozen=True)
class Split:
    """Every annotated frame is on exactly one side."""

    training: Frames
    validation: Frames
    unused: Frames


def by_series(annotated: Mapping[UUID, Sequence[int]], validation: Collection[UUID]) -> Split:
    """Whole series score, all others train."""
    return Split(
        {series: sorted(frames) for series, frames in annotated.items() if frames and series not in validation},
        {series: sorted(frames) for series, frames in annotated.items() if frames and series in validation},
        {},
    )


def by_blocks(annotated: Mapping[UUID, Sequence[int]], *, block: int, share: float, gap: int) -> Split:
    """Whole blocks of frames score, spread evenly over all series.

    Parameters
    ----------
    annotated
        Frames by series.
    block
        Frames in a block; block k of a series holds its frames k·block to (k + 1)·block − 1, annotated or not.
    share
        Of the blocks that hold annotated frames, 0 to 1, for validation: at least one of them, and never all.
    gap
        A frame at most this far from a frame of validation of its series trains nothing.
    """
    blocks = [
        (series, number)
        for series, frames in annotated.items()
        for number in sorted({frame // block for frame in frames})
    ]
    chosen = {blocks[at] for at in _spread(len(blocks), share)}
    split = Split({}, {}, {})
    for series, frames in annotated.items():
        scored = sorted(frame for frame in frames if (series, frame // block) in chosen)
        near = {frame + shift for frame in scored for shift in range(-gap, gap + 1)}
        others = sorted(set(frames) - set(scored))
        _keep(split.validation, series, scored)
        _keep(split.training, series, (frame for frame in others if frame not in near))
        _keep(split.unused, series, (frame for frame in others if frame in near))
    return split


def thinned(split: Split, most: int) -> Split:
    """With at most `most` frames of validation, spread evenly; what is left out is unused."""
    scored = [(series, frame) for series, frames in split.validation.items() for frame in frames]
    if len(scored) <= most:
        return split
    kept = {scored[at * len(scored) // most] for at in range(most)}
    validation: Frames = {}
    unused = {series: list(frames) for series, frames in split.unused.items()}
    for series, frame in scored:
        (validation if (series, frame) in kept else unused).setdefault(series, []).append(frame)
    return Split(split.training, validation, {series: sorted(frames) for series, frames in unused.items()})


def _spread(count: int, share: float) -> list[int]:
    """Places of the chosen among `count`, as evenly as whole numbers allow."""
    if count < 2:
        return []
    wanted = min(max(round(share * count), 1), count - 1)
    return [(2 * place + 1) * count // (2 * wanted) for place in range(wanted)]


def _keep(side: Frames, series: UUID, frames: Iterable[int]) -> None:
    if kept := list(frames):
        side[series] = kept
