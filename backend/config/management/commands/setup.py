"""`python manage.py setup`: makes the data folder, the secret key, the tables, and on a first start the demo."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from backend.config import demo_login
from backend.config.data_folder import prepare
from backend.config.secret_key import ensure_secret_key
from backend.inference.prune import prune_model_files
from backend.series.prune import prune


class Command(BaseCommand):
    help = "Prepares the data folder and the database; safe to repeat."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="no demo user and project on a first start")

    def handle(self, *args: Any, **options: Any) -> None:
        data = settings.GRATICULE_DATA
        prepare(data)
        if not settings.ENVIRONMENT.secret_key:
            settings.SECRET_KEY = ensure_secret_key(data)
        call_command("migrate", interactive=False, verbosity=min(options["verbosity"], 1))
        if pruned := prune() + prune_model_files():
            self.stdout.write(f"Removed {pruned} leftovers that nothing refers to")
        if not options["no_demo"]:
            from backend.config.demo import create_demo

            create_demo(data, self.stdout.write)
        if password := demo_login.read(data):
            self.stdout.write(f"Sign in as {demo_login.USERNAME} with the password {password}")
