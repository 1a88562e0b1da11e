"""Serve models on a Unix socket: the one process that holds them."""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from ml.commands import weights_folder

HELP = "serve models on a Unix socket"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--socket", type=Path, required=True, metavar="PATH", help="where to listen")
    parser.add_argument("--store", type=Path, required=True, metavar="DIR", help="folder of the pixel stores")
    parser.add_argument(
        "--weights", type=Path, metavar="DIR", help="folder of weights (default: weights/ in GRATICULE_DATA or ./data)"
    )
    parser.add_argument(
        "--model-files",
        type=Path,
        metavar="DIR",
        help="folder of weights and settings that requests name by their hash",
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1 … (default: cpu)")
    parser.add_argument("--threads", type=int, help="CPU threads of the networks (default: all cores)")
    parser.add_argument("--cache-mb", type=int, default=256, help="bound of the embeddings in memory (default: 256)")
    parser.add_argument("--embeddings", type=Path, metavar="DIR", help="folder where embeddings outlive the engine")
    parser.add_argument(
        "--embeddings-mb", type=int, default=4096, metavar="MB", help="bound of that folder; 0: none (default: 4096)"
    )
    parser.add_argument(
        "--models", type=int, default=2, metavar="N", help="models kept in memory, the last used ones (default: 2)"
    )
    parser.add_argument(
        "--preload",
        default="efficient_sam_ti",
        metavar="NAME",
        help="model to load at once instead of on first use; '' for none (default: efficient_sam_ti)",
    )
    parser.add_argument("--test-models", action="store_true", help="also offer the model `fake`, a disc on the click")


def run(arguments: argparse.Namespace) -> None:
    for option, value in (("cache-mb", arguments.cache_mb), ("models", arguments.models)):
        if value < 1:
            raise ValueError(f"--{option} is {value}; give 1 or more.")
    if arguments.embeddings_mb < 0:
        raise ValueError(f"--embeddings-mb is {arguments.embeddings_mb}; give 0 or more.")
    if arguments.threads is not None:
        if arguments.threads < 1:
            raise ValueError(f"--threads is {arguments.threads}; give 1 or more.")
        os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    # Threads that wait for work by spinning take the cores from the browser, the web process and the database beside,
    # and then wait for each other. OpenMP reads both when the first model loads, which is later than this.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")

    from ml.engine.app import create_app
    from ml.engine.server import serve

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    app = create_app(
        arguments.store,
        weights_folder=arguments.weights or weights_folder(),
        device=arguments.device,
        cache_bytes=arguments.cache_mb * 1024**2,
        most_models=arguments.models,
        preload=arguments.preload or None,
        test_models=arguments.test_models,
        model_files=arguments.model_files,
        embeddings=arguments.embeddings,
        embeddings_bytes=arguments.embeddings_mb * 1024**2,
    )
    # The server ends its requests first and then raises the signal anew: it must not kill us before we clean up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A shell starts background jobs with SIGINT ignored; who sends it to us means it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    serve(app, arguments.socket)
