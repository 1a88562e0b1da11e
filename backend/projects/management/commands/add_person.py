"""`python manage.py add_person USERNAME`: an account for a new member of the team."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from backend.projects.models import User


class Command(BaseCommand):
    help = "Makes an account and prints its password; `changepassword` sets another."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        password = secrets.token_urlsafe(12)
        user = User(username=options["username"], first_name=options["first_name"], last_name=options["last_name"])
        user.set_password(password)
        try:
            user.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.save()
        self.stdout.write(f"{user.username} signs in with the password {password}")
