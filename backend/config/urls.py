"""Every address: REST under /api/v1, its description, health, and the single page for the rest."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path, re_path
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from backend.config.frontend import index


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("healthz", healthz),
    path("api/v1/healthz", healthz),
    path("api/v1/", include("backend.projects.urls")),
    path("api/v1/", include("backend.jobs.urls")),
    path("api/v1/", include("backend.series.urls")),
    path("api/v1/", include("backend.annotations.urls")),
    path("api/v1/", include("backend.inference.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="config/api_docs.html"),
        name="docs",
    ),
    re_path(r"^(?!api/|ws/|static/|assets/).*$", index),
]

handler400 = "backend.config.exceptions.bad_request"
handler403 = "backend.config.exceptions.permission_denied"
handler404 = "backend.config.exceptions.not_found"
handler500 = "backend.config.exceptions.server_error"
