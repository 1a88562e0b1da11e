"""Addresses, relative to /api/v1/."""

from django.urls import path

from backend.projects import views

urlpatterns = [
    path("session", views.SessionView.as_view()),
    path("account/preferences", views.PreferencesView.as_view()),
    path("tokens", views.TokensView.as_view()),
    path("tokens/<uuid:token>", views.TokenView.as_view()),
    path("projects", views.ProjectsView.as_view()),
    path("projects/<uuid:project>", views.ProjectView.as_view()),
    path("projects/<uuid:project>/members", views.MembersView.as_view()),
    path("projects/<uuid:project>/members/<int:user>", views.MemberView.as_view()),
    path("projects/<uuid:project>/phases", views.PhasesView.as_view()),
    path("projects/<uuid:project>/phases/<uuid:phase>", views.PhaseView.as_view()),
]
