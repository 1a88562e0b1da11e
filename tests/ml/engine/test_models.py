"""Which models are loaded, and when."""

import json
from pathlib import Path

import pytest

from ml import registry, weights
from ml.engine.models import Models, NotPromptableError
from ml.registry import UnknownModelError
from ml.types import ModelInfo


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Models:
    for name in ("a", "b", "c"):
        info = ModelInfo(name, name.title(), "ml.segmenters.fake:load", promptable=name != "c")
        monkeypatch.setitem(registry.MODELS, name, info)
    nowhere = ModelInfo("nowhere", "Nowhere", "ml.segmenters.nowhere:load", promptable=True)
    monkeypatch.setitem(registry.MODELS, "nowhere", nowhere)
    return Models(tmp_path, most_loaded=2)


def test_a_model_is_loaded_on_its_first_use_and_kept(models: Models) -> None:
    assert models.loaded() == []
    assert models.get("a") is models.get("a")
    assert models.loaded() == ["a"]


def test_the_least_recently_used_model_is_let_go(models: Models) -> None:
    for name in ("a", "b", "a", "c"):
        models.get(name)
    assert models.loaded() == ["a", "c"]


def test_a_model_that_cannot_load_leaves_the_others(models: Models) -> None:
    models.get("a")
    models.get("b")
    with pytest.raises(ModuleNotFoundError):
        models.get("nowhere")
    assert models.loaded() == ["a", "b"]


def test_prompts_are_for_promptable_models_only(models: Models) -> None:
    models.check_promptable("a")
    with pytest.raises(NotPromptableError, match="segment the whole frame"):
        models.check_promptable("c")
    with pytest.raises(UnknownModelError, match="efficient_sam_ti"):
        models.check_promptable("nothing")


def test_the_fake_model_is_not_offered_unless_asked_for(tmp_path: Path) -> None:
    assert Models(tmp_path, test_models=True).info("fake").promptable
    with pytest.raises(UnknownModelError):
        Models(tmp_path).info("fake")


def test_models_without_weights_are_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "BUNDLED", tmp_path / "bundled")
    assert set(Models(tmp_path).unavailable()) == {*weights.SOURCES, *weights.TRAINED_HERE, *weights.PARTS}
    header = json.dumps({"__metadata__": {"image_size": "512"}}).encode()
    content = len(header).to_bytes(8, "little") + header
    (tmp_path / "efficient_sam_ti.safetensors").write_bytes(content)
    lacking = Models(tmp_path).unavailable()
    assert set(lacking) == {"efficient_sam_s", *weights.TRAINED_HERE, "cascade"}
    assert lacking["cascade"] == lacking["yolo"]  # its other part is there
    assert "weights pull efficient_sam_s" in lacking["efficient_sam_s"]
    assert "yolo.safetensors" in lacking["yolo"]
