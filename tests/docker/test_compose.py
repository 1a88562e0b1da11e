"""docker/compose.yml is valid and ships no secret."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from backend.config.environment import Environment

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / "backend" / "config" / "environment.py"
COMPOSE = ROOT / "docker" / "compose.yml"
SECRETS = {"POSTGRES_PASSWORD": "a-password-of-the-test", "GRATICULE_SECRET_KEY": "k" * 40}


def compose_command() -> list[str]:
    """`docker compose` where the client has the plugin, otherwise the older program of the same rules."""
    if shutil.which("docker"):
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if plugin.returncode == 0:
            return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    pytest.skip("neither docker compose nor docker-compose is installed: run .ci/system-packages")


def config(**environment: str) -> str:
    variables = {name: value for name, value in os.environ.items() if name not in SECRETS} | environment
    command = [*compose_command(), "-f", str(COMPOSE), "config"]
    result = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def services(**environment: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(config(**environment))["services"]
    return loaded


def test_the_file_is_valid_without_any_variable() -> None:
    config()


def test_every_service_has_a_health_check_and_restarts() -> None:
    found = services(**SECRETS)
    assert set(found) == {"web", "engine", "worker-quick", "worker-long", "worker-train", "postgres", "redis"}
    for service in found.values():
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"


def test_every_limit_can_be_raised() -> None:
    limits = dict.fromkeys(re.findall(r"GRATICULE_MAX_\w+", ENVIRONMENT.read_text()), "7")
    limits["GRATICULE_MAX_READER_BYTES"] = str(2**30)  # a reader needs a quarter of a GiB at least
    assert len(limits) == 5
    for environment in ({}, limits):
        found = services(**environment)
        for role in ("web", "worker-quick", "worker-long", "worker-train"):
            passed = found[role]["environment"]
            expected = Environment.read(environment)
            read = Environment.read({name: passed[name] or "" for name in limits})
            assert (read.max_upload_bytes, read.max_frames) == (expected.max_upload_bytes, expected.max_frames)
            assert read.max_frame_pixels == expected.max_frame_pixels
            assert read.max_series_bytes == expected.max_series_bytes
            assert read.max_reader_bytes == expected.max_reader_bytes
    named = (ROOT / "README.md").read_text()
    assert [name for name in limits if name not in named] == []


def test_trainings_run_on_the_engines_device() -> None:
    for given, device in (({}, "cpu"), ({"GRATICULE_DEVICE": "cuda"}, "cuda")):
        found = services(**SECRETS, **given)
        for role in ("engine", "worker-train"):
            assert found[role]["environment"]["GRATICULE_DEVICE"] == device


def test_secrets_come_from_the_environment_alone() -> None:
    assert not any(secret in json.dumps(services()) for secret in SECRETS.values())
    found = services(**SECRETS)
    assert SECRETS["POSTGRES_PASSWORD"] in found["web"]["environment"]["DATABASE_URL"]
    assert found["worker-long"]["environment"]["GRATICULE_SECRET_KEY"] == SECRETS["GRATICULE_SECRET_KEY"]
    assert services()["postgres"]["environment"]["POSTGRES_PASSWORD"] in ("", None)


def test_the_engine_gets_no_secret() -> None:
    engine = json.dumps(services(**SECRETS)["engine"])
    assert not any(secret in engine for secret in SECRETS.values())


async def client_of(peer: str, forwarded: str, **environment: str) -> str:
    """The address that the web process sees for a request from `peer`."""
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"][0])

    trusted = services(**environment)["web"]["environment"]["FORWARDED_ALLOW_IPS"]
    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    proxied: Any = ProxyHeadersMiddleware(app, trusted)
    await proxied(scope, None, None)
    return seen[0]


async def test_people_behind_the_proxy_are_told_apart_and_strangers_not_believed() -> None:
    assert await client_of("172.30.241.1", "198.51.100.7") == "198.51.100.7"
    assert await client_of("172.30.241.1", "10.0.0.1, 198.51.100.7") == "198.51.100.7"
    assert await client_of("198.51.100.9", "198.51.100.7") == "198.51.100.9"
    assert await client_of("10.9.8.1", "198.51.100.7", GRATICULE_SUBNET="10.9.8.0/24") == "198.51.100.7"


def test_the_network_is_the_one_that_is_believed() -> None:
    for chosen in ({}, {"GRATICULE_SUBNET": "10.9.8.0/24"}):
        loaded = yaml.safe_load(config(**chosen))
        (network,) = loaded["networks"]["default"]["ipam"]["config"]
        assert loaded["services"]["web"]["environment"]["FORWARDED_ALLOW_IPS"] == network["subnet"]


def test_the_image_runs_as_an_ordinary_user_with_a_health_check() -> None:
    lines = (ROOT / "docker" / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["graticule"]
    assert any(line.startswith("HEALTHCHECK ") for line in lines)
    assert lines.index("USER graticule") < next(i for i, line in enumerate(lines) if line.startswith("ENTRYPOINT"))


def test_everything_the_image_copies_is_let_through_and_exists() -> None:
    allowed = {
        line[1:] for line in (ROOT / "docker" / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    for line in (ROOT / "docker" / "Dockerfile").read_text().splitlines():
        if not line.startswith("COPY ") or "--from=" in line:
            continue
        for source in line.split()[1:-1]:
            assert (ROOT / source).exists(), source
            assert any(source == name or source.startswith(f"{name}/") for name in allowed), source
