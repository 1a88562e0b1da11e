"""Addresses, relative to /api/v1/."""

from django.urls import path

from backend.inference import model_views, proposal_views, views
from backend.inference.comparison import views as comparisons
from backend.inference.tracking import views as trackings
from backend.inference.training import views as trainings

urlpatterns = [
    path("models", model_views.ModelsView.as_view()),
    path("projects/<uuid:project>/models", model_views.ProjectModelsView.as_view()),
    path("models/<uuid:version>", model_views.VersionView.as_view()),
    path("models/<uuid:version>/file", model_views.VersionFileView.as_view()),
    path("series/<uuid:series>/model", model_views.SeriesModelView.as_view()),
    path("series/<uuid:series>/segmentations", proposal_views.SegmentationsView.as_view()),
    path("trackers", trackings.TrackersView.as_view()),
    path("series/<uuid:series>/trackings", trackings.TrackingsView.as_view()),
    path("series/<uuid:series>/proposals", proposal_views.ProposalsView.as_view()),
    path("series/<uuid:series>/proposals/accept", proposal_views.AcceptView.as_view()),
    path("series/<uuid:series>/proposals/discard", proposal_views.DiscardView.as_view()),
    path("series/<uuid:series>/exports", views.ExportsView.as_view()),
    path("jobs/<uuid:job>/download", views.DownloadView.as_view()),
    path("projects/<uuid:project>/trainings", trainings.TrainingsView.as_view()),
    path("projects/<uuid:project>/trainings/preview", trainings.TrainingPreviewView.as_view()),
    path("jobs/<uuid:job>/training", trainings.TrainingView.as_view()),
    path("jobs/<uuid:job>/finish", trainings.FinishView.as_view()),
    path("projects/<uuid:project>/comparisons", comparisons.ComparisonsView.as_view()),
    path("jobs/<uuid:job>/comparison", comparisons.ComparisonView.as_view()),
    path("jobs/<uuid:job>/comparison.zip", comparisons.ComparisonArchiveView.as_view()),
    path("jobs/<uuid:job>/comparison/<str:key>/<int:frame>.png", comparisons.ComparisonPictureView.as_view()),
]
