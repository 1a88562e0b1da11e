"""Which models are loaded, and when."""

import hashlib
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
    assert set(lacking(tmp_path)) == {*weights.SOURCES, *weights.TRAINED_HERE, *weights.PARTS}
    header = json.dumps({"__metadata__": {"image_size": "512"}}).encode()
    content = len(header).to_bytes(8, "little") + header
    (tmp_path / "efficient_sam_ti.safetensors").write_bytes(content)
    reasons = lacking(tmp_path)
    others = weights.SOURCES.keys() - {"efficient_sam_ti"}
    assert set(reasons) == {*others, *weights.TRAINED_HERE, "cascade"}
    assert reasons["cascade"] == reasons["yolo"]  # its other part is there
    assert "weights pull efficient_sam_s" in reasons["efficient_sam_s"]
    assert "`python -m ml weights pull sam_vit_b`" in reasons["sam_vit_b"]
    assert "yolo.safetensors" in reasons["yolo"]


def lacking(folder: Path) -> dict[str, str]:
    return {name: row["reason"] for name, row in Models(folder).usual_weights().items() if row["reason"]}


def kept(folder: Path, content: bytes, suffix: str = "json") -> str:
    """A model file as the app keeps it; returns its hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    (folder / sha256[:2]).mkdir(exist_ok=True)
    (folder / sha256[:2] / f"{sha256}.{suffix}").write_bytes(content)
    return sha256


def settings_file(polarity: str) -> bytes:
    return json.dumps({"model": "threshold", "parameters": {"polarity": polarity}}).encode()


def test_models_are_kept_apart_by_their_weights(tmp_path: Path) -> None:
    dark, bright = (kept(tmp_path, settings_file(polarity)) for polarity in ("dark", "bright"))
    models = Models(tmp_path, most_loaded=3, files=tmp_path)
    loaded = [models.get("threshold", sha256) for sha256 in (None, dark, bright)]
    assert [each.defaults["polarity"] for each in loaded] == ["auto", "dark", "bright"]
    assert len({each.weights_hash for each in loaded}) == 3
    assert models.get("threshold", dark) is loaded[1]
    assert models.loaded() == ["threshold", f"threshold {bright[:12]}", f"threshold {dark[:12]}"]


def test_a_file_that_was_changed_is_not_loaded(tmp_path: Path) -> None:
    sha256 = kept(tmp_path, settings_file("dark"))
    (tmp_path / sha256[:2] / f"{sha256}.json").write_bytes(settings_file("bright"))
    with pytest.raises(weights.WeightsError, match="changed or damaged"):
        Models(tmp_path, files=tmp_path).get("threshold", sha256)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    for models in (Models(tmp_path, files=tmp_path), Models(tmp_path)):
        with pytest.raises(weights.WeightsError, match="has no file"):
            models.get("threshold", "0" * 64)
    with pytest.raises(weights.WeightsError, match="no SHA-256"):
        Models(tmp_path, files=tmp_path).get("threshold", "../../etc/passwd")


def test_settings_of_another_model_are_refused(tmp_path: Path) -> None:
    sha256 = kept(tmp_path, b'{"model": "other"}')
    with pytest.raises(weights.WeightsError, match="takes only its own"):
        Models(tmp_path, files=tmp_path).get("threshold", sha256)


def test_a_model_without_weights_takes_none(tmp_path: Path) -> None:
    sha256 = kept(tmp_path, b"{}")
    with pytest.raises(weights.WeightsError, match="takes no weights"):
        Models(tmp_path, files=tmp_path, test_models=True).get("fake", sha256)


def test_the_usual_weights_come_with_their_card(tmp_path: Path) -> None:
    rows = Models(tmp_path).usual_weights()
    file = rows["efficient_sam_ti"]["file"]
    assert file["card"].startswith("# efficient_sam_ti")
    assert file["metadata"]["parameters"] == "10806480"
    assert file["size_bytes"] == (weights.BUNDLED / "efficient_sam_ti.safetensors").stat().st_size
    assert (rows["vm_unet_v2"]["file"], "train it" in rows["vm_unet_v2"]["reason"]) == (None, True)
    assert rows["cascade"] == {"reason": "", "file": None}


def test_a_model_of_parts_lacks_what_a_part_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    rows = Models(tmp_path).usual_weights()
    assert rows["yolo"]["reason"] and rows["efficient_sam_ti"]["reason"]
    assert rows["cascade"]["reason"] in (rows["yolo"]["reason"], rows["efficient_sam_ti"]["reason"])
