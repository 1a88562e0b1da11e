"""Models that people upload, against the real engine: what is kept, what is refused, and that nothing is run."""

import json
import os
import pickle
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from safetensors.torch import save

from backend.inference import model_files
from backend.inference.models import ModelVersion
from backend.projects.models import Project
from ml import registry
from ml.modeling import yolo
from tests.backend.builders import make_phase, make_project, make_user, make_version
from tests.backend.inference.engine import RunningEngine

pytestmark = [pytest.mark.django_db, pytest.mark.database]

SETTINGS = json.dumps({"model": "threshold", "parameters": {"polarity": "dark"}}).encode()


@pytest.fixture(autouse=True)
def engine(settings: Any, tmp_path: Path) -> Iterator[RunningEngine]:
    settings.GRATICULE_DATA = tmp_path
    settings.GRATICULE_ENGINE = str(tmp_path / "engine.sock")
    engine = RunningEngine(tmp_path / "engine.sock", tmp_path, model_files=model_files.models_folder())
    yield engine
    engine.stop()


@pytest.fixture
def project() -> Project:
    return make_project(make_user("anna"))


@pytest.fixture
def anna(client: Client, project: Project) -> Client:
    client.force_login(project.members.get())
    return client


def upload(anna: Client, project: Project, content: bytes, file: str = "mine.safetensors", **fields: str) -> Any:
    return anna.post(f"/api/v1/projects/{project.pk}/models", {"file": SimpleUploadedFile(file, content), **fields})


def network(changes: dict[str, torch.Tensor] | None = None, **metadata: str) -> bytes:
    described = yolo.metadata(2) | metadata
    with torch.device("meta"):
        wanted = registry.network("yolo", yolo.metadata(2)).state_dict()
    state = {key: torch.zeros(value.shape, dtype=torch.float16) for key, value in wanted.items()}
    return save(state | (changes or {}), described)


def refusal(anna: Client, project: Project, content: bytes, **fields: str) -> str:
    answer = upload(anna, project, content, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_checkpoint"), answer.content
    assert not ModelVersion.objects.exists()
    assert list(model_files.models_folder().rglob("*")) == []
    return str(answer.json()["message"])


def test_a_checkpoint_becomes_a_version_that_the_engine_can_use(anna: Client, project: Project) -> None:
    gold = make_phase(project, "Au particle")
    phases = json.dumps([{"name": "Au particle"}, {"name": "Oxide"}])
    answer = upload(anna, project, network(phases=phases), file="best.safetensors")
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["model"], shown["title"], shown["number"], shown["name"]) == ("yolo", "YOLOv8n-seg", 1, "yolo 1")
    assert (shown["origin"], shown["provenance"]) == ("uploaded", {"file_name": "best.safetensors"})
    assert (shown["metadata"]["classes"], shown["metadata"]["image_size"]) == (2, 512)
    assert shown["metadata"]["parameters"] > 3_000_000
    assert shown["phases"] == [
        {"id": str(gold.pk), "name": "Au particle", "colour": "#ffaa00"},
        {"id": None, "name": "Oxide", "colour": "#808080"},
    ]
    assert shown["available"] is True
    listed = anna.get(f"/api/v1/projects/{project.pk}/models").json()
    assert listed["versions"] == [shown]
    models = {model["name"]: model for model in listed["models"]}
    assert models["efficient_sam_ti"]["bundled"]["card"].startswith("# efficient_sam_ti")
    assert models["swin_unet"]["configs"][0] == "small"
    assert (models["threshold"]["trainable"], models["efficient_sam_ti"]["trainable"]) == (True, True)
    assert not models["cascade"]["trainable"]


@pytest.mark.parametrize("character", ["\ud800", "\x00"])
def test_names_of_phases_that_no_page_may_hold_are_left_out(anna: Client, project: Project, character: str) -> None:
    answer = upload(anna, project, network(phases=json.dumps([{"name": f"Gold{character}"}])), file="best.safetensors")
    assert answer.status_code == 201, answer.content
    assert answer.json()["phases"] == []
    assert anna.get(f"/api/v1/projects/{project.pk}/models").status_code == 200


def test_fitted_settings_take_the_place_of_the_defaults(anna: Client, project: Project) -> None:
    shown = upload(anna, project, SETTINGS, file="dark.json", name="Dark discs", model="threshold").json()
    assert (shown["model"], shown["name"]) == ("threshold", "Dark discs")
    defaults = {parameter["name"]: parameter["default"] for parameter in shown["parameters"]}
    assert (defaults["polarity"], defaults["method"]) == ("dark", "auto")


class Hostile:
    """Makes a folder where it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


def test_a_pickle_is_refused_and_never_run(anna: Client, project: Project, tmp_path: Path) -> None:
    zipped = BytesIO()
    torch.save({"state": Hostile(tmp_path / "ran")}, zipped)
    for content in (pickle.dumps(Hostile(tmp_path / "ran")), zipped.getvalue()):
        assert "may run code" in refusal(anna, project, content)
    assert not (tmp_path / "ran").exists()


def test_damaged_foreign_and_misshapen_files_are_refused_with_the_reason(anna: Client, project: Project) -> None:
    whole = network()
    assert "mine.safetensors" in refusal(anna, project, whole[: len(whole) // 2])
    assert "1 unknown (first: extra.weight)" in refusal(anna, project, network({"extra.weight": torch.zeros(1)}))
    assert "belongs" in refusal(anna, project, network({"model.0.conv.weight": torch.zeros(1)}))
    assert "not swin_unet" in refusal(anna, project, whole, model="swin_unet")
    assert "is empty" in refusal(anna, project, b"")


def test_a_file_above_the_limit_is_refused(anna: Client, project: Project, settings: Any) -> None:
    settings.MAX_MODEL_BYTES = 1024**2
    assert "more than 1 MiB" in refusal(anna, project, network())


def test_a_model_that_nobody_knows_is_refused(anna: Client, project: Project) -> None:
    answer = upload(anna, project, SETTINGS, model="resnet")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_model")


def test_without_an_engine_nothing_is_kept(anna: Client, project: Project, settings: Any, tmp_path: Path) -> None:
    settings.GRATICULE_ENGINE = "http://127.0.0.1:9"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backend.inference.gateway.PATIENCE_S", {"click": 0.1, "job": 0.1})
        answer = upload(anna, project, SETTINGS)
    assert (answer.status_code, answer.json()["code"]) == (503, "engine_unavailable")
    assert not ModelVersion.objects.exists()
    assert list(model_files.models_folder().iterdir()) == []


async def whole(answer: Any) -> bytes:
    return b"".join([part async for part in answer.streaming_content])


def test_a_version_is_renamed_archived_and_downloaded(anna: Client, project: Project) -> None:
    version = make_version(project, content=SETTINGS, name="Dark / discs")
    changed = anna.patch(f"/api/v1/models/{version.pk}", {"archived": True}, content_type="application/json").json()
    assert (changed["archived"], changed["name"]) == (True, "Dark / discs")
    refused = anna.patch(f"/api/v1/models/{version.pk}", {"name": " "}, content_type="application/json")
    assert refused.status_code == 400
    file = anna.get(f"/api/v1/models/{version.pk}/file")
    assert async_to_sync(whole)(file) == SETTINGS
    assert file["Content-Disposition"] == "attachment; filename*=UTF-8''Dark-discs.json"
    model_files.model_path("threshold", version.sha256).unlink()
    assert anna.get(f"/api/v1/models/{version.pk}/file").status_code == 404
    (shown,) = anna.get(f"/api/v1/projects/{project.pk}/models").json()["versions"]
    assert shown["available"] is False
