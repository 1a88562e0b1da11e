"""Comparisons from the request to the pictures over the frames."""

import csv
import json
import threading
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone
from PIL import Image

from backend.inference.comparison import work as comparison_work
from backend.inference.comparison.orders import fitted_frames, request_comparison
from backend.inference.comparison.serializers import ComparisonInput
from backend.inference.comparison.shown import comparison, filled, outline
from backend.inference.comparison.work import folder_of, prune_comparisons
from backend.inference.models import ModelVersion, Origin
from backend.inference.versions import Description, add_version
from backend.jobs import services as jobs
from backend.jobs import worker
from backend.jobs.context import RunningJob
from backend.jobs.models import Job, State
from backend.jobs.worker import run_job
from backend.projects.models import Project
from backend.protocol.errors import InvalidError
from backend.series.models import Series
from tests.backend.builders import make_project, make_series, make_user, make_version
from tests.backend.inference.folders import begin_before_listing
from tests.backend.inference.micrographs import masks_of, series_with_discs
from tests.backend.series.files import owner
from tests.infrastructure.processes import processes_naming

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.GRATICULE_DATA = tmp_path
    for part in ("tmp", "uploads", "store", "models", "comparisons"):
        (tmp_path / part).mkdir()
    monkeypatch.setattr(worker, "HEARTBEAT_S", 1000.0)  # its own connection would wait for this test's transaction
    monkeypatch.setattr(comparison_work, "FIT_S", 1.0)
    return tmp_path


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def series(project: Project) -> Series:
    return series_with_discs(project, frames=8, annotated=7)


def version_of(project: Project, folder: Path, series: Series, trained: list[int]) -> ModelVersion:
    """Settings that find everything brighter than the background as one object."""
    file = folder / "settings.json"
    file.write_text('{"model": "threshold", "parameters": {"polarity": "bright", "split": false}}')
    places = {"training": {str(series.pk): trained}, "validation": {}}
    description = Description(Origin.TRAINED, name="Bright only", provenance={"places": places})
    return add_version(
        project=project, created_by=owner(project), model="threshold", file=file, description=description
    )


def request(project: Project, among: Series, **values: Any) -> Job:
    asked = {"models": [{"model": "threshold"}], "series": str(among.pk), "frames": [1, 2]} | values
    serializer = ComparisonInput(data=asked)
    serializer.is_valid(raise_exception=True)
    return request_comparison(project=project, created_by=owner(project), values=serializer.validated_data)


def run(job: Job) -> Job:
    claimed = jobs.claim(queue="train", worker="test")
    assert claimed is not None
    assert claimed.pk == job.pk
    run_job(claimed, threading.Event())
    job.refresh_from_db()
    return job


def pixels(client: Client, job: Job, key: str, frame: int) -> np.ndarray[Any, Any]:
    answer = client.get(f"/api/v1/jobs/{job.pk}/comparison/{key}/{frame}.png")
    assert answer.status_code == 200
    return np.asarray(Image.open(BytesIO(answer.content)))


