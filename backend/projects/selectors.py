"""Every read of projects, members and phases."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from backend.projects.models import ApiToken, Membership, Phase, PhaseList, Project, User


@dataclass(frozen=True)
class ListedPhase:
    """What of a phase is kept for every settings version."""

    id: UUID
    name: str
    colour: str


def memberships_of(user: User, *, archived: bool = False) -> QuerySet[Membership]:
    """The person's projects, oldest first, with what their cards show; those in the archive or those that are not.

    Archived series count for nothing. Series are rows of an app above; their names here make the list one query.
    """
    series = Project.objects.filter(pk=OuterRef("project_id"), series__isnull=False, series__archived_at=None)
    sums = series.order_by().values("pk")
    newest = series.order_by(Coalesce("series__changed_at", "series__created_at").desc(), "series__pk")
    people = Membership.objects.filter(project=OuterRef("project_id")).order_by().values("project")
    by = Coalesce("series__changed_by", "series__created_by")
    return (
        Membership.objects.filter(user=user, project__archived_at__isnull=not archived)
        .select_related("project")
        .annotate(
            series_count=_number(sums.annotate(n=Count("series")).values("n")),
            frames=_number(sums.annotate(n=Sum("series__pixels__frames")).values("n")),
            annotated_frames=_number(sums.annotate(n=Sum("series__annotated_frames")).values("n")),
            proposals=_number(sums.annotate(n=Sum("series__proposals")).values("n")),
            member_count=_number(people.annotate(n=Count("pk")).values("n")),
            cover=Subquery(series.order_by("series__created_at", "series__pk").values("series__pk")[:1]),
            changed_at=Subquery(newest.values(at=Coalesce("series__changed_at", "series__created_at"))[:1]),
            changed_by_id=Subquery(newest.values(by=by)[:1]),
        )
        .order_by("project__created_at", "project_id")
    )


def _number(rows: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(rows), 0, output_field=IntegerField())


def people_by_id(ids: Collection[int]) -> dict[int, User]:
    return User.objects.in_bulk(ids)


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
