"""`python manage.py work --queue quick`: runs the jobs of one queue."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from backend.jobs.models import Queue
from backend.jobs.worker import run_worker


class Command(BaseCommand):
    help = "Runs the jobs of one queue until it is stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--queue", choices=Queue.values, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        run_worker(options["queue"], stopping)