def archived(client: Client, job: Job) -> dict[str, bytes]:
    answer = client.get(f"/api/v1/jobs/{job.pk}/comparison.zip")
    assert answer["Content-Disposition"].endswith("-v1-comparison.zip")

    async def content() -> bytes:
        return b"".join([chunk async for chunk in answer.streaming_content])

    with zipfile.ZipFile(BytesIO(async_to_sync(content)())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_models_and_controls_are_measured_and_shown(
    project: Project, series: Series, data: Path, client: Client
) -> None:
    version = version_of(project, data, series, trained=[2, 6])
    models = [{"model": "threshold"}, {"model": "threshold", "version": str(version.pk)}]
    job = run(request(project, series, models=models))
    assert job.state == State.DONE, job.error
    assert job.result == {"models": 2, "frames": 2}
    client.force_login(owner(project))
    result = client.get(f"/api/v1/jobs/{job.pk}/comparison").json()
    assert (result["series"], result["frames"], result["version"]) == (str(series.pk), [1, 2], series.version)
    assert result["fitted_on"] == [4, 5, 6]
    rows = result["models"]
    assert [(row["key"], row["label"], row["version"], row["control"]) for row in rows] == [
        ("0", "Threshold and watershed", None, False),
        ("1", "Bright only", str(version.pk), False),
        ("2", "Threshold and watershed (fitted)", None, True),
    ]
    assert [row["trained_on"] for row in rows] == [[], [2], []]
    assert any("Bright only was trained on 1 of these frames" in note for note in result["notes"])
    assert rows[1]["iou_low"] <= rows[1]["iou"] <= rows[1]["iou_high"]
    assert str(data) not in str(result)
    for row in rows:
        assert set(result["per_frame"][row["key"]]) == {"1", "2"}
    bright, dark = masks_of(1)
    shown = pixels(client, job, "1", 1)
    hits = (shown[..., 1] == 158) & (shown[..., 3] > 0)
    missed = (shown[..., 2] == 178) & (shown[..., 3] > 0)
    wrong = (shown[..., 0] == 213) & (shown[..., 3] > 0)
    assert np.array_equal(hits | missed, bright | dark)
    assert missed[dark].mean() > 0.95
    assert hits[bright].mean() > 0.9
    assert hits.sum() / (hits | missed | wrong).sum() == pytest.approx(result["per_frame"]["1"]["1"]["iou"])
    edges = pixels(client, job, "truth", 1)[..., 3] > 0
    assert 0 < edges.sum() < (bright | dark).sum()
    assert not edges[~(bright | dark)].any()
    assert np.array_equal(pixels(client, job, "labels", 1)[..., 3] > 0, bright | dark)
    for key, frame in (("9", 1), ("../0", 1), ("0", 3)):
        assert client.get(f"/api/v1/jobs/{job.pk}/comparison/{key}/{frame}.png").status_code == 404
    parts = archived(client, job)
    assert set(parts) == {"comparison.json", "table.csv", "table.md", "threshold.json", "masks.png", "scores.png"}
    assert json.loads(parts["comparison.json"]) == result | {"frames_count_from": 0}
    table = list(csv.DictReader(parts["table.csv"].decode().splitlines()))
    assert [row["label"] for row in table] == [row["label"] for row in rows]
    text = parts["table.md"].decode()
    assert text.startswith(f"# Comparison on {series.name}, version 1\n\n2 frames: frame 0002, frame 0003. Device cpu")
    assert "| Bright only |" in text
    assert all(f"- {note}\n" in text for note in result["notes"])
    assert not [name for name, content in parts.items() if str(data).encode() in content]
    client.force_login(make_user())
    for address in ("comparison/0/1.png", "comparison.zip"):
        assert client.get(f"/api/v1/jobs/{job.pk}/{address}").status_code == 404


def test_a_cancelled_comparison_leaves_nothing(
    project: Project, series: Series, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    progress = RunningJob.progress

    def cancelling(self: RunningJob, fraction: float, step: str) -> None:
        if processes_naming(str(self.job.pk)):
            jobs.request_cancel(job_id=self.job.pk)
        progress(self, fraction, step)

    monkeypatch.setattr(RunningJob, "progress", cancelling)
    job = run(request(project, series))
    assert job.state == State.CANCELLED
    assert processes_naming(str(job.pk)) == []
    assert not folder_of(job.pk).exists()
    client.force_login(owner(project))
    answer = client.get(f"/api/v1/jobs/{job.pk}/comparison")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_done")


def test_the_comparison_of_somebody_who_was_removed_stops(project: Project, series: Series) -> None:
    job = request(project, series)
    Job.objects.filter(pk=job.pk).update(created_by=make_user("left"))
    stopped = run(job)
    assert stopped.state == State.FAILED
    assert "left started this and may no longer annotate" in stopped.error["message"]  # type: ignore[index]
    assert not folder_of(job.pk).exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"frames": [1, 7]}, "Frame 7 of .* has no accepted mask at version 1"),
        ({"models": [{"model": "nothing"}]}, "No model is called 'nothing'"),
        ({"models": [{"model": "yolo", "version": str(UUID(int=4))}]}, "no version"),
        ({"models": [{"model": "yolo"}, {"model": "yolo"}]}, "named twice"),
        ({"series": str(UUID(int=4))}, "no series"),
        ({"version": 9}, "no version 9"),
    ],
)
def test_what_cannot_be_compared_is_said(project: Project, series: Series, change: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidError, match=told):
        request(project, series, **change)


def test_versions_of_other_projects_and_models_are_unknown(project: Project, series: Series, data: Path) -> None:
    other = make_project()
    foreign = version_of(other, data, series, [])
    for model, version in (("threshold", foreign), ("yolo", version_of(project, data, series, []))):
        with pytest.raises(InvalidError, match="no version"):
            request(project, series, models=[{"model": model, "version": str(version.pk)}])


