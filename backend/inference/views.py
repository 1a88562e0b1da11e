"""Models, exports and their download."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.inference import selectors, serializers, services
from backend.jobs.permissions import require_job
from backend.jobs.selectors import find as find_job
from backend.jobs.serializers import JobOutput
from backend.projects.roles import Role
from backend.projects.views import signed_in
from backend.series.permissions import require_series

CHUNK_BYTES = 1 << 20


class ModelsView(APIView):
    @extend_schema(responses=serializers.ModelOutput(many=True))
    def get(self, request: Request) -> Response:
        return Response(serializers.ModelOutput(selectors.models(), many=True).data)


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
        path = selectors.finished_export(found)
        name = quote(found.result["name"])
        headers = {
            "Content-Length": str(path.stat().st_size),
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Cache-Control": "private, no-store",
        }
        return StreamingHttpResponse(_read(path), content_type="application/zip", headers=headers)


async def _read(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
    finally:
        file.close()
