"""The archive of projects and series: POST puts something there, DELETE restores it."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.projects.permissions import require
from backend.projects.roles import Role
from backend.projects.serializers import ProjectOutput
from backend.projects.views import shown_project, signed_in
from backend.series import archive
from backend.series.permissions import require_series
from backend.series.serializers import SeriesOutput


class ProjectArchiveView(APIView):
    @extend_schema(request=None, responses=ProjectOutput)
    def post(self, request: Request, project: UUID) -> Response:
        require(signed_in(request), project, Role.MANAGER, even_archived=True)
        archive.archive_project(project_id=project, by=signed_in(request))
        return self._shown(request, project)

    @extend_schema(responses=ProjectOutput)
    def delete(self, request: Request, project: UUID) -> Response:
        require(signed_in(request), project, Role.MANAGER, even_archived=True)
        archive.restore_project(project_id=project)
        return self._shown(request, project)

    def _shown(self, request: Request, project: UUID) -> Response:
        return Response(shown_project(require(signed_in(request), project, Role.VIEWER)))


class SeriesArchiveView(APIView):
    @extend_schema(request=None, responses=SeriesOutput)
    def post(self, request: Request, series: UUID) -> Response:
        require_series(signed_in(request), series, Role.MANAGER, even_archived=True)
        archive.archive_series(series_id=series, by=signed_in(request))
        return self._shown(request, series)

    @extend_schema(responses=SeriesOutput)
    def delete(self, request: Request, series: UUID) -> Response:
        require_series(signed_in(request), series, Role.MANAGER, even_archived=True)
        archive.restore_series(series_id=series)
        return self._shown(request, series)

    def _shown(self, request: Request, series: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        return Response(SeriesOutput(found).data)
