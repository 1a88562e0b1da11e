"""Which rows a comparison has: models asked for, and controls."""

from dataclasses import replace
from pathlib import Path

import pytest

from ml import registry
from ml.evaluation.comparison import asked, controls
from ml.evaluation.measured import Candidate


def test_every_segmenter_is_asked_for_by_default() -> None:
    segmenters = [name for name, info in registry.MODELS.items() if info.kind == "segmenter"]
    assert [candidate.model for candidate in asked([])] == segmenters


def test_the_same_model_with_other_weights_has_another_label() -> None:
    found = asked(["threshold", "threshold=a/x.json", "threshold=b/x.json"])
    assert [candidate.label for candidate in found] == ["threshold", "threshold (a/x.json)", "threshold (b/x.json)"]
    assert found[1].weights == Path("a/x.json")


def test_families_that_build_untrained_networks_get_one_each(monkeypatch: pytest.MonkeyPatch) -> None:
    trainable = replace(registry.MODELS["efficient_sam_ti"], builds_untrained=True)
    monkeypatch.setitem(registry.MODELS, "efficient_sam_ti", trainable)
    names = ["efficient_sam_ti", "efficient_sam_ti=a/w.safetensors", "efficient_sam_s"]
    added, notes = controls(asked(names), Path("fit.json"))
    assert added == [
        Candidate("threshold (fitted)", "threshold", Path("fit.json"), control=True),
        Candidate("efficient_sam_ti (untrained)", "efficient_sam_ti", untrained=True, control=True),
    ]
    assert notes == ["efficient_sam_s has no untrained control: its loader builds none."]


def test_unfitted_threshold_is_added_once() -> None:
    added, _ = controls(asked(["efficient_sam_ti"]), None)
    assert [candidate.label for candidate in added] == ["threshold (not fitted)"]
    assert not controls(asked(["threshold"]), None)[0]
    # Settings that someone gives are no control.
    assert len(controls(asked(["threshold=a/x.json"]), None)[0]) == 1
