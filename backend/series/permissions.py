"""Who may do what with a series: the membership of its project decides."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from backend.projects.models import User
from backend.projects.permissions import require
from backend.projects.roles import Role
from backend.protocol.errors import NotFoundError
from backend.series.models import Series, Transfer
from backend.series.selectors import find_series, find_transfer


def require_series(user: User | AnonymousUser, series_id: UUID, role: Role) -> tuple[Series, Role]:
    """The series and the person's role, if that covers `role`; NotFoundError for strangers."""
    series = find_series(series_id)
    unknown = NotFoundError(f"You can see no series {series_id}.")
    if series is None:
        raise unknown
    try:
        membership = require(user, series.project_id, role)
    except NotFoundError:
        raise unknown from None
    return series, Role(membership.role)


def require_transfer(user: User | AnonymousUser, transfer_id: UUID) -> Transfer:
    """The person's own transfer, while they may still import; NotFoundError for everybody else."""
    unknown = NotFoundError(f"You send no file by the number {transfer_id}.")
    found = find_transfer(transfer_id, user) if isinstance(user, User) else None
    if found is None:
        raise unknown
    try:
        require(user, found.project_id, Role.ANNOTATOR)
    except NotFoundError:
        raise unknown from None
    return found
