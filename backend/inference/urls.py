"""Addresses, relative to /api/v1/."""

from django.urls import path

from backend.inference import views

urlpatterns = [
    path("models", views.ModelsView.as_view()),
    path("series/<uuid:series>/exports", views.ExportsView.as_view()),
    path("jobs/<uuid:job>/download", views.DownloadView.as_view()),
]
