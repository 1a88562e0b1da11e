"""Trainings from the request to the version, with kills and cancels in between."""

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from rest_framework.exceptions import ValidationError

from backend.inference import gateway
from backend.inference.model_files import model_path
from backend.inference.models import ModelVersion
from backend.inference.training import work
from backend.inference.training.folder import folder_of
from backend.inference.training.orders import can_resume, finish_early, preview, request_training
from backend.inference.training.serializers import TrainingInput
from backend.inference.training.state import preview_of, training_state
from backend.inference.training.work import prune_trainings
from backend.jobs import services as jobs
from backend.jobs import worker
from backend.jobs.context import RunningJob
from backend.jobs.models import Job, State
from backend.jobs.worker import run_job
from backend.projects.models import Membership, Project
from backend.protocol.errors import ConflictError, InvalidError
from ml.weights import find
from tests.backend.builders import make_phase, make_project, make_user
from tests.backend.inference.folders import begin_before_listing
from tests.backend.inference.micrographs import annotate, series_with_discs
from tests.backend.series.files import owner
from tests.infrastructure.processes import processes_naming

pytestmark = pytest.mark.django_db

BLOCKS = {"by": "blocks", "block": 2, "share": 0.3, "gap": 1}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "HEARTBEAT_S", 1000.0)  # its own connection would wait for this test's transaction
    monkeypatch.setattr(work, "epoch_steps", lambda budget_s: 2)


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path) -> Path:
    settings.GRATICULE_DATA = tmp_path
    for part in ("tmp", "uploads", "store", "models", "training"):
        (tmp_path / part).mkdir()
    return tmp_path


@pytest.fixture
def project() -> Project:
    return make_project()


def read(values: dict[str, Any]) -> dict[str, Any]:
    serializer = TrainingInput(data=values)
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found


def request(project: Project, **values: Any) -> Job:
    return request_training(project=project, created_by=owner(project), values=read(values))


def run(job: Job) -> Job:
    claimed = jobs.claim(queue="train", worker="test")
    assert claimed is not None
    assert claimed.pk == job.pk
    run_job(claimed, threading.Event())
    job.refresh_from_db()
    return job


def done(job: Job) -> ModelVersion:
    assert run(job).state == State.DONE, job.error
    return ModelVersion.objects.get(pk=job.result["version"])


def network(project: Project, **values: Any) -> Job:
    """A training of two phases, two steps an epoch."""
    phases = [make_phase(project, name) for name in ("Bright", "Dark")]
    series = series_with_discs(project, phases)
    recipe = {"model": "swin_unet", "config": "small", "time_budget_s": 120, "epochs": 2} | values
    chosen = [str(phase.pk) for phase in phases]
    return request(project, series=[{"id": str(series.pk)}], phases=chosen, split=BLOCKS, **recipe)


def once_it_has_a_state(monkeypatch: pytest.MonkeyPatch, act: Callable[[Job], None]) -> list[Job]:
    """Does something once, in the middle of a job that has written its first epoch."""
    acted: list[Job] = []
    progress = RunningJob.progress

    def watching(self: RunningJob, fraction: float, step: str) -> None:
        if not acted and folder_of(self.job.pk, "swin_unet").state.exists():
            acted.append(self.job)
            act(self.job)
        progress(self, fraction, step)

    monkeypatch.setattr(RunningJob, "progress", watching)
    return acted


# ---- what comes of it -------------------------------------------------------------------------------------------


