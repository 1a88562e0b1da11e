"""What the environment variables say, read in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
GIB = 1024**3
THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")
EVERY_ADDRESS = ("0.0.0.0", "::")


class EnvironmentVariableError(ValueError):
    """An environment variable has a value that cannot be used."""


@dataclass(frozen=True)
class Environment:
    """The deployment's choices.

    Attributes
    ----------
    data
        Folder of everything that must survive: database, uploads, pixel stores, exports.
    engine
        Unix socket path or http:// address of the engine.
    allowed_hosts
        Names by which browsers may ask for the app: those of ALLOWED_HOSTS, the address it listens on, and this
        machine's own, by which it is looked after.
    max_reader_bytes
        Memory of the process that reads an imported file.
    reader_patience_s
        That process is ended when nothing has come from it for so long; seconds.
    embeddings_mb
        Most MiB that the engine's embeddings may take on disk, in embeddings/ of `data`; 0: none are kept.
    neighbours
        Frames on either side of an open one whose embeddings are made while the engine is idle.
    test_models
        True where the models that stand in for a network in tests may be used; no listing shows them.
    https
        True where browsers reach the app over HTTPS only: cookies are then marked secure.
    """

    data: Path
    database_url: str
    redis_url: str
    engine: str
    host: str
    port: int
    allowed_hosts: tuple[str, ...]
    trusted_origins: tuple[str, ...]
    https: bool
    debug: bool
    secret_key: str
    max_upload_bytes: int
    max_frames: int
    max_frame_pixels: int
    max_series_bytes: int
    max_reader_bytes: int
    reader_patience_s: int
    embeddings_mb: int
    neighbours: int
    test_models: bool

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Environment":
        data = Path(variables.get("GRATICULE_DATA") or REPOSITORY / "data").expanduser().resolve()
        host = variables.get("HOST") or "127.0.0.1"
        return cls(
            data=data,
            database_url=variables.get("DATABASE_URL") or f"sqlite:///{data / 'graticule.sqlite3'}",
            redis_url=variables.get("REDIS_URL", ""),
            engine=variables.get("GRATICULE_ENGINE") or str(data / "run" / "engine.sock"),
            host=host,
            port=_integer(variables, "PORT", 8000, 1, 65535),
            allowed_hosts=_allowed_hosts(variables.get("ALLOWED_HOSTS", ""), host),
            trusted_origins=_listed(variables.get("GRATICULE_ORIGINS", "")),
            https=variables.get("GRATICULE_HTTPS") == "1",
            debug=variables.get("GRATICULE_DEBUG") == "1",
            secret_key=variables.get("GRATICULE_SECRET_KEY", ""),
            max_upload_bytes=_integer(variables, "GRATICULE_MAX_UPLOAD_BYTES", 64 * GIB, 1, 1024 * GIB),
            max_frames=_integer(variables, "GRATICULE_MAX_FRAMES", 100_000, 1, 10_000_000),
            max_frame_pixels=_integer(variables, "GRATICULE_MAX_FRAME_PIXELS", 128 * 1024**2, 1, 2**40),
            max_series_bytes=_integer(variables, "GRATICULE_MAX_SERIES_BYTES", 64 * GIB, 1, 2**60),
            max_reader_bytes=_integer(variables, "GRATICULE_MAX_READER_BYTES", 5 * GIB, GIB // 4, 1024 * GIB),
            reader_patience_s=_integer(variables, "GRATICULE_READER_PATIENCE_S", 300, 1, 24 * 3600),
            embeddings_mb=_integer(variables, "GRATICULE_EMBEDDINGS_MB", 4096, 0, 2**30),
            neighbours=_integer(variables, "GRATICULE_NEIGHBOURS", 3, 0, 16),
            test_models=variables.get("GRATICULE_TEST_MODELS") == "1",
        )


def _allowed_hosts(text: str, host: str) -> tuple[str, ...]:
    listening = () if host in EVERY_ADDRESS else (f"[{host}]" if ":" in host else host,)
    return tuple(dict.fromkeys((*_listed(text), *listening, *THIS_MACHINE)))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _integer(variables: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = variables.get(name, "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise EnvironmentVariableError(f"{name} is {text!r}; it must be a whole number from {low} to {high}.")
    return value
