"""Who may do what with a series: the membership of its project decides, and whether either is in the archive."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from backend.projects.models import User
from backend.projects.permissions import changes, require, require_open_project
from backend.projects.roles import Role
from backend.protocol.errors import ArchivedError, NotFoundError
from backend.series.models import Series, Transfer
from backend.series.selectors import find_series, find_transfer


def require_series(
    user: User | AnonymousUser, series_id: UUID, role: Role, *, even_archived: bool = False
) -> tuple[Series, Role]:
    """The series and the person's role, if that covers `role`; NotFoundError for strangers."""
    series = find_series(series_id)
    unknown = NotFoundError(f"You can see no series {series_id}.")
    if series is None:
        raise unknown
    try:
        membership = require(user, series.project_id, role, even_archived=even_archived)
    except NotFoundError:
        raise unknown from None
    if changes(role) and not even_archived:
        require_open_series(series)
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


def require_open_series(series: Series) -> None:
    """ArchivedError where the series or its project is in the archive."""
    require_open_project(series.project)
    if series.archived_at is not None:
        raise ArchivedError(
            f"The series {series.name} is in the archive, where nothing is changed. A manager of the project can "
            "restore it."
        )
