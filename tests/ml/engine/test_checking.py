"""What the engine says of files that shall become weights or settings: good ones, foreign ones and hostile ones."""

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save, save_file
from starlette.testclient import TestClient

from ml import registry
from ml.engine.app import create_app
from ml.modeling import yolo
from ml.segmenters.threshold_settings import write_settings
from ml.weights import BUNDLED

METADATA = {
    **{
        name: {"model": name, "config": "small", "classes": "1", "image_size": "512"}
        for name in ("swin_unet", "vm_unet", "vm_unet_v2")
    },
    "yolo": yolo.metadata(2),
    "efficient_sam_ti": {"model": "efficient_sam_ti", "image_size": "512", "stretch": "0"},
}


def state(name: str) -> dict[str, torch.Tensor]:
    """Of the right names and shapes; the numbers do not matter here."""
    with torch.device("meta"):
        network = registry.network(name, METADATA[name])
    return {key: torch.zeros(value.shape, dtype=torch.float16) for key, value in network.state_dict().items()}


def check(folder: Path, path: str = "draft", **options: Any) -> Any:
    with TestClient(create_app(folder, folder, model_files=folder)) as client:
        return client.post("/check", json={"path": path, "name": "mine.safetensors", **options})


def refusal(folder: Path, path: str = "draft", **options: Any) -> str:
    answer = check(folder, path, **options)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_checkpoint"), answer.text
    return str(answer.json()["message"])


@pytest.mark.parametrize("name", METADATA)
def test_a_file_of_the_right_names_and_shapes_is_described(tmp_path: Path, name: str) -> None:
    save_file(state(name), tmp_path / "draft", METADATA[name] | {"seed": "7\x00"})
    answer = check(tmp_path)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["model"] == name
    with torch.device("meta"):
        network = registry.network(name, METADATA[name])
    assert body["parameters"] == sum(each.numel() for each in network.parameters()) > 1_000_000
    assert body["metadata"]["image_size"] == 512
    assert body["metadata"]["notes"]["seed"] == "7"
    if name != "efficient_sam_ti":
        assert body["metadata"]["classes"] == int(METADATA[name]["classes"])


def test_a_header_whose_length_looks_like_a_pickle_is_none(tmp_path: Path) -> None:
    tensors = state("efficient_sam_ti")
    for length in range(0, 512, 8):  # the header is filled up to a multiple of 8
        content = save(tensors, METADATA["efficient_sam_ti"] | {"note": "x" * length})
        if content[:1] == b"\x80":
            break
    assert content[:1] == b"\x80"
    (tmp_path / "draft").write_bytes(content)
    assert check(tmp_path).json()["model"] == "efficient_sam_ti"


def test_an_absurd_number_of_classes_is_refused(tmp_path: Path) -> None:
    for entry, value in (("automatic", "-1"), ("automatic", "9" * 12), ("classes", "many")):
        metadata = METADATA["efficient_sam_ti"] | {entry: value}
        (tmp_path / "draft").write_bytes(save(state("efficient_sam_ti"), metadata))
        assert "does not say what efficient_sam_ti it is of" in refusal(tmp_path)


def test_the_bundled_file_passes(tmp_path: Path) -> None:
    (tmp_path / "draft").write_bytes((BUNDLED / "efficient_sam_ti.safetensors").read_bytes())
    assert check(tmp_path, model="efficient_sam_ti").json()["parameters"] == 10_806_480


def test_settings_of_threshold_are_completed(tmp_path: Path) -> None:
    write_settings(tmp_path / "draft", {"polarity": "dark", "sigma_px": 1.5}, {"score": 0.9})
    body = check(tmp_path).json()
    assert (body["model"], body["parameters"]) == ("threshold", None)
    assert body["metadata"]["settings"]["polarity"] == "dark"
    assert body["metadata"]["settings"]["split"] is True


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"model": "threshold", "parameters": {"sigma_px": -1}}', "below"),
        (b'{"model": "threshold", "parameters": {"speed": 1}}', "no setting"),
        (b'{"model": "other", "parameters": {}}', "takes only its own"),
        (b"[" * 100_000, "no JSON"),
        (b"{" * 2_000_000, "at most"),
        (b"[1, 2]", "says of no model"),
        (b"", "no safetensors file"),
        (b"\x00\x01", "no safetensors file"),
        ((2**62).to_bytes(8, "little") + b"{}", "only the beginning"),
        ((9 * 1024**2).to_bytes(8, "little") + b"{" + b" " * 9 * 1024**2, "the limit is"),
        ((2).to_bytes(8, "little") + b"{}", "does not say what model"),
        ((2).to_bytes(8, "little") + b"{]", "damaged"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
    ],
)
def test_what_is_no_checkpoint_is_refused_with_the_reason(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "draft").write_bytes(content)
    message = refusal(tmp_path)
    assert said in message
    assert "draft" not in message


class Hostile:
    """Makes a file where it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_by_another_name_is_never_run(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "draft").write_bytes(pickle.dumps(Hostile(tmp_path / "ran"), protocol))
    refusal(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_zip_of_a_pickle_is_never_run(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "draft", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Hostile(tmp_path / "ran")))
    assert "may run code" in refusal(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    save_file(state("yolo"), tmp_path / "whole", METADATA["yolo"])
    whole = (tmp_path / "whole").read_bytes()
    for length in (4, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "draft").write_bytes(whole[:length])
        assert any(word in refusal(tmp_path) for word in ("beginning", "damaged"))


def test_foreign_missing_and_misshapen_weights_are_named(tmp_path: Path) -> None:
    right = state("swin_unet")
    first = next(key for key, value in right.items() if value.ndim == 4)
    for wrong, said in (
        ({key: value for key, value in right.items() if key != first}, f"1 missing (first: {first})"),
        (right | {"backdoor.weight": torch.zeros(1)}, "1 unknown (first: backdoor.weight)"),
        (right | {first: torch.zeros(2, 3)}, f"{first} is (2, 3) where {tuple(right[first].shape)} belongs"),
    ):
        save_file(wrong, tmp_path / "draft", METADATA["swin_unet"])
        assert said in refusal(tmp_path)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    broken = state("yolo")
    key = next(iter(broken))
    broken[key][..., 0] = float("nan")
    save_file(broken, tmp_path / "draft", METADATA["yolo"])
    assert f"{key} that are not finite" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "resnet"}, "resnet"),
        ({"model": "threshold"}, "threshold"),
        ({"config": "huge"}, "no configuration"),
        ({"classes": "0"}, "classes is 0"),
        ({"classes": "9999999999"}, "classes is"),
        ({"classes": "many"}, "many"),
        ({"image_size": "100000"}, "image_size is 100000"),
    ],
)
def test_metadata_of_no_network_is_refused(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "draft", METADATA["swin_unet"] | changes)
    assert said in refusal(tmp_path)


def test_another_model_than_asked_for_is_refused(tmp_path: Path) -> None:
    save_file(state("yolo"), tmp_path / "draft", METADATA["yolo"])
    assert "not swin_unet" in refusal(tmp_path, model="swin_unet")


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    write_settings(tmp_path / "secret", {}, {})
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "secret")
    for path in ("../secret", str(tmp_path / "secret"), "link", ".", "absent"):
        assert "There is no file" in refusal(tmp_path / "inside", path)
