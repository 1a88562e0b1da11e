"""Asks for a tracking."""

from typing import Any
from uuid import UUID

from backend.annotations.models import MaskHead, TrackHead
from backend.inference.choices import checked_parameters, choose
from backend.inference.tracking import TRACK
from backend.jobs.models import Job
from backend.jobs.services import enqueue
from backend.projects.models import User
from backend.protocol.errors import InvalidError
from backend.series.models import Series
from ml import registry


def request_tracking(
    *,
    series: Series,
    created_by: User,
    model: str,
    version: UUID | None,
    parameters: dict[str, Any],
    tracker: str,
    frames: dict[str, int],
    tracks: list[UUID] | None,
    new_objects: bool,
) -> Job:
    """A job that follows objects from frame `start` to `end`, which may lie before it.

    `tracks` are followed alone; None: every object that has a mask on the first frame, and with `new_objects` also what
    the model finds besides.
    """
    last, start, end = series.pixels.frames - 1, frames["start"], frames["end"]
    if not (0 <= start <= last and 0 <= end <= last and start != end):
        raise InvalidError(
            f"From frame {start} to {end}: the series has frames 0 to {last}. Choose two different ones of them.",
            fields={"frames": [f"0 to {last}, two different ones."]},
        )
    choose(series.project_id, model, version)
    try:
        registry.info(tracker, kind="tracker")
    except registry.UnknownModelError as error:
        raise InvalidError(str(error), code="unknown_model", fields={"tracker": ["Unknown tracker."]}) from error
    if tracks is not None:
        _require_tracks(series, tracks, start, new_objects=new_objects)
    elif not new_objects and not _masks_on(series, start).exists():
        raise InvalidError(
            f"There is no object on frame {start + 1} to follow. Segment it first, or track everything that is found.",
            code="no_mask",
        )
    asked = {
        "model": model,
        "version": str(version) if version else None,
        "parameters": checked_parameters(model, parameters),
        "tracker": tracker,
        "frames": {"start": start, "end": end},
        "tracks": [str(track) for track in tracks] if tracks is not None else None,
        "new_objects": new_objects,
    }
    return enqueue(kind=TRACK, project=series.project, created_by=created_by, parameters=asked, series=series.pk)


def _require_tracks(series: Series, tracks: list[UUID], start: int, *, new_objects: bool) -> None:
    if new_objects:
        raise InvalidError("Either follow these objects alone, or all with what is found besides: not both.")
    live = TrackHead.objects.filter(series=series.pk, track__in=tracks, revision__deleted=False)
    if unknown := set(tracks) - set(live.values_list("track", flat=True)):
        raise InvalidError(f"This series has no track {unknown.pop()}.", code="no_track")
    there = set(_masks_on(series, start).filter(track__in=tracks).values_list("track", flat=True))
    if missing := set(tracks) - there:
        raise InvalidError(
            f"{len(missing)} of the {len(tracks)} objects have no mask on frame {start + 1}, where the tracking would "
            "begin. Begin on a frame that shows all of them, or draw them there.",
            code="no_mask",
        )


def _masks_on(series: Series, frame: int) -> Any:
    return MaskHead.objects.filter(series=series.pk, frame=frame).exclude(shown="")