def test_frames_are_known_that_a_version_or_its_ancestors_have_seen(project: Project, series: Series) -> None:
    same = make_series(project)
    Series.objects.filter(pk=same.pk).update(pixels=series.pixels)
    start: ModelVersion | None = None
    for places in (
        {"training": {str(series.pk): [0]}, "validation": {str(series.pk): [1, 2]}},
        {"training": {str(same.pk): [2]}, "validation": {str(same.pk): [3]}},
        {"training": {str(make_series(project).pk): [4]}, "validation": {}},
    ):
        recipe = {"start": {"id": str(start.pk), "sha256": start.sha256} if start else None}
        start = make_version(project, model="swin_unet", provenance={"places": places, "recipe": recipe})
    assert start is not None
    job = request(project, series, models=[{"model": "swin_unet", "version": str(start.pk)}], frames=[0, 1, 2, 3, 4])
    (asked,) = job.parameters["models"]
    assert (asked["trained_on"], asked["chosen_by"]) == ([0, 2], [1, 3])


@pytest.mark.parametrize("seed", range(20))
def test_the_control_is_fitted_to_frames_apart_from_those_that_are_scored(seed: int) -> None:
    rng = np.random.default_rng(seed)
    annotated = sorted(int(frame) for frame in rng.choice(60, 30, replace=False))
    scored = annotated[:: int(rng.integers(1, 7))]
    fitted = fitted_frames(annotated, scored)
    assert len(fitted) == len(set(fitted)) <= 12
    assert set(fitted) <= set(annotated)
    assert all(abs(one - other) > 1 for one in fitted for other in scored)


def test_the_outline_lies_within_each_object() -> None:
    labels = np.zeros((6, 8), np.uint32)
    labels[1:5, 1:4], labels[1:5, 4:7] = 1, 2
    edge = outline(labels)[..., 3] > 0
    assert edge[1:5, 3:5].all()  # where two touch
    assert not edge[labels == 0].any()
    assert not edge[2:4, 2].any()


def test_the_outline_of_a_large_frame_is_seen_when_it_is_reduced() -> None:
    labels = np.zeros((1024, 1024), np.uint32)
    labels[200:400, 200:400] = 7
    edge = outline(labels)[300, :, 3] > 0
    assert np.flatnonzero(edge).tolist() == [200, 201, 202, 203, 396, 397, 398, 399]


def test_labels_are_filled_object_by_object() -> None:
    labels = np.zeros((8, 16), np.uint32)
    labels[1:7, 1:7], labels[1:7, 7:13] = 1, 2
    shown = filled(labels)
    assert (shown[..., 3] > 0).tolist() == (labels > 0).tolist()
    assert shown[3, 3].tolist() != shown[3, 10].tolist()
    assert np.array_equal(shown[3, 6:8], outline(labels)[3, 6:8])


def test_an_attempt_that_lost_its_job_leaves_the_next_one_its_results(
    project: Project, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = request(project, series)
    first = jobs.claim(queue="train", worker="first")
    assert first is not None
    measure, others = comparison_work._measure, []

    def slow(context: RunningJob, order: Any, folder: Path) -> dict[str, Any]:
        result = measure(context, order, folder)
        if context.job.worker == "first":
            Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
            others.append(run(job))
            context.progress(0.9, "Segmenting")
        return result

    monkeypatch.setattr(comparison_work, "_measure", slow)
    run_job(first, threading.Event())
    assert [other.state for other in others] == [State.DONE]
    assert comparison(others[0])["frames"] == [1, 2]
    assert [path.name for path in folder_of(job.pk).parent.iterdir()] == [str(job.pk)]


def test_folders_of_jobs_that_are_gone_are_removed(project: Project, series: Series, data: Path) -> None:
    job = request(project, series)
    names = [str(UUID(int=1)), f"{UUID(int=1)}.1", f"{job.pk}.1", str(job.pk)]
    for name in names:
        (data / "comparisons" / name).mkdir()
    prune_comparisons()
    assert {path.name for path in (data / "comparisons").iterdir()} == set(names[2:])
    jobs.request_cancel(job_id=job.pk)
    prune_comparisons()
    assert {path.name for path in (data / "comparisons").iterdir()} == {str(job.pk)}


def test_a_comparison_that_begins_while_folders_are_removed_keeps_its_own(
    project: Project, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin_before_listing(monkeypatch, lambda: folder_of(request(project, series).pk))
    prune_comparisons()
    assert begun[0].is_dir()
