"""Who may do what: decided by the membership, asked before every service.

A stranger gets NotFoundError, whether the project exists or not; a member whose role is too low ForbiddenError.
"""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from backend.projects.models import Membership, User
from backend.projects.roles import Role
from backend.protocol.errors import ForbiddenError, NotFoundError


def require(user: User | AnonymousUser, project_id: UUID, role: Role) -> Membership:
    """The person's membership (with its project), if it covers `role`."""
    membership = None
    if isinstance(user, User):
        memberships = Membership.objects.select_related("project", "user")
        membership = memberships.filter(project_id=project_id, user=user).first()
    if membership is None:
        raise NotFoundError(f"You are a member of no project {project_id}.")
    require_role(membership, role)
    return membership


def require_role(membership: Membership, role: Role) -> None:
    own = Role(membership.role)
    if not own.covers(role):
        raise ForbiddenError(
            f"Your role in this project is {own.value}; this needs {role.value} or higher. Ask an owner of the project."
        )
