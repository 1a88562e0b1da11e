"""Jobs of a project, one job; cancel, pause, resume."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.jobs import selectors, services
from backend.jobs.permissions import require_ending, require_job
from backend.jobs.serializers import JobOutput, JobPageOutput, JobPageQuery
from backend.projects.permissions import require
from backend.projects.roles import Role
from backend.projects.views import signed_in


class ProjectJobsView(APIView):
    @extend_schema(parameters=[JobPageQuery], responses=JobPageOutput)
    def get(self, request: Request, project: UUID) -> Response:
        require(signed_in(request), project, Role.VIEWER)
        query = JobPageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = {"kind": None, "before": None} | query.validated_data
        return Response(JobPageOutput(selectors.jobs_of(project, **asked)).data)


class JobView(APIView):
    @extend_schema(responses=JobOutput)
    def get(self, request: Request, job: UUID) -> Response:
        return Response(JobOutput(require_job(signed_in(request), job)).data)


class JobCancelView(APIView):
    @extend_schema(request=None, responses=JobOutput)
    def post(self, request: Request, job: UUID) -> Response:
        require_ending(signed_in(request), job)
        services.request_cancel(job_id=job)
        return Response(JobOutput(selectors.find(job)).data)


class JobPauseView(APIView):
    @extend_schema(request=None, responses=JobOutput)
    def post(self, request: Request, job: UUID) -> Response:
        require_ending(signed_in(request), job)
        services.request_pause(job_id=job)
        return Response(JobOutput(selectors.find(job)).data)


class JobResumeView(APIView):
    @extend_schema(request=None, responses=JobOutput)
    def post(self, request: Request, job: UUID) -> Response:
        require_ending(signed_in(request), job)
        services.resume(job_id=job)
        return Response(JobOutput(selectors.find(job)).data)
