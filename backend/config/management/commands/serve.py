"""`python manage.py serve`: web, engine and three workers, supervised."""

import os
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from backend.config import demo_login
from backend.config.environment import REPOSITORY, Environment
from backend.config.secret_key import read_secret_key
from backend.config.supervisor import AlreadyRunningError, FolderLock, Service, Supervisor
from backend.jobs.models import Queue

HEALTH_TIMEOUT_S = 1.0


class Command(BaseCommand):
    help = "Runs the app: web, engine and three workers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-engine", action="store_true", help="an engine runs elsewhere (GRATICULE_ENGINE)")

    def handle(self, *args: Any, **options: Any) -> None:
        environment: Environment = settings.ENVIRONMENT
        run = environment.data / "run"
        key = environment.secret_key or read_secret_key(environment.data)
        if not key or not run.is_dir() or _migrations_missing():
            raise CommandError("This data folder is not set up, or of an older version. Run `manage.py setup` first.")
        os.chdir(REPOSITORY)
        try:
            with FolderLock(run):
                _require_free_port(environment)
                self._serve(environment, run, own_engine=not options["no_engine"])
        except AlreadyRunningError as error:
            raise CommandError(str(error)) from error

    def _serve(self, environment: Environment, run: Path, *, own_engine: bool) -> None:
        local_engine = own_engine and not environment.engine.startswith(("http://", "https://"))
        services = _services(environment, engine=local_engine)
        password = demo_login.read(environment.data)
        connection.close()

        def announce() -> None:
            self.stdout.write(f"\nGraticule is ready at http://{_shown_host(environment)}:{environment.port}")
            if password:
                self.stdout.write(f"Sign in as {demo_login.USERNAME} with the password {password}")
            self.stdout.write("Stop it with Ctrl-C\n")
            self.stdout.flush()

        variables = os.environ | {"GRATICULE_DATA": str(environment.data), "PYTHONUNBUFFERED": "1"}
        supervisor = Supervisor(
            services, run=run, environment=variables, ready=lambda: _healthy(environment), announce=announce
        )
        supervisor.serve()
        self.stdout.write("Stopped")


def _services(environment: Environment, *, engine: bool) -> list[Service]:
    web = (
        *(sys.executable, "-m", "uvicorn", "backend.config.asgi:application", "--no-access-log"),
        *("--host", environment.host, "--port", str(environment.port), "--timeout-graceful-shutdown", "5"),
    )
    services = [Service("web", web)]
    if engine:
        command = [sys.executable, "-m", "ml", "engine", "--socket", environment.engine]
        command += ["--store", str(environment.data / "store"), "--model-files", str(environment.data / "models")]
        command += ["--embeddings", str(environment.data / "embeddings")]
        command += ["--embeddings-mb", str(environment.embeddings_mb)]
        if device := os.environ.get("GRATICULE_DEVICE"):
            command += ["--device", device]
        if environment.test_models:
            command += ["--test-models"]
        services.append(Service("engine", command))
    for queue in Queue.values:
        services.append(Service(f"worker-{queue}", (sys.executable, "manage.py", "work", "--queue", queue)))
    return services


def _healthy(environment: Environment) -> bool:
    """Whether web and engine both answer."""
    remote = environment.engine.startswith(("http://", "https://"))
    transport = None if remote else httpx.HTTPTransport(uds=environment.engine)
    engine = environment.engine if remote else "http://engine"
    try:
        web = f"http://{_shown_host(environment)}:{environment.port}"
        # Without the proxy that the environment may name: it knows no way to this machine.
        httpx.get(f"{web}/healthz", timeout=HEALTH_TIMEOUT_S, trust_env=False).raise_for_status()
        with httpx.Client(transport=transport, timeout=HEALTH_TIMEOUT_S, trust_env=False) as client:
            client.get(f"{engine.rstrip('/')}/health").raise_for_status()
    except (httpx.HTTPError, OSError):
        return False
    return True


def _shown_host(environment: Environment) -> str:
    """An address that this machine's browser can open: 0.0.0.0 means every address, so also this one."""
    host = "127.0.0.1" if environment.host in ("0.0.0.0", "::") else environment.host
    return f"[{host}]" if ":" in host else host


def _require_free_port(environment: Environment) -> None:
    family = socket.AF_INET6 if ":" in environment.host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the server does it: addresses of connections that ended a moment ago are free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((environment.host, environment.port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {environment.host}:{environment.port} ({error.strerror}). Choose another PORT."
            ) from error


def _migrations_missing() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
