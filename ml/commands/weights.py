"""List the checkpoints, download an official one, or bring one by hand. Nothing here is needed to run the app."""

import argparse
import os
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ml import weights

HELP = "list and fetch checkpoints"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", required=True)
    for name, text in (
        ("list", "what there is"),
        ("pull", "fetch official weights"),
        ("remove", "back to the bundled"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--folder", type=Path, help="default: weights/ in GRATICULE_DATA or in ./data")
        if name != "list":
            command.add_argument("name", choices=weights.SOURCES)
        if name == "pull":
            command.add_argument("--from", dest="file", type=Path, help="an official file that you fetched yourself")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    folder = arguments.folder or Path(os.environ.get("GRATICULE_DATA", "data")) / "weights"
    if arguments.action == "list":
        return {"folder": folder, "weights": weights.listing(folder)}
    if arguments.action == "remove":
        path = folder / f"{arguments.name}.safetensors"
        if not path.exists():
            raise weights.WeightsError(f"{folder} holds no weights for {arguments.name}; there is nothing to remove.")
        path.unlink()
        return {"removed": path}
    if arguments.file:
        path = weights.import_official(arguments.name, arguments.file, folder)
    else:
        with tqdm(unit="B", unit_scale=True, desc=arguments.name) as bar:

            def show(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            path = weights.pull(arguments.name, folder, show)
    return {"name": arguments.name, "file": path, "sha256": weights.describe(path).sha256}
