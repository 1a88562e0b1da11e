"""Session, tokens, projects, members, phases: parse, ask for permission, call one service, reply."""

from typing import Any, cast
from uuid import UUID

from django.contrib.auth import logout
from django.middleware.csrf import get_token
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect, ensure_csrf_cookie
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.projects import selectors, serializers, services, sign_in, tokens
from backend.projects.models import Membership, User
from backend.projects.permissions import require
from backend.projects.roles import Role


def signed_in(request: Request) -> User:
    """The person behind a request that only signed-in people get through."""
    return cast(User, request.user)


class SessionView(APIView):
    permission_classes = (AllowAny,)

    @extend_schema(responses=serializers.SessionOutput)
    @method_decorator(ensure_csrf_cookie)
    def get(self, request: Request) -> Response:
        return self._session(request)

    @extend_schema(request=serializers.SignInInput, responses=serializers.SessionOutput)
    @method_decorator(csrf_protect)
    def post(self, request: Request) -> Response:
        values = serializers.SignInInput.read(request)
        request.user = sign_in.sign_in(request=request._request, **values)
        return self._session(request)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        logout(request._request)
        return Response(status=204)

    def _session(self, request: Request) -> Response:
        user = request.user if request.user.is_authenticated else None
        return Response(serializers.SessionOutput({"user": user, "csrf": get_token(request._request)}).data)


class PreferencesView(APIView):
    """One's own; nobody sees another's."""

    @extend_schema(responses=serializers.PreferencesOutput)
    def get(self, request: Request) -> Response:
        return Response(serializers.PreferencesOutput(signed_in(request).preferences).data)

    @extend_schema(request=serializers.PreferencesInput, responses=serializers.PreferencesOutput)
    def patch(self, request: Request) -> Response:
        changes = serializers.PreferencesInput.read(request, partial=True)
        preferences = services.change_preferences(user=signed_in(request), changes=changes)
        return Response(serializers.PreferencesOutput(preferences).data)


class TokensView(APIView):
    @extend_schema(responses=serializers.TokenOutput(many=True))
    def get(self, request: Request) -> Response:
        return Response(serializers.TokenOutput(selectors.tokens_of(signed_in(request)), many=True).data)

    @extend_schema(request=serializers.TokenInput, responses={201: serializers.NewTokenOutput})
    def post(self, request: Request) -> Response:
        values = serializers.TokenInput.read(request)
        row, token = tokens.create(user=signed_in(request), **values)
        return Response(serializers.TokenOutput(row).data | {"token": token}, status=201)


class TokenView(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, token: UUID) -> Response:
        tokens.delete(user=signed_in(request), token_id=token)
        return Response(status=204)


# ---- projects -----------------------------------------------------------------------------------------------


class ProjectsView(APIView):
    @extend_schema(parameters=[serializers.ArchiveQuery], responses=serializers.ProjectListOutput(many=True))
    def get(self, request: Request) -> Response:
        archived = serializers.ArchiveQuery.read(request)
        memberships: list[Any] = list(selectors.memberships_of(signed_in(request), archived=archived))
        people = selectors.people_by_id({each.changed_by_id for each in memberships if each.changed_by_id})
        for each in memberships:
            each.changed_by = people.get(each.changed_by_id)
        return Response(serializers.ProjectListOutput(memberships, many=True).data)

    @extend_schema(request=serializers.ProjectInput, responses={201: serializers.ProjectOutput})
    def post(self, request: Request) -> Response:
        values = serializers.ProjectInput.read(request)
        project = services.create_project(owner=signed_in(request), **values)
        return Response(shown_project(require(signed_in(request), project.id, Role.OWNER)), status=201)


class ProjectView(APIView):
    @extend_schema(responses=serializers.ProjectOutput)
    def get(self, request: Request, project: UUID) -> Response:
        return Response(shown_project(require(signed_in(request), project, Role.VIEWER)))

    @extend_schema(request=serializers.ProjectInput, responses=serializers.ProjectOutput)
    def patch(self, request: Request, project: UUID) -> Response:
        membership = require(signed_in(request), project, Role.MANAGER)
        changes = serializers.ProjectInput.read(request, partial=True)
        services.update_project(project=membership.project, changes=changes)
        return Response(shown_project(membership))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, project: UUID) -> Response:
        require(signed_in(request), project, Role.OWNER, even_archived=True)
        services.delete_project(project_id=project)
        return Response(status=204)


def shown_project(membership: Membership) -> dict[str, Any]:
    project: Any = membership.project
    project.own_role = membership.role
    project.own_phases = selectors.phases_of(project.id)
    project.own_members = selectors.members_of(project.id)
    return cast(dict[str, Any], serializers.ProjectOutput(project).data)


class MembersView(APIView):
    # Who may see a project is decided in the archive, too.

    @extend_schema(request=serializers.MemberInput, responses={201: serializers.MemberOutput})
    def post(self, request: Request, project: UUID) -> Response:
        actor = require(signed_in(request), project, Role.MANAGER, even_archived=True)
        values = serializers.MemberInput.read(request)
        member = services.add_member(actor=actor, username=values["username"], role=Role(values["role"]))
        return Response(serializers.MemberOutput(member).data, status=201)


class MemberView(APIView):
    @extend_schema(request=serializers.RoleInput, responses=serializers.MemberOutput)
    def patch(self, request: Request, project: UUID, user: int) -> Response:
        actor = require(signed_in(request), project, Role.MANAGER, even_archived=True)
        values = serializers.RoleInput.read(request)
        member = services.change_role(actor=actor, user_id=user, role=Role(values["role"]))
        return Response(serializers.MemberOutput(member).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, project: UUID, user: int) -> Response:
        actor = require(signed_in(request), project, Role.MANAGER, even_archived=True)
        services.remove_member(actor=actor, user_id=user)
        return Response(status=204)


class PhasesView(APIView):
    @extend_schema(request=serializers.PhaseInput, responses={201: serializers.PhaseOutput})
    def post(self, request: Request, project: UUID) -> Response:
        require(signed_in(request), project, Role.MANAGER)
        phase = services.create_phase(project_id=project, **serializers.PhaseInput.read(request))
        return Response(serializers.PhaseOutput(phase).data, status=201)


class PhaseView(APIView):
    @extend_schema(request=serializers.PhaseChangeInput, responses=serializers.PhaseOutput)
    def patch(self, request: Request, project: UUID, phase: UUID) -> Response:
        require(signed_in(request), project, Role.MANAGER)
        changes = serializers.PhaseChangeInput.read(request, partial=True)
        changed = services.update_phase(project_id=project, phase_id=phase, changes=changes)
        return Response(serializers.PhaseOutput(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, project: UUID, phase: UUID) -> Response:
        require(signed_in(request), project, Role.MANAGER)
        services.delete_phase(project_id=project, phase_id=phase)
        return Response(status=204)