def test_settings_are_fitted_to_accepted_masks(project: Project) -> None:
    series = series_with_discs(project, frames=9, annotated=8)
    annotate(series, (None, None), [8])
    pinned = series.version
    job = request(
        project,
        model="threshold",
        name="Discs",
        series=[{"id": str(series.pk), "version": pinned}],
        split=BLOCKS,
        time_budget_s=3,
    )
    version = done(job)
    assert (version.model, version.number, version.name, version.origin) == ("threshold", 1, "Discs", "trained")
    settings_file = json.loads(model_path("threshold", version.sha256).read_text())
    assert version.metadata == {"settings": settings_file["parameters"]}
    assert 0 < version.scores["iou"] <= 1
    assert version.curve == []
    provenance = version.provenance
    assert provenance["snapshot"]["series"] == {str(series.pk): pinned}
    assert provenance["series"] == {str(series.pk): series.name}
    assert provenance["frames"] == {"training": 4, "validation": 2}
    assert provenance["places"]["validation"] == {str(series.pk): [4, 5]}  # frame 8 is not annotated at that version
    assert not folder_of(job.pk, "threshold").path.exists()
    state = training_state(job)
    assert (state["version"], state["can_resume"], state["state"]) == (version.pk, False, "done")
    assert (state["name"], state["model"], state["series"]) == ("Discs", "Threshold and watershed", [series.name])
    assert state["recipe"] == provenance["recipe"]


def test_a_network_learns_phases_and_is_started_from(project: Project) -> None:
    job = network(project)
    version = done(job)
    assert [phase["name"] for phase in version.phases] == ["Bright", "Dark"]
    assert version.metadata["classes"] == 3
    assert version.metadata["config"] == "small"
    assert version.metadata["parameters"] > 1_000_000
    assert [row["epoch"] for row in version.curve] == [1, 2]
    assert version.scores["iou"] == max(row["iou"] for row in version.curve)
    assert version.provenance["recipe"]["epochs"] == 2
    assert training_state(job)["rows"] == version.curve
    assert model_path("swin_unet", version.sha256).stat().st_size == version.size_bytes
    series = str(next(iter(version.provenance["series"])))
    values = {"model": "swin_unet", "series": [{"id": series}], "split": BLOCKS, "time_budget_s": 60}
    with pytest.raises(InvalidError, match=r"swin_unet 1 is swin_unet small: swin_unet stock cannot start from it"):
        request(project, **values, config="stock", start=str(version.pk))
    second = request(project, **values, epochs=1, start=str(version.pk))  # one phase: other last layers
    assert done(second).metadata["classes"] == 1


def test_a_training_starts_from_the_usual_weights(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = find("vm_unet", None)
    usual = {"file": {"sha256": bundled.sha256, "metadata": bundled.metadata}, "reason": ""}

    async def usual_weights() -> dict[str, Any]:
        return {"vm_unet": usual, "vm_unet_v2": {"file": None, "reason": "There are no weights."}}

    monkeypatch.setattr(gateway, "usual_weights", usual_weights)
    series = series_with_discs(project)
    values = {"series": [{"id": str(series.pk)}], "split": BLOCKS, "time_budget_s": 60, "from_usual": True}
    with pytest.raises(InvalidError, match="VM-UNetV2 has no usual weights to start from"):
        request(project, model="vm_unet_v2", **values)
    with pytest.raises(InvalidError, match="The usual weights of VM-UNet are small: stock cannot start from them"):
        request(project, model="vm_unet", config="stock", **values)
    version = done(request(project, model="vm_unet", epochs=1, **values))
    assert version.provenance["recipe"]["start"] == {"id": None, "sha256": bundled.sha256}
    assert version.scores["iou"] > 0.8  # eight steps from random weights reach nothing like it
    usual["file"]["sha256"] = "0" * 64  # type: ignore[index]
    job = run(request(project, model="vm_unet", epochs=1, **values))
    assert "is not the file that was asked for" in job.error["message"]  # type: ignore[index]


def test_a_training_whose_worker_died_after_its_version_is_not_done_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = series_with_discs(project)
    job = request(project, model="threshold", series=[{"id": str(series.pk)}], split=BLOCKS, time_budget_s=2)
    version = done(job)
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED, finished_at=None, result={})
    monkeypatch.setattr(work, "_train", None)
    assert done(Job.objects.get(pk=job.pk)) == version
    assert ModelVersion.objects.filter(project=project).count() == 1
    assert not folder_of(job.pk, "threshold").path.exists()


