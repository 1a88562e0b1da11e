"""Who may see a job and who may end it early: members of its project; its author and managers."""

from uuid import UUID

from backend.jobs import selectors
from backend.jobs.models import Job
from backend.projects.models import User
from backend.projects.permissions import require, require_role
from backend.projects.roles import Role
from backend.protocol.errors import ForbiddenError, NotFoundError


def require_job(user: User, job_id: UUID) -> Job:
    job = selectors.find(job_id)
    try:
        require(user, job.project_id, Role.VIEWER)
    except NotFoundError:
        raise NotFoundError(f"You can see no job {job_id}.") from None
    return job


def require_ending(user: User, job_id: UUID) -> Job:
    job = require_job(user, job_id)
    if job.created_by_id != user.pk:
        require_role(require(user, job.project_id, Role.VIEWER), Role.MANAGER)
    return job


def require_author(job: Job) -> None:
    """ForbiddenError once the author may no longer annotate: a job must not work on for somebody who was removed."""
    try:
        require(job.created_by, job.project_id, Role.ANNOTATOR)
    except (NotFoundError, ForbiddenError):
        name = job.created_by.shown_name
        raise ForbiddenError(
            f"{name} started this and may no longer annotate in this project, so it stopped."
        ) from None
