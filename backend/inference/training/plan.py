"""What a training would learn from: annotated frames of pinned versions, which side each is on, and what is amiss."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend.annotations import selectors
from backend.annotations.models import MaskState
from backend.inference.training.split import Frames, Split, by_blocks, by_series, thinned
from backend.series.models import Series

MOST_PIXELS = 400_000_000  # of all frames together: they are held in memory, at some nine bytes a pixel
MOST_SCORED = 32  # frames of validation: each is segmented after every epoch


@dataclass(frozen=True)
class Source:
    """A series at one version."""

    series: Series
    version: int


@dataclass(frozen=True)
class Plan:
    """`masks` counts accepted masks on all annotated frames. With `obstacles` the training cannot begin."""

    split: Split
    masks: int
    obstacles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def frames(self) -> dict[str, int]:
        sides = {"training": self.split.training, "validation": self.split.validation}
        return {name: sum(map(len, side.values())) for name, side in sides.items()}


@dataclass
class _Seen:
    annotated: dict[UUID, list[int]] = field(default_factory=dict)
    phases: dict[UUID, dict[int, Counter[UUID | None]]] = field(default_factory=dict)  # series, frame: masks by phase


def plan(sources: Sequence[Source], split: dict[str, Any], phases: Sequence[dict[str, Any]], model: str) -> Plan:
    """Split the annotated frames as asked for.

    Parameters
    ----------
    split
        {"by": "series", "validation": [id, …]} or {"by": "blocks", "block", "share", "gap"}.
    phases
        {id, name} of those to be told apart; [] where everything is one phase.
    """
    seen = _Seen()
    for source in sources:
        _look(source, seen)
    if split["by"] == "series":
        divided = by_series(seen.annotated, {UUID(each) for each in split["validation"]})
    else:
        options = {name: split[name] for name in ("block", "share", "gap")}
        divided = by_blocks(seen.annotated, **options)
    notes = []
    scored = sum(map(len, divided.validation.values()))
    if scored > MOST_SCORED:
        divided = thinned(divided, MOST_SCORED)
        notes.append(f"Of {scored} frames of validation {MOST_SCORED} are scored, evenly spread: more would take long.")
    masks = sum(counts.total() for frames in seen.phases.values() for counts in frames.values())
    obstacles = [*_obstacles(sources, divided, split), *_obstacles_of_phases(model, phases, divided, seen)]
    return Plan(divided, masks, obstacles, notes + _notes(phases, divided, seen))


def _look(source: Source, seen: _Seen) -> None:
    series, version = source.series, source.version
    phase_of = dict(
        selectors.tracks_at(series.pk, version).filter(deleted=False).values_list("track_id", "phase_id").iterator()
    )
    masks = selectors.masks_at(series.pk, version).filter(state=MaskState.ACCEPTED).exclude(mask=None)
    frames: dict[int, Counter[UUID | None]] = {}
    for frame, track in masks.values_list("frame", "track_id").iterator():
        frames.setdefault(frame, Counter())[phase_of.get(track)] += 1
    seen.phases[series.pk] = frames
    seen.annotated[series.pk] = sorted(frames)


def _obstacles(sources: Sequence[Source], split: Split, asked: dict[str, Any]) -> list[str]:
    found = []
    stores: dict[str, Series] = {}
    for source in sources:
        if (other := stores.setdefault(source.series.pixels_id, source.series)) is not source.series:
            found.append(
                f"{source.series.name} and {other.name} show the same images, so that frames of one would be known "
                "from the other. Leave one of them out."
            )
    if not split.training and not split.validation:
        return [*found, "No frame of the chosen series has an accepted mask. Annotate some frames first."]
    if not split.training:
        remedy = (
            "Leave a series with annotated frames for training."
            if asked["by"] == "series"
            else "Make the share or the gap smaller, or annotate more frames."
        )
        found.append(f"No annotated frame is left to train on. {remedy}")
    if not split.validation:
        remedy = (
            "Choose a series with annotated frames for validation."
            if asked["by"] == "series"
            else "All annotated frames lie in one block: make blocks shorter, or annotate frames further apart."
        )
        found.append(f"No annotated frame is left for validation. {remedy}")
    size = {source.series.pk: source.series.pixels.height * source.series.pixels.width for source in sources}
    pixels = sum(
        len(frames) * size[series] for side in (split.training, split.validation) for series, frames in side.items()
    )
    if pixels > MOST_PIXELS:
        found.append(
            f"The frames have {pixels / 1e6:.0f} million pixels; {MOST_PIXELS // 10**6} million are the most that a "
            "training holds. Choose fewer series."
        )
    return found


def _obstacles_of_phases(model: str, phases: Sequence[dict[str, Any]], split: Split, seen: _Seen) -> list[str]:
    if model == "threshold" and len(phases) > 1:
        return ["Threshold cannot tell phases apart. Choose one phase, or none to take all objects."]
    if model == "vm_unet_v2" and len(phases) > 1:
        return ["VM-UNetV2 cannot tell phases apart. Choose one phase, or another network."]
    there = _counted(split.training, seen)
    return [
        f"No frame to train on has an accepted mask of the phase {phase['name']}. Annotate some, or leave it out."
        for phase in phases
        if split.training and not there[UUID(phase["id"])]
    ]


def _notes(phases: Sequence[dict[str, Any]], split: Split, seen: _Seen) -> list[str]:
    if not phases:
        return []
    chosen = {UUID(phase["id"]) for phase in phases}
    scored, found = _counted(split.validation, seen), _counted(split.training, seen)
    notes = [
        f"No frame of validation shows the phase {phase['name']}: how well it is found will not be known."
        for phase in phases
        if split.validation and not scored[UUID(phase["id"])]
    ]
    others = sum(count for counts in (scored, found) for phase, count in counts.items() if phase not in chosen)
    if others:
        notes.append(f"{others} masks are of none of the chosen phases: they count as background.")
    return notes


def _counted(side: Frames, seen: _Seen) -> Counter[UUID | None]:
    total: Counter[UUID | None] = Counter()
    for series, frames in side.items():
        for frame in frames:
            total.update(seen.phases[series][frame])
    return total
