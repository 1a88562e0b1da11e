from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "backend.jobs"
    label = "jobs"

    def ready(self) -> None:
        # Every app's tasks.py registers its kinds of job, in web and worker alike.
        autodiscover_modules("tasks")
