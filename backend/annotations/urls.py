"""Addresses, relative to /api/v1/."""

from django.urls import path

from backend.annotations import history_views, views

urlpatterns = [
    path("series/<uuid:series>/state", views.StateView.as_view()),
    path("series/<uuid:series>/timeline", views.TimelineView.as_view()),
    path("series/<uuid:series>/lanes", views.LanesView.as_view()),
    path("series/<uuid:series>/edits", views.EditsView.as_view()),
    path("series/<uuid:series>/revert", views.RevertView.as_view()),
    path("series/<uuid:series>/revert-job", views.RevertJobView.as_view()),
    path("series/<uuid:series>/history", history_views.HistoryView.as_view()),
    path("series/<uuid:series>/actions", views.ActionsView.as_view()),
    path("series/<uuid:series>/take-back", views.TakeBackView.as_view()),
    path("series/<uuid:series>/masks/<str:sha256>", views.MaskView.as_view()),
    path("series/<uuid:series>/changesets", views.ChangesetsView.as_view()),
    path("series/<uuid:series>/difference", history_views.DifferenceView.as_view()),
    path("series/<uuid:series>/tracks/<uuid:track>/life", history_views.LifeView.as_view()),
    path("series/<uuid:series>/tracks/<uuid:track>/revisions", history_views.RevisionsView.as_view()),
    path("series/<uuid:series>/restore", history_views.RestoreView.as_view()),
    path("series/<uuid:series>/restoration", history_views.RestorationView.as_view()),
    path("series/<uuid:series>/calibration", views.CalibrationView.as_view()),
]
