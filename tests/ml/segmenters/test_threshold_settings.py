"""Fitted settings of `threshold`: what is written is used, and what is no settings is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml import registry
from ml.segmenters.threshold import ThresholdSegmenter
from ml.segmenters.threshold_settings import SettingsError, read_settings, write_settings
from tests.ml.segmenters.discs import draw, scattered


def test_written_settings_become_the_defaults(tmp_path: Path) -> None:
    told = {"sigma_px": 2.5, "method": "otsu", "polarity": "bright", "split": False}
    write_settings(tmp_path / "a/fit.json", told, {"score": 0.5})
    loaded = registry.load("threshold", weights=tmp_path / "a/fit.json", device="cpu", weights_folder=None)
    frame = draw(scattered(6, 12, 160), 12, 160, bright=True).frame
    expected = ThresholdSegmenter().segment(frame, told)
    for found in (loaded.segment(frame), loaded.segment(frame, {"sigma_px": 2.5})):
        assert [np.flatnonzero(i.mask).tolist() for i in found] == [np.flatnonzero(i.mask).tolist() for i in expected]
    # What the caller says still counts, None for "chosen from the image" included.
    asked = loaded.segment(frame, {"sigma_px": None, "method": "auto", "polarity": "auto", "split": True})
    default = ThresholdSegmenter().segment(frame)
    assert [np.flatnonzero(i.mask).tolist() for i in asked] == [np.flatnonzero(i.mask).tolist() for i in default]


def test_the_hash_follows_the_settings() -> None:
    plain = ThresholdSegmenter().weights_hash
    assert ThresholdSegmenter({"sigma_px": None, "split": True}).weights_hash == plain
    assert ThresholdSegmenter({"sigma_px": 2}).weights_hash == ThresholdSegmenter({"sigma_px": 2.0}).weights_hash
    assert len({plain, *(ThresholdSegmenter({"sigma_px": sigma}).weights_hash for sigma in (1, 2))}) == 3


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x00", "is no JSON file"),
        ([1], 'a file of settings has "model": "threshold"'),
        ({"model": "swin_unet", "parameters": {}}, "is of the model 'swin_unet'; threshold takes only its own"),
        ({"model": "threshold"}, 'has None for "parameters"'),
        ({"model": "threshold", "parameters": {"sigma": 1}}, "fit.json: There is no setting 'sigma'"),
        ({"model": "threshold", "parameters": {"sigma_px": 25}}, "sigma_px is 25, above 20.0; lower it"),
        ({"model": "threshold", "parameters": {"split": 1}}, "split is 1; give true or false"),
    ],
)
def test_what_is_no_settings_is_refused(tmp_path: Path, content: Any, told: str) -> None:
    path = tmp_path / "fit.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(SettingsError, match=told):
        read_settings(path)


def test_a_checkpoint_is_no_settings(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(bytes(1_000_001))
    with pytest.raises(SettingsError, match=r"has 1000001 bytes; settings of threshold have at most 1000000"):
        read_settings(path)
