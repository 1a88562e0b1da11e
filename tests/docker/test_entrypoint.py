"""docker/entrypoint.py outside a container, against a real PostgreSQL and Redis."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.infrastructure.ports import free_port
from tests.infrastructure.team import PostgreSQL, Redis, folder, postgresql, redis_server
from tests.infrastructure.waiting import wait_until

ROOT = Path(__file__).parents[2]
START_S = 60.0
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def services() -> Iterator[tuple[PostgreSQL, Redis]]:
    with postgresql() as database, redis_server() as messages:
        yield database, messages


@pytest.fixture
def environment(services: tuple[PostgreSQL, Redis], tmp_path: Path) -> dict[str, str]:
    """What compose.yml sets, on an empty database of the test's own."""
    database, messages = services
    name = f"test_{free_port()}"
    with psycopg.connect(database.maintenance_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GRATICULE_", "DJANGO_"))}
    return kept | {
        "GRATICULE_DATA": str(tmp_path / "data"),
        "GRATICULE_SECRET_KEY": "k" * 48,
        "GRATICULE_WAIT_S": "30",
        "DATABASE_URL": database.maintenance_url.replace("/postgres", f"/{name}"),
        "REDIS_URL": messages.url,
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
    }


def entrypoint(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "docker" / "entrypoint.py"), *arguments]


@contextmanager
def started(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        entrypoint(*arguments), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def healthy(role: str, environment: dict[str, str]) -> bool:
    check = [sys.executable, str(ROOT / "docker" / "health.py"), role]
    return subprocess.run(check, env=environment, capture_output=True, check=False).returncode == 0


def refusal(environment: dict[str, str], *arguments: str) -> str:
    result = subprocess.run(entrypoint(*arguments), env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1, result.stdout
    assert "Traceback" not in result.stderr
    return result.stderr


def test_web_becomes_healthy_and_stops_on_sigterm(environment: dict[str, str]) -> None:
    assert not healthy("web", environment)
    with started(environment, "web") as process:
        wait_until(lambda: healthy("web", environment), timeout_s=START_S, what="A healthy web process")
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        assert process.returncode in (0, -signal.SIGTERM)


def test_roles_that_start_together_migrate_an_empty_database_once(environment: dict[str, str]) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(started(environment, "manage", "check")) for _ in range(3)]
        outputs = [process.communicate(timeout=START_S * 2)[0] for process in processes]
        assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert sum("Applying" in output for output in outputs) == 1
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM django_migrations").fetchone() or (0,)
        (names,) = connection.execute("SELECT count(DISTINCT (app, name)) FROM django_migrations").fetchone() or (0,)
    assert rows == names > 10


@pytest.mark.parametrize("role", ["worker-quick", "worker-long", "worker-train"])
def test_worker_starts_and_ends_on_sigterm(environment: dict[str, str], role: str) -> None:
    with started(environment, role) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if f"takes jobs of queue {role.removeprefix('worker-')}" in line:
                break
        assert healthy("worker", environment)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


def test_engine_needs_no_database_and_becomes_healthy(environment: dict[str, str]) -> None:
    with folder() as data:
        alone = {name: value for name, value in environment.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        alone |= {"GRATICULE_DATA": str(data), "OMP_NUM_THREADS": "1"}
        del alone["GRATICULE_SECRET_KEY"]
        assert not healthy("engine", alone)
        with started(alone, "engine", "--preload", "") as process:
            wait_until(lambda: healthy("engine", alone), timeout_s=START_S, what="A healthy engine")
            process.send_signal(signal.SIGTERM)
            process.wait(15)


def test_database_that_comes_late_is_waited_for(environment: dict[str, str]) -> None:
    with folder() as path:
        late = PostgreSQL(path)
        late.stop()
        with started(environment | {"DATABASE_URL": late.url}, "manage", "check") as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(4)
            late.start()
            try:
                assert process.wait(START_S) == 0
            finally:
                late.stop()


def test_database_that_never_comes_is_named_within_the_limit(environment: dict[str, str]) -> None:
    nowhere = f"postgresql://graticule@127.0.0.1:{free_port()}/graticule"
    message = refusal(environment | {"DATABASE_URL": nowhere, "GRATICULE_WAIT_S": "1"}, "web")
    assert "PostgreSQL did not answer within 1 s" in message


def test_redis_that_never_comes_is_named_within_the_limit(environment: dict[str, str]) -> None:
    message = refusal(environment | {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0", "GRATICULE_WAIT_S": "1"}, "web")
    assert "Redis did not answer within 1 s" in message


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "GRATICULE_SECRET_KEY", "GRATICULE_DATA"])
def test_missing_variable_is_named(environment: dict[str, str], name: str) -> None:
    assert f"{name} is not set" in refusal(environment | {name: ""}, "web")


def test_short_secret_key_is_refused(environment: dict[str, str]) -> None:
    assert "GRATICULE_SECRET_KEY is shorter than 32" in refusal(environment | {"GRATICULE_SECRET_KEY": "short"}, "web")


def test_unknown_role_is_answered_with_the_roles_there_are(environment: dict[str, str]) -> None:
    assert "worker-quick" in refusal(environment, "wurker")
