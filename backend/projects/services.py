"""Every change of projects, members and phases. Callers have asked `permissions` before, but for the rules on owners.

Each change locks the project's row, so that two people cannot both remove the last owner or take one key twice.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import BigIntegerField, Max, RestrictedError

from backend.projects.models import Membership, Phase, PhaseList, Project, User
from backend.projects.permissions import require_open_project
from backend.projects.roles import Role
from backend.protocol.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError


@transaction.atomic
def create_project(*, owner: User, name: str, description: str = "") -> Project:
    project = Project.objects.create(name=name, description=description)
    Membership.objects.create(project=project, user=owner, role=Role.OWNER)
    _keep_phases(project.pk, project.settings_version)
    return project


@transaction.atomic
def update_project(*, project: Project, changes: dict[str, Any]) -> Project:
    _open(project.pk)
    names = changes.keys() & {"name", "description"}
    for name in names:
        setattr(project, name, changes[name])
    # Only these: the others may have been changed since the project was read.
    project.save(update_fields=names)
    return project


@transaction.atomic
def delete_project(*, project_id: UUID) -> None:
    """From the archive only, so that nothing goes by one wrong click."""
    project = _lock(project_id)
    if project.archived_at is None:
        raise ConflictError(
            f"{project.name} is not in the archive. Archive it first: only from there it can be deleted.",
            code="not_archived",
        )
    # A commit that is under way would leave rows behind that were not there when their deletion began.
    list(project.series.select_for_update().order_by("pk").values_list("pk"))
    project.delete()


def change_preferences(*, user: User, changes: dict[str, Any]) -> dict[str, Any]:
    """What is not named stays as it is; returns all of them."""
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        locked.preferences = {**locked.preferences, **changes}
        locked.save(update_fields=["preferences"])
    preferences: dict[str, Any] = locked.preferences
    return preferences


# ---- members ------------------------------------------------------------------------------------------------


@transaction.atomic
def add_member(*, actor: Membership, username: str, role: Role) -> Membership:
    project = _lock(actor.project_id)
    _require_may_grant(actor, role)
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        remedy = "Check the spelling, or ask whoever runs the server for an account."
        message = f"Nobody here is called {username!r}. {remedy}"
        raise InvalidError(message, fields={"username": [message]})
    membership, created = Membership.objects.get_or_create(project=project, user=user, defaults={"role": role})
    if not created:
        raise ConflictError(f"{username} is a member already, as {membership.role}. Change the role instead.")
    return membership


@transaction.atomic
def change_role(*, actor: Membership, user_id: int, role: Role) -> Membership:
    _lock(actor.project_id)
    membership = _member(actor.project_id, user_id)
    _require_may_grant(actor, role)
    _require_may_grant(actor, Role(membership.role))
    if role != Role.OWNER:
        _require_other_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    return membership


@transaction.atomic
def remove_member(*, actor: Membership, user_id: int) -> None:
    _lock(actor.project_id)
    membership = _member(actor.project_id, user_id)
    _require_may_grant(actor, Role(membership.role))
    _require_other_owner(membership)
    membership.delete()


def _require_may_grant(actor: Membership, role: Role) -> None:
    """Managers deal with everyone but owners."""
    if role == Role.OWNER and actor.role != Role.OWNER:
        raise ForbiddenError(f"Only owners add, change or remove owners; your role is {actor.role}.")


def _require_other_owner(membership: Membership) -> None:
    if membership.role != Role.OWNER:
        return
    owners = Membership.objects.filter(project_id=membership.project_id, role=Role.OWNER)
    if not owners.exclude(pk=membership.pk).exists():
        raise ConflictError("This is the project's only owner. Make someone else an owner first.", code="last_owner")


def _member(project_id: UUID, user_id: int) -> Membership:
    members = Membership.objects.select_related("user").filter(project_id=project_id)
    # SQLite refuses a number beyond its own in the question already.
    found = members.filter(user_id=user_id).first() if user_id <= BigIntegerField.MAX_BIGINT else None
    if found is None:
        raise NotFoundError(f"No member of this project has the number {user_id}.")
    return found


# ---- phases -------------------------------------------------------------------------------------------------


@transaction.atomic
def create_phase(*, project_id: UUID, name: str, colour: str, key: str = "", description: str = "") -> Phase:
    project = _open(project_id)
    last = project.phases.aggregate(last=Max("order"))["last"]
    order = 0 if last is None else last + 1
    phase = Phase(project=project, name=name, colour=colour.lower(), key=key, description=description, order=order)
    _require_free(phase)
    phase.save(force_insert=True)
    _next_settings_version(project)
    return phase


@transaction.atomic
def update_phase(*, project_id: UUID, phase_id: UUID, changes: dict[str, Any]) -> Phase:
    project = _open(project_id)
    phase = _phase(project, phase_id)
    for name in changes.keys() & {"name", "colour", "key", "description", "order"}:
        setattr(phase, name, changes[name])
    phase.colour = phase.colour.lower()
    _require_free(phase)
    phase.save()
    _next_settings_version(project)
    return phase


@transaction.atomic
def delete_phase(*, project_id: UUID, phase_id: UUID) -> None:
    project = _open(project_id)
    phase = _phase(project, phase_id)
    try:
        phase.delete()
    except RestrictedError:
        raise ConflictError(
            f"Phase {phase.name!r} is used in this project's history, which is never changed. Rename it instead.",
            code="phase_in_use",
        ) from None
    _next_settings_version(project)


def _phase(project: Project, phase_id: UUID) -> Phase:
    found = project.phases.filter(pk=phase_id).first()
    if found is None:
        raise NotFoundError(f"This project has no phase {phase_id}.")
    return found


def _require_free(phase: Phase) -> None:
    others = Phase.objects.filter(project_id=phase.project_id).exclude(pk=phase.pk)
    if others.filter(name=phase.name).exists():
        raise InvalidError(
            f"Another phase is called {phase.name!r}. Choose another name.", fields={"name": ["Already taken."]}
        )
    if phase.key and (taken := others.filter(key=phase.key).first()):
        raise InvalidError(
            f"Key {phase.key} belongs to phase {taken.name!r}. Choose another from 1 to 9, or none.",
            fields={"key": ["Already taken."]},
        )


def _next_settings_version(project: Project) -> None:
    """The caller holds the project's lock and has written the phases."""
    project.settings_version += 1
    project.save(update_fields=["settings_version"])
    _keep_phases(project.pk, project.settings_version)


def _keep_phases(project_id: UUID, settings_version: int) -> None:
    rows = Phase.objects.filter(project=project_id).order_by("order", "name", "id")
    phases = [{"id": str(row.pk), "name": row.name, "colour": row.colour} for row in rows]
    PhaseList.objects.create(project_id=project_id, settings_version=settings_version, phases=phases)


def _open(project_id: UUID) -> Project:
    """The project's row, locked: it may have been archived while the change waited."""
    project = _lock(project_id)
    require_open_project(project)
    return project


def _lock(project_id: UUID) -> Project:
    project = Project.objects.select_for_update().filter(pk=project_id).first()
    if project is None:
        raise NotFoundError(f"There is no project {project_id}.")
    return project
