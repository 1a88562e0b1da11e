"""Who may do what with a model version: the membership of its project decides."""

from uuid import UUID

from backend.inference.catalogue import find_version
from backend.inference.models import ModelVersion
from backend.projects.models import User
from backend.projects.permissions import require
from backend.projects.roles import Role
from backend.protocol.errors import NotFoundError


def require_version(user: User, version_id: UUID, role: Role) -> ModelVersion:
    """The version, if the person's role in its project covers `role`; NotFoundError for strangers."""
    version = find_version(version_id)
    try:
        require(user, version.project_id, role)
    except NotFoundError:
        raise NotFoundError(f"You can see no model version {version_id}.") from None
    return version
