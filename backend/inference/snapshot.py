"""One version of a series as the annotation formats take it: accepted masks only."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.fields.json import KT

from backend.annotations import selectors
from backend.annotations.models import MaskRevision, MaskState
from backend.annotations.values import CalibrationValue
from backend.projects.selectors import ListedPhase, phases_at
from backend.series.models import Series
from ml.formats import annotation_dataset
from ml.formats.annotation_dataset import AnnotationDataset, LabelledInstance
from ml.lineage import Event, EventKind
from ml.rle import Rle

UNASSIGNED = annotation_dataset.Phase("unassigned", "#808080")


@dataclass
class Provenance:
    """Which masks were read, and what made them. `models` counts masks by model name and hash."""

    masks: int = 0
    drawn_by_hand: int = 0
    models: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True)
class Snapshot:
    """What an export is made of. Equal for the same version, settings version and names, whenever it is read."""

    series: Series
    version: int
    settings_version: int
    project_name: str
    series_name: str
    phases: list[ListedPhase]  # those of the project; tracks without one have the index behind them
    tracks: dict[UUID, tuple[int, int]]  # number and phase index
    calibration: CalibrationValue
    proposals_left_out: int
    events: list[Event]  # by the tracks' numbers; those that name a track without masks are left out

    @classmethod
    def read(cls, series: Series, *, version: int, settings_version: int, names: Mapping[str, str]) -> "Snapshot":
        """`names` is {project, series}, as they were when the export was asked for."""
        phases = phases_at(series.project_id, settings_version)
        index = {phase.id: position for position, phase in enumerate(phases)}
        tracks = selectors.tracks_at(series.pk, version).filter(deleted=False).select_related("track")
        proposals = selectors.masks_at(series.pk, version).filter(state=MaskState.PROPOSAL).exclude(mask=None)
        accepted = selectors.masks_at(series.pk, version).filter(state=MaskState.ACCEPTED).exclude(mask=None)
        shown = set(accepted.values_list("track", flat=True).distinct())
        return cls(
            series=series,
            version=version,
            settings_version=settings_version,
            project_name=names["project"],
            series_name=names["series"],
            phases=phases,
            tracks={
                row.track_id: (row.track.number, index[row.phase_id] if row.phase_id else len(phases)) for row in tracks
            },
            calibration=selectors.calibration_at(series, version),
            proposals_left_out=proposals.count(),
            events=_events(
                series, version, {row.track_id: row.track.number for row in tracks if row.track_id in shown}
            ),
        )

    @property
    def classes(self) -> list[annotation_dataset.Phase]:
        """The phases, and `unassigned` where a track needs it."""
        named = [annotation_dataset.Phase(phase.name, phase.colour) for phase in self.phases]
        unassigned = any(phase == len(named) for _, phase in self.tracks.values())
        return [*named, UNASSIGNED] if unassigned or not named else named

    def dataset(self, before_frame: Callable[[int], None]) -> AnnotationDataset:
        """The masks, read frame by frame; `before_frame` is called with each frame's index and may raise."""

        def instances(t: int) -> Sequence[LabelledInstance]:
            before_frame(t)
            return self.instances(t)

        pixels = self.series.pixels
        return AnnotationDataset(
            name=self.series_name,
            frames=pixels.frames,
            height=pixels.height,
            width=pixels.width,
            phases=self.classes,
            instances=instances,
            highest_track=max((number for number, _ in self.tracks.values()), default=0),
            events=self.events,
        )

    def instances(self, t: int) -> list[LabelledInstance]:
        """The accepted masks of a frame."""
        rows = self._accepted().filter(frame=t).order_by("order", "id")
        # Plain values: of 200,000 masks, making models of the rows costs more than reading them.
        read = rows.values_list(
            *("track_id", "mask__height", "mask__width", "mask__counts", "order", "origin", "confidence")
        )
        return [
            LabelledInstance(
                *self.tracks[track], Rle((height, width), counts), order, origin.get("score"), origin.get("model"), sure
            )
            for track, height, width, counts, order, origin, sure in read
        ]

    def provenance(self) -> Provenance:
        found = Provenance(masks=self._accepted().count())
        by_hand = Q(origin__model=None) | Q(origin__model__isnull=True)
        by_models: QuerySet[Any, Any] = self._accepted().exclude(by_hand)
        named = by_models.annotate(model=KT("origin__model"), model_hash=KT("origin__model_hash"))
        for row in named.values("model", "model_hash").annotate(count=Count("id")).order_by():
            # SQLite says "null" of a JSON null.
            model_hash = "" if row["model_hash"] in (None, "null") else row["model_hash"]
            found.models[row["model"], model_hash] += row["count"]
        found.drawn_by_hand = found.masks - found.models.total()
        return found

    def _accepted(self) -> QuerySet[MaskRevision]:
        rows = selectors.masks_at(self.series.pk, self.version)
        return rows.filter(state=MaskState.ACCEPTED).exclude(mask=None)


def _events(series: Series, version: int, number_of: Mapping[UUID, int]) -> list[Event]:
    """Every event of the version whose tracks are all there, proposed ones too: they have a confidence."""
    found = []
    for row in selectors.events_at(series.pk, version).filter(deleted=False).select_related("changeset__author"):
        parents, children = (
            tuple(number_of.get(UUID(track), 0) for track in side) for side in (row.parents, row.children)
        )
        if 0 in (*parents, *children):
            continue
        accepted = row.state == MaskState.ACCEPTED
        confidence = math.nan if accepted or row.confidence is None else row.confidence
        author = row.changeset.author.shown_name if accepted else row.origin.get("tracker") or ""
        kind = cast(EventKind, row.kind)
        found.append(Event(kind, row.first_frame, row.last_frame, parents, children, confidence, author))
    return found
