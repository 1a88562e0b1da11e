"""The servers that the other tests trust: they start, keep what they acknowledged, and stop."""

import os
import signal
import subprocess
import sys

import psycopg
import pytest
import redis

from tests.infrastructure.team import postgresql, redis_server


@pytest.mark.slow
def test_postgresql_killed_after_a_commit_still_has_it() -> None:
    with postgresql() as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept (value integer)")
            connection.execute("INSERT INTO kept VALUES (7)")
        server.end(signal.SIGKILL)
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT value FROM kept").fetchall() == [(7,)]


def test_redis_answers_and_is_gone_afterwards() -> None:
    with redis_server() as server, redis.Redis.from_url(server.url) as client:
        client.set("key", "value")
        assert client.get("key") == b"value"
    with pytest.raises(redis.ConnectionError), redis.Redis.from_url(server.url) as client:
        client.ping()


@pytest.mark.slow
def test_the_command_gets_both_addresses_and_gives_its_exit_status() -> None:
    script = (
        "import os, sys; ok = os.environ['DATABASE_URL'].startswith('postgresql://') and "
        "os.environ['REDIS_URL'].startswith('redis://'); sys.exit(5 if ok else 1)"
    )
    command = [sys.executable, "-m", "tests.infrastructure.team", sys.executable, "-c", script]
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    assert subprocess.run(command, env=environment, check=False).returncode == 5
