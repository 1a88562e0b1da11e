"""Versions of models: numbered per project and model, their files kept once by content."""

import hashlib
import os
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from backend.inference import model_files
from backend.inference.models import ModelVersion, Origin, SeriesModel
from backend.inference.prune import prune_model_files
from backend.inference.versions import Description, add_version
from backend.projects.models import Project
from backend.protocol.errors import InvalidError, NotFoundError
from tests.backend.builders import make_project, make_series, owner_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.GRATICULE_DATA = tmp_path / "data"


@pytest.fixture
def project() -> Project:
    return make_project()


def add(
    project: Project, file: Path, content: bytes = b"weights", model: str = "swin_unet", **options: Any
) -> ModelVersion:
    file.write_bytes(content)
    description = options.pop("description", Description(Origin.TRAINED))
    owner = project.members.get()
    return add_version(project=project, created_by=owner, model=model, file=file, description=description, **options)


def test_versions_are_numbered_per_project_and_model(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "best.safetensors"
    numbers = [add(project, file, model=model).number for model in ("swin_unet", "swin_unet", "vm_unet")]
    assert [*numbers, add(make_project(), file).number] == [1, 2, 1, 1]
    assert [version.name for version in ModelVersion.objects.filter(project=project)] == [
        "swin_unet 1",
        "swin_unet 2",
        "vm_unet 1",
    ]


def test_the_file_is_kept_once_by_its_hash_and_cannot_be_written(project: Project, tmp_path: Path) -> None:
    first, second = (add(project, tmp_path / "best.safetensors") for _ in range(2))
    assert first.sha256 == second.sha256 == hashlib.sha256(b"weights").hexdigest()
    path = model_files.model_path("swin_unet", first.sha256)
    assert path.read_bytes() == b"weights"
    assert path.stat().st_mode & 0o777 == 0o440
    assert [each for each in model_files.models_folder().rglob("*") if each.is_file()] == [path]


def test_settings_are_kept_as_json(project: Project, tmp_path: Path) -> None:
    version = add(project, tmp_path / "threshold.json", b"{}", model="threshold")
    assert model_files.model_path("threshold", version.sha256).suffix == ".json"


def test_a_job_that_runs_again_finds_its_version(project: Project, tmp_path: Path) -> None:
    wanted = uuid4()
    first = add(project, tmp_path / "a.safetensors", version_id=wanted)
    again = add(project, tmp_path / "b.safetensors", b"others", version_id=wanted)
    assert (first.pk, again.pk, again.sha256) == (wanted, wanted, first.sha256)
    assert ModelVersion.objects.count() == 1


def test_a_file_above_the_limit_leaves_nothing(project: Project, tmp_path: Path, settings: Settings) -> None:
    settings.MAX_MODEL_BYTES = 3
    with pytest.raises(InvalidError, match="limit"):
        add(project, tmp_path / "best.safetensors")
    assert list(model_files.models_folder().iterdir()) == []
    assert not ModelVersion.objects.exists()


def test_a_version_of_a_project_that_is_gone_is_refused(project: Project, tmp_path: Path) -> None:
    owner = project.members.get()
    gone = Project(pk=uuid4(), name="gone")
    (tmp_path / "best.safetensors").write_bytes(b"weights")
    with pytest.raises(NotFoundError, match="deleted"):
        add_version(
            project=gone,
            created_by=owner,
            model="swin_unet",
            file=tmp_path / "best.safetensors",
            description=Description(Origin.TRAINED),
        )
    assert [each for each in model_files.models_folder().rglob("*") if each.is_file()] == []


@pytest.mark.parametrize("wrong", [{"number": 1}, {"number": 0}, {"name": ""}, {"sha256": "x"}, {"origin": "found"}])
def test_the_database_refuses_what_cannot_be(project: Project, tmp_path: Path, wrong: dict[str, Any]) -> None:
    version = add(project, tmp_path / "best.safetensors")
    version.pk, version.number = uuid4(), 2
    for name, value in wrong.items():
        setattr(version, name, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save(force_insert=True)


def test_versions_and_choices_go_with_their_project(project: Project, tmp_path: Path) -> None:
    series = make_series(project)
    version = add(project, tmp_path / "best.safetensors")
    SeriesModel.objects.create(series=series, model="swin_unet", version=version)
    assert owner_of(series).pk == version.created_by_id
    project.delete()
    assert not ModelVersion.objects.exists()
    assert not SeriesModel.objects.exists()


def aged(path: Path) -> Path:
    old = time.time() - 48 * 3600
    os.utime(path, (old, old))
    return path


def test_files_go_when_no_version_names_them(project: Project, tmp_path: Path) -> None:
    kept, lost = add(project, tmp_path / "a"), add(make_project(), tmp_path / "b", b"others")
    files = [aged(model_files.model_path("swin_unet", version.sha256)) for version in (kept, lost)]
    draft = model_files.models_folder() / ".0123"
    draft.write_bytes(b"broken off")
    assert prune_model_files() == 0
    lost.project.delete()
    aged(draft)
    assert prune_model_files() == 2
    assert [path.exists() for path in (*files, draft)] == [True, False, False]


def test_a_file_that_is_added_anew_is_young_again(project: Project, tmp_path: Path) -> None:
    version = add(project, tmp_path / "a")
    path = aged(model_files.model_path("swin_unet", version.sha256))
    version.delete()
    with model_files.draft("a", [b"weights"]) as draft:
        model_files.publish(draft, "swin_unet")
    assert prune_model_files() == 0
    assert aged(path).is_file()
    assert prune_model_files() == 1


def test_a_series_has_the_usual_model_until_somebody_chooses(project: Project, tmp_path: Path, client: Client) -> None:
    series = make_series(project)
    client.force_login(owner_of(series))
    address = f"/api/v1/series/{series.pk}"
    usual = {"model": "efficient_sam_ti", "version": None}
    assert client.get(f"{address}/model").json() == client.get(address).json()["model"] == usual
    version = add(project, tmp_path / "a")
    chosen = {"model": "swin_unet", "version": str(version.pk)}
    for body in (chosen, {"model": "threshold"}, chosen):
        answer = client.put(f"{address}/model", body, content_type="application/json")
        assert (answer.status_code, answer.json()) == (200, {"version": None} | body)
    assert client.get(f"{address}/model").json() == client.get(address).json()["model"] == chosen
    assert client.get(f"/api/v1/projects/{project.pk}/series").json()[0]["model"] == chosen
    for wrong in ({"model": "resnet"}, {"model": "swin_unet", "version": str(uuid4())}, {}):
        assert client.put(f"{address}/model", wrong, content_type="application/json").status_code == 400
    version.delete()
    assert client.get(f"{address}/model").json() == usual
