"""`manage.py export_protocol`: the schema from which the browser's types are generated."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.protocol.schema import protocol_schema

SCHEMA = Path(__file__).resolve().parents[4] / "frontend" / "src" / "protocol" / "schema.json"


class Command(BaseCommand):
    help = "Write frontend/src/protocol/schema.json; with --check, fail where it is stale."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare, write nothing")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        schema = json.dumps(protocol_schema(), indent=2) + "\n"
        if not check:
            SCHEMA.write_text(schema)
        elif not SCHEMA.exists() or SCHEMA.read_text() != schema:
            raise CommandError(f"{SCHEMA.name} is not what backend/protocol/messages.py says. Run `make protocol`.")
