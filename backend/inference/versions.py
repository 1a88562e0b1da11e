"""Changes of a project's model versions, and of which one a series uses."""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import Max

from backend.inference import gateway, model_files
from backend.inference.choices import model_info
from backend.inference.model_files import Draft
from backend.inference.models import ModelVersion, Origin
from backend.projects.models import Project, User
from backend.projects.selectors import phases_of
from backend.protocol.errors import NotFoundError
from backend.series.uploads import clean_name

MOST_PHASES = 64
NO_COLOUR = "#808080"


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


def upload_version(
    *,
    project: Project,
    created_by: User,
    file_name: str,
    chunks: Iterable[bytes],
    name: str = "",
    model: str | None = None,
) -> ModelVersion:
    """A new version of a file that a person sent, once the engine has found that it is a model's, or `model`'s."""
    file_name = clean_name(file_name)
    if model is not None:
        model_info(model)
    with model_files.draft(file_name, chunks) as draft:
        found = async_to_sync(gateway.check)(draft.path.name, name=file_name, model=model)
        metadata = dict(found["metadata"]) | ({"parameters": found["parameters"]} if found["parameters"] else {})
        description = Description(
            Origin.UPLOADED,
            name=name,
            metadata=metadata,
            phases=_phases_by_name(project, metadata.get("notes", {}).pop("phases", "")),
            provenance={"file_name": file_name},
        )
        return record(draft, project=project, created_by=created_by, model=found["model"], description=description)


def _phases_by_name(project: Project, listed: str) -> list[dict[str, Any]]:
    """The phases that a checkpoint lists as JSON, each with the project's own of that name, if there is one."""
    try:
        names = [each["name"] if isinstance(each, dict) else each for each in json.loads(listed)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
    own = {phase.name: phase for phase in phases_of(project.pk)}
    found = []
    for name in names[:MOST_PHASES]:
        # JSON can hide what neither a database nor a page may hold behind escapes.
        if not isinstance(name, str) or any(unicodedata.category(each)[0] == "C" for each in name):
            return []
        phase = own.get(name)
        colour = phase.colour if phase else NO_COLOUR
        found.append({"id": str(phase.pk) if phase else None, "name": name[:100], "colour": colour})
    return found


def change_version(version: ModelVersion, *, name: str | None = None, archived: bool | None = None) -> ModelVersion:
    version.name = version.name if name is None else name
    version.archived = version.archived if archived is None else archived
    version.save(update_fields=["name", "archived"])
    return version


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
