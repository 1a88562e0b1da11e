"""Models, their versions, and which of them a series uses."""

from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.inference import catalogue, choices, versions
from backend.inference import model_serializers as serializers
from backend.inference.attachment import attachment
from backend.inference.permissions import require_version
from backend.projects.permissions import require
from backend.projects.roles import Role
from backend.projects.views import signed_in
from backend.series.permissions import require_series
from backend.series.serializers import SeriesModelOutput


class ModelsView(APIView):
    @extend_schema(responses=serializers.ModelOutput(many=True))
    def get(self, request: Request) -> Response:
        return Response(serializers.ModelOutput(catalogue.models(), many=True).data)


class ProjectModelsView(APIView):
    parser_classes = (MultiPartParser,)

    @extend_schema(responses=serializers.ProjectModelsOutput)
    def get(self, request: Request, project: UUID) -> Response:
        require(signed_in(request), project, Role.VIEWER)
        found = {"models": catalogue.models(), "versions": catalogue.versions_of(project)}
        return Response(serializers.ProjectModelsOutput(found).data)

    @extend_schema(request=serializers.VersionUploadInput, responses={201: serializers.ModelVersionOutput})
    def post(self, request: Request, project: UUID) -> Response:
        membership = require(signed_in(request), project, Role.ANNOTATOR)
        values = serializers.VersionUploadInput.read(request)
        file = values["file"]
        version = versions.upload_version(
            project=membership.project,
            created_by=membership.user,
            file_name=file.name,
            chunks=file.chunks(),
            name=values["name"],
            model=values["model"] or None,
        )
        return Response(serializers.ModelVersionOutput(version).data, status=201)


class VersionView(APIView):
    @extend_schema(request=serializers.VersionChangeInput(partial=True), responses=serializers.ModelVersionOutput)
    def patch(self, request: Request, version: UUID) -> Response:
        found = require_version(signed_in(request), version, Role.ANNOTATOR)
        changes = serializers.VersionChangeInput.read(request, partial=True)
        return Response(serializers.ModelVersionOutput(versions.change_version(found, **changes)).data)


class VersionFileView(APIView):
    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, version: UUID) -> StreamingHttpResponse:
        found = require_version(signed_in(request), version, Role.VIEWER)
        path, name = catalogue.file_of(found)
        return attachment(path, name, "application/octet-stream")


class SeriesModelView(APIView):
    @extend_schema(responses=SeriesModelOutput)
    def get(self, request: Request, series: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        return Response(SeriesModelOutput(choices.default_of(found)).data)

    @extend_schema(request=serializers.SeriesModelInput, responses=SeriesModelOutput)
    def put(self, request: Request, series: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.ANNOTATOR)
        choices.set_default(found, **serializers.SeriesModelInput.read(request))
        return Response(SeriesModelOutput(choices.default_of(found)).data)
