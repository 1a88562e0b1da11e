from django.apps import AppConfig


class SeriesConfig(AppConfig):
    name = "backend.series"
    label = "series"
