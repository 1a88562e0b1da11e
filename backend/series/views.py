"""Series, uploads, imports, and the pixels that the browser shows."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.jobs.selectors import find as find_job
from backend.jobs.serializers import JobOutput
from backend.projects.permissions import require
from backend.projects.roles import Role
from backend.projects.serializers import ArchiveQuery
from backend.projects.views import signed_in
from backend.series import display, selectors, serializers, services, uploads
from backend.series.permissions import require_series

# What a store's hash names never changes; `private`: only for the person whose membership was checked.
IMMUTABLE = "private, max-age=31536000, immutable"


class ProjectSeriesView(APIView):
    @extend_schema(parameters=[ArchiveQuery], responses=serializers.SeriesOutput(many=True))
    def get(self, request: Request, project: UUID) -> Response:
        require(signed_in(request), project, Role.VIEWER)
        found = selectors.series_of(project, archived=ArchiveQuery.read(request))
        return Response(serializers.SeriesOutput(found, many=True).data)


class UploadsView(APIView):
    parser_classes = (MultiPartParser,)

    @extend_schema(request=serializers.UploadInput, responses={201: serializers.UploadOutput})
    def post(self, request: Request, project: UUID) -> Response:
        membership = require(signed_in(request), project, Role.ANNOTATOR)
        file = serializers.UploadInput.read(request)["file"]
        upload = uploads.store_upload(
            project=membership.project, created_by=membership.user, name=file.name, chunks=file.chunks()
        )
        return Response(serializers.UploadOutput(upload).data, status=201)


class ImportsView(APIView):
    @extend_schema(request=serializers.ImportInput, responses={201: JobOutput})
    def post(self, request: Request, project: UUID) -> Response:
        membership = require(signed_in(request), project, Role.ANNOTATOR)
        values = serializers.ImportInput.read(request)
        job = services.request_import(
            project=membership.project,
            created_by=membership.user,
            name=values["name"],
            upload_ids=values["uploads"],
        )
        return Response(JobOutput(find_job(job.pk)).data, status=201)


class SeriesView(APIView):
    @extend_schema(responses=serializers.SeriesOutput)
    def get(self, request: Request, series: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        return Response(serializers.SeriesOutput(found).data)

    @extend_schema(request=serializers.SeriesChangeInput, responses=serializers.SeriesOutput)
    def patch(self, request: Request, series: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.ANNOTATOR)
        changed = services.rename_series(series=found, **serializers.SeriesChangeInput.read(request))
        return Response(serializers.SeriesOutput(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, series: UUID) -> Response:
        require_series(signed_in(request), series, Role.MANAGER, even_archived=True)
        services.delete_series(series_id=series)
        return Response(status=204)


class PixelsView(APIView):
    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, series: UUID, store: str, **place: int) -> HttpResponse:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        etag = f'"{store}/{place["level"]}/{place["frame"]}/{place["row"]}/{place["column"]}"'
        body = partial(display.read_chunk, found.pixels, store=store, **place)
        return _immutable(request._request, etag, body, "application/octet-stream")


class ThumbnailView(APIView):
    @extend_schema(parameters=[serializers.FrameQuery], responses={(200, "image/png"): OpenApiTypes.BINARY})
    def get(self, request: Request, series: UUID) -> HttpResponse:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        frame = _frame(request)
        body = partial(display.thumbnail_png, found.pixels, frame)
        return _immutable(request._request, f'"{found.pixels_id}/thumbnail/{frame}"', body, "image/png")


class FrameView(APIView):
    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    def get(self, request: Request, series: UUID, frame: int) -> HttpResponse:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        body = partial(display.frame_png, found.pixels, frame)
        return _immutable(request._request, f'"{found.pixels_id}/frame/{frame}"', body, "image/png")


class HistogramView(APIView):
    @extend_schema(parameters=[serializers.FrameQuery], responses=serializers.HistogramOutput)
    def get(self, request: Request, series: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        values = asdict(display.histogram(found.pixels, _frame(request)))
        return Response(serializers.HistogramOutput(values).data, headers={"Cache-Control": IMMUTABLE})


def _frame(request: Request) -> int:
    query = serializers.FrameQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    frame: int = query.validated_data["frame"]
    return frame


def _immutable(request: HttpRequest, etag: str, body: Callable[[], bytes], content_type: str) -> HttpResponse:
    """Whoever names the tag has the bytes: they are neither read nor made again."""
    headers = {"Cache-Control": IMMUTABLE, "ETag": etag}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(body(), content_type=content_type, headers=headers)
