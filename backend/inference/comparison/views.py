"""Comparisons: their start, their table, their pictures."""

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.inference.attachment import attachment
from backend.inference.comparison import orders, serializers
from backend.jobs.permissions import require_job
from backend.jobs.selectors import find as find_job
from backend.jobs.serializers import JobOutput
from backend.projects.permissions import require
from backend.projects.roles import Role
from backend.projects.views import signed_in

# What a finished job measured never changes; `private`: only for the person whose membership was checked.
IMMUTABLE = "private, max-age=31536000, immutable"


class ComparisonsView(APIView):
    @extend_schema(request=serializers.ComparisonInput, responses={201: JobOutput})
    def post(self, request: Request, project: UUID) -> Response:
        membership = require(signed_in(request), project, Role.ANNOTATOR)
        values = serializers.ComparisonInput.read(request)
        job = orders.request_comparison(project=membership.project, created_by=membership.user, values=values)
        return Response(JobOutput(find_job(job.pk)).data, status=201)


class ComparisonView(APIView):
    @extend_schema(responses=serializers.ComparisonOutput)
    def get(self, request: Request, job: UUID) -> Response:
        from backend.inference.comparison.shown import comparison

        return Response(comparison(require_job(signed_in(request), job)))


class ComparisonArchiveView(APIView):
    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, job: UUID) -> StreamingHttpResponse:
        from backend.inference.comparison.shown import archive_of

        return attachment(*archive_of(require_job(signed_in(request), job)), "application/zip")


class ComparisonPictureView(APIView):
    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    def get(self, request: Request, job: UUID, key: str, frame: int) -> HttpResponse:
        from backend.inference.comparison.shown import picture_png

        picture = picture_png(require_job(signed_in(request), job), key, frame)
        return HttpResponse(picture, content_type="image/png", headers={"Cache-Control": IMMUTABLE})
