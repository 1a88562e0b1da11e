"""Training that starts from a checkpoint instead of random weights."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ml.weights import WeightsError, check_keys, describe

if TYPE_CHECKING:
    from ml.training.loop import Task

_NAMING = ("model", "config")  # what a checkpoint's metadata have to say of the network


def start_from(model: nn.Module, checkpoint: Path, task: "Task") -> list[str]:
    """Load a checkpoint of the task's network, trained for any number of phases.

    Returns the entries that stay random because their shape depends on the number of phases.

    Raises
    ------
    WeightsError
        where the file is damaged, or of another network in whatever else.
    """
    if checkpoint.suffix != ".safetensors" or not checkpoint.is_file():
        raise WeightsError(f"--init is {checkpoint}; give the .safetensors file of a training run.")
    found, wanted = describe(checkpoint).metadata, task.metadata()
    for name in _NAMING:
        if found.get(name) != wanted.get(name):
            raise WeightsError(
                f"{checkpoint.name} has the {name} {found.get(name)}, but {wanted.get(name)} is to be trained; start "
                "from a checkpoint of the same network."
            )
    try:
        state = load_file(checkpoint)
        phases = task.phases if found.get("classes") == wanted["classes"] else _phases_of(found, wanted["model"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise WeightsError(f"{checkpoint.name} is damaged: {error}. Copy it again.") from error
    with torch.random.fork_rng(devices=[]):
        theirs = task.with_phases(phases).new().state_dict()
    check_keys(checkpoint.name, f"{wanted['model']} for {phases} phases", state, theirs)
    ours = model.state_dict()
    random = [key for key, value in ours.items() if value.shape != theirs[key].shape]
    for key in random:
        state[key] = ours[key]
    model.load_state_dict({key: value.to(ours[key].dtype) for key, value in state.items()})
    return random


def _phases_of(metadata: dict[str, str], model: str) -> int:
    """Semantic networks have a class for the background where there are several phases."""
    classes = int(metadata["classes"])
    return classes if model == "yolo" or classes == 1 else classes - 1
