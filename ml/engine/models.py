"""The models that are loaded."""

import hashlib
import re
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from ml import registry, weights
from ml.segmenters.threshold_settings import SettingsError
from ml.types import ModelInfo
from ml.weights import WeightsError

_SHA256 = re.compile(r"[0-9a-f]{64}")


class NotPromptableError(ValueError):
    """The model finds all objects of a frame, but answers no prompt."""


class Models:
    """Loads a model on its first use and keeps the last few. `get` belongs to the device thread.

    A model is loaded with its usual weights, or with those of a file that is named by its SHA-256.

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
    files
        Folder of the files that requests name, as ab/<sha256>.<suffix>; None: there are none.
    """

    def __init__(
        self,
        weights_folder: Path,
        device: str = "cpu",
        most_loaded: int = 2,
        *,
        test_models: bool = False,
        files: Path | None = None,
    ) -> None:
        self.weights_folder = weights_folder
        self.device = device
        self.most_loaded = most_loaded
        self.files = files
        self._test_models = test_models
        self._trackers: WeakValueDictionary[str, Any] = WeakValueDictionary()
        self._loaded: OrderedDict[tuple[str, str | None], Any] = OrderedDict()

    def info(self, name: str) -> ModelInfo:
        """What is known of the model without loading it, or UnknownModelError."""
        return registry.info(name, kind="segmenter", allow_test_models=self._test_models)

    def check_promptable(self, name: str) -> None:
        """NotPromptableError, or UnknownModelError, where the model cannot answer a prompt."""
        info = self.info(name)
        if not info.promptable:
            raise NotPromptableError(f"{info.title} ({name}) answers no prompts; segment the whole frame with it.")

    def get(self, name: str, sha256: str | None = None) -> Any:
        """The model, loaded; `sha256` names the file of its weights, None stands for the usual ones."""
        key = name, sha256
        if key not in self._loaded:
            self._loaded[key] = self._load(name, sha256)
        self._loaded.move_to_end(key)
        while len(self._loaded) > self.most_loaded:
            self._loaded.popitem(last=False)
        return self._loaded[key]

    def tracker(self, name: str) -> Any:
        """A tracker that knows nothing yet; those of one network share it while one of them is in use."""
        there = self._trackers.get(name)
        self._trackers[name] = tracker = self._load(name, None) if there is None else there.another()
        return tracker

    def _load(self, name: str, sha256: str | None) -> Any:
        options: dict[str, Any] = {"device": self.device, "weights_folder": self.weights_folder}
        if sha256 is not None:
            if not self.info(name).takes_weights:
                raise WeightsError(f"{name} takes no weights; ask for it without any.")
            options["weights"] = self._file(name, sha256)
        try:
            return registry.load(name, allow_test_models=self._test_models, **options)
        except SettingsError as error:
            raise WeightsError(str(error)) from error

    def _file(self, name: str, sha256: str) -> Path:
        """The file of this hash, checked: what lies there may have been damaged or changed."""
        if _SHA256.fullmatch(sha256) is None:
            raise WeightsError(f"{sha256[:80]!r} is no SHA-256 in hexadecimal; name a file by its hash.")
        found = sorted((self.files / sha256[:2]).glob(f"{sha256}.*")) if self.files else []
        if not found:
            raise WeightsError(f"The engine has no file {sha256[:12]}… for {name}. Upload or train the version again.")
        with found[0].open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != sha256:
            raise WeightsError(
                f"The file {sha256[:12]}… of {name} was changed or damaged: its SHA-256 is {actual[:12]}… now. "
                "Restore it from a backup, or upload or train the version again."
            )
        return found[0]

    def usual_weights(self) -> dict[str, dict[str, Any]]:
        """For every model that needs weights: the file that is used by default, or the reason why there is none.

        {reason, file: {sha256, size_bytes, card, metadata} or None}; `card` is the Markdown text that lies beside it,
        `metadata` also has the number of the network's `parameters`. A model that is made of others has no file of
        its own, and lacks what its parts lack.
        """
        rows: dict[str, dict[str, Any]] = {}
        for name in registry.MODELS.keys() & {*weights.SOURCES, *weights.TRAINED_HERE}:
            try:
                checkpoint = weights.find(name, self.weights_folder)
            except WeightsError as error:
                rows[name] = {"reason": str(error), "file": None}
                continue
            card = checkpoint.path.with_suffix(".md")
            rows[name] = {
                "reason": "",
                "file": {
                    "sha256": checkpoint.sha256,
                    "size_bytes": checkpoint.path.stat().st_size,
                    "card": card.read_text(encoding="utf-8") if card.is_file() else "",
                    "metadata": dict(checkpoint.metadata) | _counted(name, tuple(checkpoint.metadata.items())),
                },
            }
        for name in registry.MODELS.keys() & weights.PARTS:
            reasons = [rows[part]["reason"] for part in weights.PARTS[name]]
            rows[name] = {"reason": next(filter(None, reasons), ""), "file": None}
        return rows

    def loaded(self) -> list[str]:
        """Names of the loaded models, with the beginning of their weights' hash where these are not the usual ones."""
        return [f"{name} {sha256[:12]}" if sha256 else name for name, sha256 in self._loaded]


@lru_cache(maxsize=64)
def _counted(name: str, metadata: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """{parameters} of the network that the metadata speak of; {} where they do not say which it is."""
    import torch

    try:
        with torch.device("meta"):  # shapes alone: nothing is computed or kept
            network = registry.network(name, dict(metadata))
    except (KeyError, ValueError):
        return {}
    return {"parameters": str(sum(each.numel() for each in network.parameters()))} if network is not None else {}
