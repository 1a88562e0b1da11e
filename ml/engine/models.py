"""The models that are loaded."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

from ml import registry, weights
from ml.types import ModelInfo


class NotPromptableError(ValueError):
    """The model finds all objects of a frame, but answers no prompt."""


class Models:
    """Loads a model on its first use and keeps the last few. `get` belongs to the device thread.

    Parameters
    ----------
    weights_folder
        Where weights are looked for before the bundled ones.
    device
        "cpu", "cuda", "cuda:1" …: what the loaders get.
    most_loaded
        The least recently used model beyond this number is let go.
    test_models
        Also offer the models that stand in for a network in tests.
    """

    def __init__(
        self, weights_folder: Path, device: str = "cpu", most_loaded: int = 2, *, test_models: bool = False
    ) -> None:
        self.weights_folder = weights_folder
        self.device = device
        self.most_loaded = most_loaded
        self._test_models = test_models
        self._loaded: OrderedDict[str, Any] = OrderedDict()

    def info(self, name: str) -> ModelInfo:
        """What is known of the model without loading it, or UnknownModelError."""
        return registry.info(name, allow_test_models=self._test_models)

    def check_promptable(self, name: str) -> None:
        """NotPromptableError, or UnknownModelError, where the model cannot answer a prompt."""
        info = self.info(name)
        if not info.promptable:
            raise NotPromptableError(f"{info.title} ({name}) answers no prompts; segment the whole frame with it.")

    def get(self, name: str) -> Any:
        """The model, loaded."""
        if name not in self._loaded:
            self._loaded[name] = registry.load(
                name,
                allow_test_models=self._test_models,
                device=self.device,
                weights_folder=self.weights_folder,
            )
        self._loaded.move_to_end(name)
        while len(self._loaded) > self.most_loaded:
            self._loaded.popitem(last=False)
        return self._loaded[name]

    def unavailable(self) -> dict[str, str]:
        """The models that lack weights, and how to get some. Reads the files that are there, for their hash."""
        reasons = {}
        for name in registry.MODELS.keys() & {*weights.SOURCES, *weights.TRAINED_HERE, *weights.PARTS}:
            try:
                for part in weights.PARTS.get(name, (name,)):
                    weights.find(part, self.weights_folder)
            except weights.WeightsError as error:
                reasons[name] = str(error)
        return reasons

    def loaded(self) -> list[str]:
        """Names of the loaded models."""
        return list(self._loaded)
