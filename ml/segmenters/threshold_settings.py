"""The file that keeps settings of `threshold` which were fitted to labels."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml.segmenters.parameters import THRESHOLD_PARAMETERS, ParameterError, resolve

MODEL = "threshold"
_MOST_BYTES = 1_000_000


class SettingsError(ValueError):
    """A file that holds no settings of `threshold`, or settings that it cannot take."""


def write_settings(path: Path, parameters: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Keep settings, with what is known `about` them (score, frames, seed), as one JSON object; atomically."""
    content = {"model": MODEL, "parameters": resolve(THRESHOLD_PARAMETERS, parameters), **about}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.partial")
    temporary.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")
    temporary.replace(path)


def read_settings(path: Path) -> dict[str, Any]:
    """The file's settings, complete and checked.

    Raises
    ------
    SettingsError
        naming the file and what is wrong: no JSON object, another model's, a setting that `threshold` does not have,
        a value out of range.
    OSError
        The file cannot be read.
    """
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise SettingsError(
            f"{path.name} has {size} bytes; settings of {MODEL} have at most {_MOST_BYTES}. Give the JSON file that "
            f"`python -m ml train {MODEL}` wrote."
        )
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise SettingsError(
            f"{path.name} is no JSON file ({error}); give the one that `python -m ml train {MODEL}` wrote."
        ) from error
    if not isinstance(content, dict) or "model" not in content:
        raise SettingsError(f'{path.name} says of no model; a file of settings has "model": "{MODEL}".')
    if content["model"] != MODEL:
        raise SettingsError(f"{path.name} is of the model {content['model']!r}; {MODEL} takes only its own.")
    parameters = content.get("parameters")
    if not isinstance(parameters, dict):
        raise SettingsError(
            f'{path.name} has {parameters!r} for "parameters"; an object of settings by name belongs there.'
        )
    try:
        return resolve(THRESHOLD_PARAMETERS, parameters)
    except ParameterError as error:
        raise SettingsError(f"{path.name}: {error}") from error
