"""The job that segments frames of a series one by one, and keeps what it finds as proposals."""

from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from backend.annotations import services as annotations
from backend.annotations.proposals import Proposal
from backend.annotations.selectors import changesets_of_job
from backend.inference import gateway
from backend.inference.asking import asking
from backend.inference.choices import Choice, checked_parameters, choose
from backend.inference.frames import frame_of
from backend.inference.gateway import Segmentation
from backend.jobs.models import Job
from backend.jobs.permissions import require_author
from backend.jobs.registry import JobContext
from backend.jobs.services import enqueue
from backend.projects.models import User
from backend.protocol.errors import InvalidError, NotFoundError
from backend.protocol.messages import Candidate, Origin
from backend.series.models import Series
from backend.series.selectors import find_series
from ml import rle

SEGMENT = "segment"


def request_segmentation(
    *,
    series: Series,
    created_by: User,
    model: str,
    version: UUID | None,
    parameters: dict[str, Any],
    frames: dict[str, int],
    min_score: float | None,
    replace_proposals: bool,
) -> Job:
    """A job that segments the frames `from` … `to` (included), every `step`th."""
    last = series.pixels.frames - 1
    if not frames["from"] <= frames["to"] <= last:
        raise InvalidError(
            f"Frames {frames['from']} to {frames['to']}: the series has frames 0 to {last}. Choose some of them.",
            fields={"frames": [f"0 to {last}, in this order."]},
        )
    choose(series.project_id, model, version)
    asked = {
        "model": model,
        "version": str(version) if version else None,
        "parameters": checked_parameters(model, parameters),
        "frames": dict(frames),
        "min_score": min_score,
        "replace_proposals": replace_proposals,
    }
    return enqueue(kind=SEGMENT, project=series.project, created_by=created_by, parameters=asked, series=series.pk)


def segment_series(context: JobContext) -> dict[str, Any]:
    """Each frame is a changeset of its own; one that an earlier attempt has written is passed over."""
    job, asked = context.job, context.job.parameters
    series = find_series(job.series) if job.series else None
    if series is None:
        raise NotFoundError("The series was deleted before its segmentation began.")
    wanted = asked["frames"]
    frames = range(wanted["from"], wanted["to"] + 1, wanted["step"])
    done = {request_id for request_id, _ in changesets_of_job(series.pk, job.pk)}
    with asking(context) as ask:
        for index, frame in enumerate(frames):
            request_id = uuid5(job.pk, str(frame))
            step = f"Frame {frame + 1}: {index + 1} of {len(frames)}"
            context.progress(index / len(frames), step)
            if request_id in done:
                continue
            # Anew for each frame: a phase may have been deleted, or the person removed, since the last one.
            require_author(job)
            choice = choose(series.project_id, asked["model"], UUID(asked["version"]) if asked["version"] else None)
            question = gateway.segment(
                frame_of(series.pixels, frame),
                model=choice.model,
                weights=choice.weights,
                parameters=asked["parameters"],
                client=f"job {job.pk}",
                patience="job",
            )
            found = ask(question, index / len(frames), step)
            proposals = _proposals(job, frame, choice, found, asked["min_score"])
            with transaction.atomic():
                context.hold()
                annotations.propose(
                    series_id=series.pk,
                    author=job.created_by,
                    job=job,
                    request_id=request_id,
                    frame=frame,
                    proposals=proposals,
                    replace=asked["replace_proposals"],
                )
    made = [counts for _, counts in changesets_of_job(series.pk, job.pk)]
    return {
        "series": str(series.pk),
        "frames": len(frames),
        "proposals": sum(counts["masks_set"] for counts in made),
        "replaced": sum(counts["masks_deleted"] for counts in made),
    }


def _proposals(job: Job, frame: int, choice: Choice, found: Segmentation, min_score: float | None) -> list[Proposal]:
    """What the model found and is sure enough of; a mask of a model without scores always is."""
    kept = []
    for index, each in enumerate(found.instances):
        if each.area_px == 0 or (min_score is not None and each.score is not None and each.score < min_score):
            continue
        origin = Origin(model=choice.model, model_hash=found.model_hash, score=each.score)
        # Named by the job, so that a frame that is done again makes the same tracks.
        track = uuid5(job.pk, f"{frame}/{index}")
        mask = rle.validate(each.mask.size, each.mask.counts)
        kept.append(Proposal(track, _phase(job, choice, each), mask, origin.model_dump(mode="json")))
    return kept


def _phase(job: Job, choice: Choice, found: Candidate) -> UUID | None:
    """By the version's phases; where it has none, the project's only phase."""
    if choice.phases:
        return choice.phase(found.phase)
    own = list(job.project.phases.values_list("id", flat=True)[:2])
    return own[0] if len(own) == 1 else None
