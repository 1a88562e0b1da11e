"""Exports and their download."""

from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.inference import selectors, serializers, services
from backend.inference.attachment import attachment
from backend.jobs.permissions import require_job
from backend.jobs.selectors import find as find_job
from backend.jobs.serializers import JobOutput
from backend.projects.roles import Role
from backend.projects.views import signed_in
from backend.series.permissions import require_series


class ExportsView(APIView):
    @extend_schema(request=serializers.ExportInput, responses={201: JobOutput})
    def post(self, request: Request, series: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        values = serializers.ExportInput.read(request)
        job = services.request_export(
            series=found, created_by=signed_in(request), version=values["version"], names=values["formats"]
        )
        return Response(JobOutput(find_job(job.pk)).data, status=201)


class DownloadView(APIView):
    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, job: UUID) -> StreamingHttpResponse:
        found = require_job(signed_in(request), job)
        return attachment(selectors.finished_export(found), found.result["name"], "application/zip")
