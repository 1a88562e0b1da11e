"""What kinds of change a changeset holds, for the history's filter."""

from collections.abc import Mapping

from django.db import models

# How `services` and the browser begin the reasons of what only brings back what was.
RESTORING = ("Restore version", "Undo", "Redo")


class Kind(models.TextChoices):
    MASKS = "masks"
    DELETIONS = "deletions"
    OBJECTS = "objects"  # new ones, names, phases
    SEGMENTATION = "segmentation"
    TRACKING = "tracking"
    EVENTS = "events"
    CALIBRATION = "calibration"
    RESTORING = "restoring"


JOBS = {"segment": Kind.SEGMENTATION, "track": Kind.TRACKING}


def kinds_of(counts: Mapping[str, int], *, reason: str, job: str | None) -> list[Kind]:
    """Of a changeset with these counts in its summary; `job` is the kind of the job that made it."""
    holds = {
        Kind.MASKS: counts["masks_set"] > 0,
        Kind.DELETIONS: counts["masks_deleted"] + counts["tracks_deleted"] > 0,
        Kind.OBJECTS: counts["tracks_created"] + counts["tracks_changed"] > 0,
        Kind.EVENTS: counts.get("events", 0) > 0,
        Kind.CALIBRATION: counts["calibrations"] > 0,
        Kind.RESTORING: reason.startswith(RESTORING),
    }
    found = [kind for kind, there in holds.items() if there]
    return [*found, JOBS[job]] if job in JOBS else found
