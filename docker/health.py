#!/usr/bin/env python3
"""`health.py web|engine|worker`: exit status 0 where the role of this container does its work."""

import os
import sys
from pathlib import Path

import httpx
import psycopg

TIMEOUT_S = 4.0


def web() -> None:
    port = os.environ.get("PORT", "8000")
    # Without the proxy that the environment may name: it knows no way into this container.
    httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=TIMEOUT_S, trust_env=False).raise_for_status()


def engine() -> None:
    socket = os.environ.get("GRATICULE_ENGINE") or str(Path(os.environ["GRATICULE_DATA"]) / "run" / "engine.sock")
    with httpx.Client(transport=httpx.HTTPTransport(uds=socket), timeout=TIMEOUT_S) as client:
        client.get("http://engine/health").raise_for_status()


def worker() -> None:
    """A worker that died ends its container, and a job's lease shows one that hangs; left to see is its database."""
    psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=int(TIMEOUT_S)).close()


if __name__ == "__main__":
    try:
        {"web": web, "engine": engine, "worker": worker}[sys.argv[1]]()
    except (httpx.HTTPError, psycopg.Error, OSError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
