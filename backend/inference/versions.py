"""Changes of a project's model versions, and of which one a series uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Max

from backend.inference import model_files
from backend.inference.model_files import Draft
from backend.inference.models import ModelVersion, Origin
from backend.projects.models import Project, User
from backend.protocol.errors import NotFoundError


@dataclass(frozen=True)
class Description:
    """What is known of a version besides its file; ModelVersion says what each holds."""

    origin: Origin
    name: str = ""  # "": the model's name and the number
    metadata: Mapping[str, Any] = field(default_factory=dict)
    phases: Sequence[Mapping[str, Any]] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    curve: Sequence[Mapping[str, Any]] = ()


def add_version(
    *,
    project: Project,
    created_by: User,
    model: str,
    file: Path,
    description: Description,
    version_id: UUID | None = None,
) -> ModelVersion:
    """A new version with a copy of the file; it gets the next number of its model in the project.

    A version that has `version_id` already is returned as it is: a job that was killed may add its version again.
    """
    with model_files.draft(file.name, model_files.read_chunks(file)) as draft:
        return record(
            draft, project=project, created_by=created_by, model=model, description=description, pk=version_id
        )


@transaction.atomic
def record(
    draft: Draft, *, project: Project, created_by: User, model: str, description: Description, pk: UUID | None = None
) -> ModelVersion:
    """The row and the file in its place, both or none: a file without a row is removed by `prune`."""
    # Two versions at once would take the same number; and the project may be deleted meanwhile.
    if Project.objects.select_for_update().filter(pk=project.pk).first() is None:
        raise NotFoundError(f"Project {project.pk} was deleted.")
    if pk is not None and (known := ModelVersion.objects.filter(pk=pk).first()):
        return known
    others = ModelVersion.objects.filter(project=project, model=model)
    number = (others.aggregate(last=Max("number"))["last"] or 0) + 1
    version = ModelVersion.objects.create(
        id=pk or uuid4(),
        project=project,
        created_by=created_by,
        model=model,
        number=number,
        name=description.name or f"{model} {number}",
        origin=description.origin,
        sha256=draft.sha256,
        size_bytes=draft.size_bytes,
        metadata=dict(description.metadata),
        phases=[dict(phase) for phase in description.phases],
        provenance=dict(description.provenance),
        scores=dict(description.scores),
        curve=[dict(row) for row in description.curve],
    )
    model_files.publish(draft, model)
    return version
