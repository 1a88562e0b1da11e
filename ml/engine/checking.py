"""Checks a file that shall become a model's weights or settings. Nothing in it is run, and no pickle is ever opened."""

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml import registry
from ml.engine.queue import Steps
from ml.segmenters import threshold_settings
from ml.segmenters.threshold_settings import SettingsError
from ml.types import ModelInfo
from ml.weights import WeightsError, check_keys

MOST_HEADER_BYTES = 8 * 1024**2
MOST_IMAGE_SIZE = 2048
_TYPED = ("config", "classes", "image_size")  # what every network's metadata may say; the rest is kept as it is
_MOST_NOTES, _MOST_NOTE_CHARACTERS = 32, 4000
_REMEDY = "Give a .safetensors file that was trained here, or a .json file of settings of threshold."
_FOREIGN = {
    b"PK\x03\x04": "a PyTorch file or another zip file",
    b"\x80": "a pickle",
    b"\x89HDF": "an HDF5 file",
}


class CheckpointError(ValueError):
    """The file cannot be used; the message says what is wrong with it and what helps."""


def check(folder: Path | None, path: str, name: str, model: str | None) -> Steps[dict[str, Any]]:
    """What the file holds: {model, metadata, parameters}, the last being the number of a network's weights.

    Parameters
    ----------
    folder
        Of the model files; `path` lies below it.
    name
        What the person calls the file, for the messages.
    model
        The registered model that it has to be of; None: the one that it says it is of.

    Raises
    ------
    CheckpointError
    """
    file = _inside(folder, path)
    with file.open("rb") as opened:
        start = opened.read(64)
    for signature, what in _FOREIGN.items():
        # A safetensors file begins with the length of its header, which may look like any of these.
        if start.startswith(signature) and start[8:9] != b"{":
            raise CheckpointError(f"{name} is {what}, which may run code when it is read: it was not opened. {_REMEDY}")
    if start.lstrip()[:1] in (b"{", b"["):
        return _settings(file, name, model)
    _check_header(file, start, name)
    return (yield from _network(file, name, model))


def _inside(folder: Path | None, path: str) -> Path:
    if folder is None:
        raise CheckpointError("This engine has no folder of model files. Start it with --model-files.")
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        raise CheckpointError(f"There is no file {path!r} in the folder of model files.")
    return file


def _settings(file: Path, name: str, model: str | None) -> dict[str, Any]:
    try:
        settings = threshold_settings.read_settings(file)
    except SettingsError as error:
        raise CheckpointError(str(error).replace(file.name, name)) from error
    _require_model(name, threshold_settings.MODEL, model)
    return {"model": threshold_settings.MODEL, "metadata": {"settings": settings}, "parameters": None}


def _check_header(file: Path, start: bytes, name: str) -> None:
    """Its length, before anything reads as much as it claims."""
    size = int.from_bytes(start[:8], "little")
    whole = file.stat().st_size
    if whole < 8 or start[8:9] != b"{" or size > whole - 8:
        raise CheckpointError(f"{name} is no safetensors file, or only the beginning of one. {_REMEDY}")
    if size > MOST_HEADER_BYTES:
        raise CheckpointError(
            f"{name} has a header of {size} bytes; the limit is {MOST_HEADER_BYTES}. It is of no network that is known."
        )


def _network(file: Path, name: str, model: str | None) -> Steps[dict[str, Any]]:
    # Both load with the first file of weights that is checked: an engine of settings alone needs neither.
    import torch
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as opened:
            metadata: dict[str, str] = opened.metadata() or {}
            shapes = {key: opened.get_slice(key).get_shape() for key in opened.keys()}  # noqa: SIM118 - it is no dict
            found = _model_of(name, metadata, model)
            yield None
            given = {key: torch.empty(shape, device="meta") for key, shape in shapes.items()}
            parameters = _check_keys(name, found, metadata, given)
            for key in shapes:
                yield None
                if not bool(torch.isfinite(opened.get_tensor(key)).all()):
                    raise CheckpointError(
                        f"{name} has numbers in {key} that are not finite: its training broke down, or it was damaged. "
                        "Train it again, or copy it again."
                    )
    except SafetensorError as error:
        raise CheckpointError(f"{name} is a damaged safetensors file ({error}). Copy it again.") from error
    return {"model": found.name, "metadata": _described(metadata), "parameters": parameters}


def _model_of(name: str, metadata: Mapping[str, str], model: str | None) -> ModelInfo:
    said = metadata.get("model")
    known = [info.name for info in registry.MODELS.values() if info.network]
    if said is None:
        raise CheckpointError(
            f"{name} does not say what model it is of. Its metadata needs the entry model: {', '.join(known)}."
        )
    if said not in known:
        raise CheckpointError(f"{name} is of the model {said[:64]!r}. There are: {', '.join(known)}.")
    _require_model(name, said, model)
    return registry.info(said)


def _require_model(name: str, found: str, model: str | None) -> None:
    if model is not None and found != model:
        raise CheckpointError(f"{name} is of the model {found}, not {model[:64]}. Upload it as {found}.")


def _check_keys(name: str, model: ModelInfo, metadata: Mapping[str, str], given: dict[str, Any]) -> int:
    """Names and shapes, against a network of which nothing but these is made; returns its number of weights."""
    import torch

    try:
        size = int(metadata.get("image_size", "512"))
        if not 32 <= size <= MOST_IMAGE_SIZE or size % 16:
            raise ValueError(f"image_size is {size}; it is a multiple of 16 from 32 to {MOST_IMAGE_SIZE}.")
        with torch.device("meta"):
            network = registry.network(model.name, metadata)
        wanted = network.state_dict()
        int(metadata.get("classes", "1"))  # as it will be shown
    except (KeyError, ValueError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise CheckpointError(f"{name} does not say what {model.name} it is of: {reason} {_REMEDY}") from error
    try:
        check_keys(name, model.name, given, wanted)
    except WeightsError as error:
        raise CheckpointError(f"{error} {_difference(given, wanted)}{_REMEDY}") from error
    return sum(parameter.numel() for parameter in network.parameters())


def _difference(given: dict[str, Any], wanted: dict[str, Any]) -> str:
    for key, value in wanted.items():
        if key in given and given[key].shape != value.shape:
            return f"{key} is {tuple(given[key].shape)} where {tuple(value.shape)} belongs. "
    return ""


def _described(metadata: Mapping[str, str]) -> dict[str, Any]:
    """The metadata as it is kept and shown: whole numbers as such, other entries as short plain text."""
    described: dict[str, Any] = {}
    for key in _TYPED:
        if key in metadata:
            described[key] = _plain(metadata[key])[:64] if key == "config" else int(metadata[key])
    notes = {
        _plain(key)[:64]: _plain(value) for key, value in metadata.items() if key not in (*_TYPED, "model", "yaml")
    }
    described["notes"] = dict(sorted(notes.items())[:_MOST_NOTES])
    return described


def _plain(text: str) -> str:
    """Without control characters and halves of characters, which a database or a page may not hold."""
    kept = (each for each in text[:_MOST_NOTE_CHARACTERS] if each in "\n\t" or unicodedata.category(each)[0] != "C")
    return "".join(kept)
