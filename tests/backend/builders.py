"""Rows and messages for the tests of the backend."""

import json
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from django.utils import timezone

from backend.annotations import services
from backend.annotations.requests import Committed
from backend.inference import model_files
from backend.inference.models import ModelVersion, Origin
from backend.inference.versions import Description, record
from backend.projects.models import Membership, Phase, Project, User
from backend.projects.roles import Role
from backend.projects.services import create_phase, create_project
from backend.protocol.messages import Base, ChangesetCommit, MaskRle
from backend.series.models import PixelStore, Series
from ml import rle

HEIGHT, WIDTH, FRAMES = 24, 32, 6
CALIBRATION = {"pixel_size": 0.5, "unit": "nm", "frame_interval_s": 0.25, "source": "file", "revision": None}


def make_user(name: str | None = None) -> User:
    return User.objects.create_user(username=name or f"user-{uuid4().hex[:8]}")


def make_project(owner: User | None = None, **members: User) -> Project:
    """A project with an owner, and members by the name of their role."""
    project = create_project(owner=owner or make_user(), name="Sintering")
    for role, user in members.items():
        Membership.objects.create(project=project, user=user, role=Role(role))
    return project


def make_phase(project: Project, name: str = "Au particle") -> Phase:
    return create_phase(project_id=project.pk, name=name, colour="#ffaa00")


def make_series(project: Project | None = None, *, frames: int = FRAMES) -> Series:
    """A series whose pixel store has a row but no files."""
    project = project or make_project()
    author = project.memberships.first()
    assert author is not None
    pixels, _ = PixelStore.objects.get_or_create(
        hash=f"{frames:064x}",
        defaults={
            "frames": frames,
            "height": HEIGHT,
            "width": WIDTH,
            "channels": 1,
            "dtype": "uint8",
            "levels": [{"height": HEIGHT, "width": WIDTH, "chunk": [HEIGHT, WIDTH], "scale": 1}],
            "input_low": 0.0,
            "input_high": 255.0,
            "size_bytes": 1,
        },
    )
    return Series.objects.create(
        project=project,
        name="Heating",
        pixels=pixels,
        initial_calibration=CALIBRATION,
        calibration=CALIBRATION,
        created_by=author.user,
    )


def make_version(
    project: Project, model: str = "threshold", content: bytes | None = None, **options: Any
) -> ModelVersion:
    """A version with a file; settings of threshold unless something else is given."""
    written = json.dumps({"model": "threshold", "parameters": {}}).encode() if content is None else content
    description = Description(Origin.TRAINED, **options)
    author = project.memberships.first()
    assert author is not None
    with model_files.draft("file", [written]) as draft:
        return record(draft, project=project, created_by=author.user, model=model, description=description)


def put_away(row: Series | Project) -> None:
    """Into the archive, from where alone it can be deleted."""
    type(row)._default_manager.filter(pk=row.pk).update(archived_at=timezone.now())


def owner_of(series: Series) -> User:
    return series.project.memberships.get(role=Role.OWNER).user


# ---- messages -------------------------------------------------------------------------------------------------


def rectangle(x0: int, y0: int, x1: int, y1: int) -> MaskRle:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y0:y1, x0:x1] = True
    return as_message(mask)


def as_message(mask: np.ndarray[Any, Any]) -> MaskRle:
    encoded = rle.encode(mask)
    return MaskRle(size=encoded.size, counts=encoded.counts)


def message(
    operations: list[Any], base: list[tuple[UUID, int | None, Any]], *, request_id: UUID | None = None, reason: str = ""
) -> ChangesetCommit:
    return ChangesetCommit(
        request_id=request_id or uuid4(),
        reason=reason,
        base=[Base(track=track, frame=frame, revision=revision) for track, frame, revision in base],
        operations=operations,
    )


def commit(
    series: Series, operations: list[Any], base: list[tuple[UUID, int | None, Any]], **options: Any
) -> Committed:
    author = options.pop("author", None) or owner_of(series)
    return services.commit(series_id=series.pk, author=author, message=message(operations, base, **options))
