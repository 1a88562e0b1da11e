"""What environment variables do, and what bad ones are told."""

import stat
from pathlib import Path

import pytest

from backend.config.environment import Environment, EnvironmentVariableError
from backend.config.secret_key import ensure_secret_key, read_secret_key


def test_defaults_keep_everything_in_one_folder_and_on_this_machine() -> None:
    environment = Environment.read({})
    assert environment.data.name == "data"
    assert environment.database_url == f"sqlite:///{environment.data}/graticule.sqlite3"
    assert environment.engine == str(environment.data / "run" / "engine.sock")
    assert (environment.host, environment.port, environment.debug, environment.https) == (
        *("127.0.0.1", 8000),
        *(False, False),
    )
    assert set(environment.allowed_hosts) == {"localhost", "127.0.0.1", "[::1]"}


def test_variables_change_the_defaults(tmp_path: Path) -> None:
    environment = Environment.read(
        {
            "GRATICULE_DATA": str(tmp_path),
            "DATABASE_URL": "postgresql://u:p@db/g",
            "PORT": "9000",
            "ALLOWED_HOSTS": "a.example.org, b.example.org",
            "GRATICULE_MAX_FRAMES": "7",
            "GRATICULE_EMBEDDINGS_MB": "0",
            "GRATICULE_NEIGHBOURS": "5",
            "GRATICULE_READER_PATIENCE_S": "1200",
        }
    )
    assert (environment.embeddings_mb, environment.neighbours, environment.reader_patience_s) == (0, 5, 1200)
    assert (environment.data, environment.port, environment.max_frames) == (tmp_path, 9000, 7)
    assert environment.database_url == "postgresql://u:p@db/g"
    assert environment.allowed_hosts[:2] == ("a.example.org", "b.example.org")


@pytest.mark.parametrize(
    ("variables", "more"),
    [
        ({"ALLOWED_HOSTS": "lab.example.org"}, {"lab.example.org"}),
        ({"HOST": "192.168.1.5"}, {"192.168.1.5"}),
        ({"HOST": "fd00::5"}, {"[fd00::5]"}),
        ({"HOST": "0.0.0.0"}, set()),
        ({"HOST": "::"}, set()),
    ],
)
def test_the_address_that_is_shown_and_the_health_check_are_always_allowed(
    variables: dict[str, str], more: set[str]
) -> None:
    assert set(Environment.read(variables).allowed_hosts) == {"localhost", "127.0.0.1", "[::1]"} | more


@pytest.mark.parametrize("value", ["http", "0", "65536", "80.5"])
def test_a_port_that_is_none_is_refused_with_its_limits(value: str) -> None:
    with pytest.raises(EnvironmentVariableError, match=rf"PORT is '{value}'; it must be .* from 1 to 65535"):
        Environment.read({"PORT": value})


def test_the_secret_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    assert read_secret_key(tmp_path) == ""
    key = ensure_secret_key(tmp_path)
    assert len(key) >= 64
    assert ensure_secret_key(tmp_path) == key == read_secret_key(tmp_path)
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]
    assert ensure_secret_key(tmp_path / "other") != key
