#!/usr/bin/env python3
"""What a container runs: waits for the database and Redis, brings the schema up to date, becomes its role.

`entrypoint.py web|engine|worker-quick|worker-long|worker-train` or `entrypoint.py manage COMMAND …`. Every role but
the engine migrates; an advisory lock lets one of them do it while the others wait. Nothing is written outside
GRATICULE_DATA.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

ROOT = Path(__file__).resolve().parents[1]
WAIT_S = float(os.environ.get("GRATICULE_WAIT_S", "60"))
# Any number that no other program of this database uses: "graticul" in ASCII.
MIGRATION_LOCK = 0x6772617469637561
SECRET_MINIMUM = 32


class StartError(Exception):
    """The container cannot start; the message says what to change."""


def required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise StartError(f"{name} is not set. docker/compose.yml sets it; see docker/README.md.")
    return value


def wait_for(what: str, attempt: Callable[[], object]) -> None:
    """Tries until it works; after WAIT_S the last failure is the message."""
    end = time.monotonic() + WAIT_S
    while True:
        try:
            attempt()
        except (psycopg.OperationalError, redis.RedisError) as error:
            if time.monotonic() > end:
                reason = " ".join(str(error).split())
                raise StartError(f"{what} did not answer within {WAIT_S:g} s (GRATICULE_WAIT_S): {reason}") from None
            time.sleep(0.5)
        else:
            return


def wait_for_services(database_url: str, redis_url: str) -> None:
    wait_for("PostgreSQL", lambda: psycopg.connect(database_url, connect_timeout=5).close())
    with redis.Redis.from_url(redis_url, socket_connect_timeout=5) as client:
        wait_for("Redis", client.ping)


def migrate(database_url: str) -> None:
    """One process migrates; those that start at the same moment wait for it and find nothing to do."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        subprocess.run([sys.executable, "manage.py", "migrate", "--no-input", "--verbosity=1"], cwd=ROOT, check=True)


def command(role: str, rest: list[str]) -> list[str]:
    """What the role's process is."""
    data = Path(required("GRATICULE_DATA"))
    match role:
        case "web":
            host, port = os.environ.get("HOST", "0.0.0.0"), os.environ.get("PORT", "8000")
            uvicorn = [sys.executable, "-m", "uvicorn", "backend.config.asgi:application"]
            return [*uvicorn, "--host", host, "--port", port, "--timeout-graceful-shutdown", "5", "--no-access-log"]
        case "engine":
            socket = os.environ.get("GRATICULE_ENGINE") or str(data / "run" / "engine.sock")
            device = os.environ.get("GRATICULE_DEVICE", "cpu")
            engine = [sys.executable, "-m", "ml", "engine", "--socket", socket, "--store", str(data / "store")]
            kept = ["--embeddings", str(data / "embeddings")]
            kept += ["--embeddings-mb", os.environ.get("GRATICULE_EMBEDDINGS_MB") or "4096"]
            return [*engine, "--model-files", str(data / "models"), "--device", device, *kept, *rest]
        case "worker-quick" | "worker-long" | "worker-train":
            return [sys.executable, "manage.py", "work", "--queue", role.removeprefix("worker-")]
        case "manage":
            return [sys.executable, "manage.py", *rest]
    raise StartError(f"{role!r} is no role. There are: web, engine, worker-quick, worker-long, worker-train, manage.")


def main(arguments: list[str]) -> None:
    role, *rest = arguments or ["web"]
    try:
        process = command(role, rest)
        if role != "engine":
            database_url = required("DATABASE_URL")
            redis_url = required("REDIS_URL")
            if len(required("GRATICULE_SECRET_KEY")) < SECRET_MINIMUM:
                raise StartError(f"GRATICULE_SECRET_KEY is shorter than {SECRET_MINIMUM} characters.")
            wait_for_services(database_url, redis_url)
            migrate(database_url)
    except StartError as error:
        sys.exit(f"graticule: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"graticule: the migration failed with exit status {error.returncode}; its message is above.")
    # exec: the role gets the container's signals itself.
    os.chdir(ROOT)
    os.execv(process[0], process)


if __name__ == "__main__":
    main(sys.argv[1:])
