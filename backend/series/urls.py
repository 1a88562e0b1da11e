"""Addresses, relative to /api/v1/."""

from django.urls import path

from backend.series import archive_views, preset_views, transfer_views, views

urlpatterns = [
    path("projects/<uuid:project>/series", views.ProjectSeriesView.as_view()),
    path("projects/<uuid:project>/uploads", views.UploadsView.as_view()),
    path("projects/<uuid:project>/transfers", transfer_views.TransfersView.as_view()),
    path("transfers/<uuid:transfer>", transfer_views.TransferView.as_view()),
    path("projects/<uuid:project>/imports", views.ImportsView.as_view()),
    path("projects/<uuid:project>/archive", archive_views.ProjectArchiveView.as_view()),
    path("series/<uuid:series>/archive", archive_views.SeriesArchiveView.as_view()),
    path("series/<uuid:series>", views.SeriesView.as_view()),
    path(
        "series/<uuid:series>/pixels/<str:store>/<int:level>/<int:frame>/<int:row>/<int:column>",
        views.PixelsView.as_view(),
    ),
    path("series/<uuid:series>/frames/<int:frame>.png", views.FrameView.as_view()),
    path("series/<uuid:series>/thumbnail", views.ThumbnailView.as_view()),
    path("series/<uuid:series>/histogram", views.HistogramView.as_view()),
    path("series/<uuid:series>/display-presets", preset_views.DisplayPresetsView.as_view()),
    path("series/<uuid:series>/display-presets/<uuid:preset>", preset_views.DisplayPresetView.as_view()),
]
