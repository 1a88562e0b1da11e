"""Addresses, relative to /api/v1/."""

from django.urls import path

from backend.jobs import views

urlpatterns = [
    path("projects/<uuid:project>/jobs", views.ProjectJobsView.as_view()),
    path("jobs/<uuid:job>", views.JobView.as_view()),
    path("jobs/<uuid:job>/cancel", views.JobCancelView.as_view()),
    path("jobs/<uuid:job>/pause", views.JobPauseView.as_view()),
    path("jobs/<uuid:job>/resume", views.JobResumeView.as_view()),
]