def test_the_automatic_mode_of_efficient_sam_is_trained_on_a_project(project: Project) -> None:
    version = done(network(project, model="efficient_sam_ti", epochs=1))
    assert (version.metadata["classes"], version.metadata["config"]) == (3, "small")
    assert version.scores["iou"] == version.curve[0]["iou"]
    assert model_path("efficient_sam_ti", version.sha256).is_file()


# ---- ends before its time -----------------------------------------------------------------------------------------


def test_a_cancelled_training_leaves_no_process_and_is_gone_on_with(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = network(project, epochs=3)
    once_it_has_a_state(monkeypatch, lambda running: void(jobs.request_cancel(job_id=running.pk)))
    assert run(job).state == State.CANCELLED
    assert processes_naming(str(job.pk)) == []
    rows = training_state(job)["rows"]
    assert [row["epoch"] for row in rows] == list(range(1, len(rows) + 1))
    assert training_state(job)["can_resume"]
    second = request(project, resume=str(job.pk))
    assert not can_resume(job)
    with pytest.raises(ConflictError, match="cannot go on"):
        request(project, resume=str(job.pk))
    version = done(second)
    assert [row["epoch"] for row in version.curve] == [1, 2, 3]
    assert version.curve[: len(rows)] == rows
    assert not can_resume(job)


def test_the_training_of_somebody_who_was_removed_stops_and_others_go_on_with_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = network(project, epochs=3)
    left = make_user("left")
    membership = Membership.objects.create(project=project, user=left, role="annotator")
    Job.objects.filter(pk=job.pk).update(created_by=left)
    once_it_has_a_state(monkeypatch, lambda running: void(membership.delete()))
    stopped = run(job)
    assert stopped.state == State.FAILED
    assert "left started this and may no longer annotate" in stopped.error["message"]  # type: ignore[index]
    assert processes_naming(str(job.pk)) == []
    assert can_resume(stopped)
    assert not ModelVersion.objects.exists()


def test_a_killed_process_goes_on_where_it_was(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(running: Job) -> None:
        (pid,) = processes_naming(str(running.pk))
        os.kill(pid, signal.SIGKILL)

    job = network(project)
    acted = once_it_has_a_state(monkeypatch, kill)
    version = done(job)
    assert acted
    assert [row["step"] for row in version.curve] == [2, 4]


def test_a_training_that_is_finished_early_is_a_version(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    job = network(project, epochs=1000)
    with pytest.raises(ConflictError, match="queued"):
        finish_early(job=job)

    def finish(running: Job) -> None:
        finish_early(job=Job.objects.get(pk=running.pk))

    once_it_has_a_state(monkeypatch, finish)
    version = done(job)
    assert 1 <= len(version.curve) < 100


def void(_: object) -> None:
    return None


# ---- what is refused ----------------------------------------------------------------------------------------------


def test_the_preview_says_what_each_side_has_and_what_is_amiss(project: Project) -> None:
    series = series_with_discs(project, annotated=6)
    values = read({"model": "threshold", "series": [{"id": str(series.pk)}], "split": BLOCKS})
    found = preview_of(preview(project=project, values=values))
    expected = {"training": [0, 5], "validation": [2, 3], "unused": [1, 4]}
    for side, frames in expected.items():
        assert found[side] == [{"series": series.pk, "frames": frames}]
    assert (found["masks"], found["problems"]) == (12, [])
    values["split"]["block"] = 10
    found = preview_of(preview(project=project, values=values))
    assert not found["can_start"]
    assert "All annotated frames lie in one block" in found["problems"][0]


def test_a_side_without_frames_is_refused(project: Project) -> None:
    first, second = (series_with_discs(project, annotated=count, seed=count) for count in (2, 0))
    series = [{"id": str(each.pk)} for each in (first, second)]
    for validation, told in (
        ([str(second.pk)], "left for validation"),
        ([str(first.pk)], "left to train on"),
    ):
        with pytest.raises(InvalidError, match=told):
            request(project, model="threshold", series=series, split={"by": "series", "validation": validation})


def test_the_same_images_on_both_sides_are_refused(project: Project) -> None:
    first, second = (series_with_discs(project) for _ in range(2))
    series = [{"id": str(each.pk)} for each in (first, second)]
    with pytest.raises(InvalidError, match="show the same images"):
        request(project, model="threshold", series=series, split={"by": "series", "validation": [str(second.pk)]})


def test_phases_without_masks_are_refused(project: Project) -> None:
    gold, pore = make_phase(project, "Au"), make_phase(project, "Pore")
    series = series_with_discs(project, (gold, gold))
    values = {"series": [{"id": str(series.pk)}], "phases": [str(gold.pk), str(pore.pk)], "split": BLOCKS}
    with pytest.raises(InvalidError, match="accepted mask of the phase Pore"):
        request(project, model="swin_unet", time_budget_s=60, **values)
    for model in ("threshold", "vm_unet_v2"):
        with pytest.raises(InvalidError, match="cannot tell phases apart"):
            request(project, model=model, time_budget_s=60, **values)


def test_a_resumed_training_has_no_preview(project: Project) -> None:
    with pytest.raises(InvalidError, match="nothing to preview"):
        preview(project=project, values=read({"resume": str(UUID(int=5))}))


def test_a_training_starts_from_one_thing() -> None:
    values = {"model": "yolo", "series": [{"id": str(UUID(int=5))}], "split": BLOCKS}
    with pytest.raises(ValidationError, match="not both"):
        read({**values, "start": str(UUID(int=6)), "from_usual": True})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": "cascade"}, "cannot be trained"),
        ({"model": "swin_unet", "config": "huge", "time_budget_s": 60}, "no configuration 'huge'"),
        ({"model": "swin_unet"}, "how many seconds"),
        ({"series": [{"id": str(UUID(int=5))}]}, "no series"),
        ({"phases": [str(UUID(int=5))]}, "no phase"),
        ({"split": {"by": "series", "validation": [str(UUID(int=5))]}}, "not among the series"),
        ({"start": str(UUID(int=5))}, "no model version"),
        ({"resume": str(UUID(int=5))}, "no training"),
    ],
)
def test_what_cannot_be_trained_is_said(project: Project, change: dict[str, Any], told: str) -> None:
    series = series_with_discs(project, annotated=4)
    values = {"model": "threshold", "series": [{"id": str(series.pk)}], "split": BLOCKS}
    with pytest.raises(InvalidError, match=told):
        request(project, **{**values, **change})
    assert not Job.objects.filter(kind="train").exists()


def test_a_series_of_another_project_is_unknown(project: Project) -> None:
    other = series_with_discs(make_project())
    with pytest.raises(InvalidError, match="no series"):
        request(project, model="threshold", series=[{"id": str(other.pk)}], split=BLOCKS)


def test_folders_of_jobs_that_are_gone_are_removed(project: Project, data: Path) -> None:
    job = request(
        project, model="threshold", series=[{"id": str(series_with_discs(project).pk)}], split=BLOCKS, time_budget_s=1
    )
    kept, orphan = data / "training" / str(job.pk), data / "training" / str(UUID(int=1))
    for folder in (kept, orphan):
        folder.mkdir()
    prune_trainings()
    assert (kept.exists(), orphan.exists()) == (True, False)


def test_a_training_that_begins_while_folders_are_removed_keeps_its_own(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [{"id": str(series_with_discs(project).pk)}]
    begun = begin_before_listing(
        monkeypatch,
        lambda: folder_of(request(project, model="threshold", series=chosen, split=BLOCKS).pk, "threshold").path,
    )
    prune_trainings()
    assert begun[0].is_dir()
