"""Who may do what: decided by the membership, asked before every service.

A stranger gets NotFoundError, whether the project exists or not; a member whose role is too low ForbiddenError; who
would change what is in the archive ArchivedError. Whatever needs more than a viewer counts as a change.
"""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from backend.projects.models import Membership, Project, User
from backend.projects.roles import Role
from backend.protocol.errors import ArchivedError, ForbiddenError, NotFoundError


def require(user: User | AnonymousUser, project_id: UUID, role: Role, *, even_archived: bool = False) -> Membership:
    """The person's membership (with its project), if it covers `role` and the project is open for what needs it."""
    membership = None
    if isinstance(user, User):
        memberships = Membership.objects.select_related("project", "user")
        membership = memberships.filter(project_id=project_id, user=user).first()
    if membership is None:
        raise NotFoundError(f"You are a member of no project {project_id}.")
    require_role(membership, role)
    if changes(role) and not even_archived:
        require_open_project(membership.project)
    return membership


def changes(role: Role) -> bool:
    """Whether what needs this role changes something: viewers look and export."""
    return role != Role.VIEWER


def require_open_project(project: Project) -> None:
    if project.archived_at is not None:
        raise ArchivedError(
            f"The project {project.name} is in the archive, where nothing is changed. A manager of the project can "
            "restore it."
        )


def require_role(membership: Membership, role: Role) -> None:
    own = Role(membership.role)
    if not own.covers(role):
        raise ForbiddenError(
            f"Your role in this project is {own.value}; this needs {role.value} or higher. Ask an owner of the project."
        )
