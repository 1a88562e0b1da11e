"""Every read of projects, members and phases."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from backend.projects.models import ApiToken, Membership, Phase, PhaseList, User


@dataclass(frozen=True)
class ListedPhase:
    """What of a phase is kept for every settings version."""

    id: UUID
    name: str
    colour: str


def memberships_of(user: User) -> QuerySet[Membership]:
    """The person's projects, oldest first, each with `series_count`."""
    return (
        Membership.objects.filter(user=user)
        .select_related("project")
        .annotate(series_count=Count("project__series"))
        .order_by("project__created_at", "project_id")
    )


def members_of(project_id: UUID) -> QuerySet[Membership]:
    return Membership.objects.filter(project_id=project_id).select_related("user").order_by("user__username")


def phases_of(project_id: UUID) -> QuerySet[Phase]:
    return Phase.objects.filter(project_id=project_id)


def phases_at(project_id: UUID, settings_version: int) -> list[ListedPhase]:
    """The phases as they were at a settings version, in their order."""
    kept = PhaseList.objects.get(project=project_id, settings_version=settings_version)
    return [ListedPhase(UUID(each["id"]), each["name"], each["colour"]) for each in kept.phases]


def tokens_of(user: User) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user=user)
