"""The history, differences of versions, lives of tracks, and restoring."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from backend.annotations import history_serializers, reversals, serializers
from backend.annotations.difference import difference
from backend.annotations.history import Wanted, history, samples
from backend.annotations.life import life, revisions
from backend.annotations.reading import answer, author_of, committed, query_of
from backend.projects.roles import Role
from backend.projects.views import signed_in
from backend.protocol.messages import Changeset
from backend.series.permissions import require_series


class HistoryView(APIView):
    @extend_schema(parameters=[history_serializers.HistoryQuery], responses=history_serializers.HistoryOutput)
    def get(self, request: Request, series: UUID) -> HttpResponse:
        require_series(signed_in(request), series, Role.VIEWER)
        query = query_of(history_serializers.HistoryQuery, request)
        before, limit, kinds = (query.pop(name) for name in ("before", "limit", "kind"))
        wanted = Wanted(**query, kinds=kinds)
        rows, following = history(series_id=series, before=before, limit=limit, wanted=wanted)
        shown = samples(rows, wanted)
        entries = [history_serializers.HistoryEntryOutput.of(row, shown.get(row.pk)) for row in rows]
        return answer(history_serializers.HistoryOutput(results=entries, next=following))


class DifferenceView(APIView):
    @extend_schema(parameters=[history_serializers.DifferenceQuery], responses=history_serializers.DifferenceOutput)
    def get(self, request: Request, series: UUID) -> HttpResponse:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        query = query_of(history_serializers.DifferenceQuery, request)
        versions = {"from_version": query.pop("from"), "to_version": query.pop("to")}
        return answer(difference(series=found, **versions, **query))


class LifeView(APIView):
    @extend_schema(parameters=[serializers.VersionQuery], responses=history_serializers.LifeOutput)
    def get(self, request: Request, series: UUID, track: UUID) -> HttpResponse:
        require_series(signed_in(request), series, Role.VIEWER)
        return answer(life(series_id=series, track=track, **query_of(serializers.VersionQuery, request)))


class RevisionsView(APIView):
    @extend_schema(parameters=[history_serializers.RevisionsQuery], responses=history_serializers.RevisionsOutput)
    def get(self, request: Request, series: UUID, track: UUID) -> HttpResponse:
        require_series(signed_in(request), series, Role.VIEWER)
        query = query_of(history_serializers.RevisionsQuery, request)
        return answer(revisions(series_id=series, track=track, **query))


class RestoreView(APIView):
    @extend_schema(
        request=serializers.RestoreInput, responses={201: Changeset, 200: Changeset, 409: OpenApiTypes.OBJECT}
    )
    def post(self, request: Request, series: UUID) -> HttpResponse:
        author = author_of(request, series)
        values = serializers.RestoreInput.read(request)
        return committed(series, reversals.restore(series_id=series, author=author, **values))


class RestorationView(APIView):
    """What a restoration would change, without doing it."""

    @extend_schema(request=serializers.RestorationInput, responses=history_serializers.RestorationOutput)
    def post(self, request: Request, series: UUID) -> HttpResponse:
        author_of(request, series)
        values = serializers.RestorationInput.read(request)
        values.pop("base")
        draft = reversals.restoration(series_id=series, **values)
        return answer(history_serializers.RestorationOutput(**draft))
