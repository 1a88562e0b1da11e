"""Exports: what is in them, that they repeat, and who may have them."""

import hashlib
import io
import json
import threading
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import tifffile
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, Client
from django.utils import timezone
from numpy.typing import NDArray
from pycocotools import mask as coco

from backend import VERSION
from backend.annotations import selectors
from backend.inference.selectors import export_path
from backend.inference.services import request_export
from backend.jobs import services as jobs
from backend.jobs.context import JobLostError, RunningJob
from backend.jobs.models import Job, State
from backend.jobs.worker import run_job
from backend.projects.services import update_phase, update_project
from backend.protocol.errors import InvalidError
from backend.protocol.messages import MaskSet, Origin, TrackCreate
from backend.series.models import Series
from tests.backend.builders import (
    FRAMES,
    HEIGHT,
    WIDTH,
    as_message,
    commit,
    make_phase,
    make_series,
    make_user,
    owner_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database]

FORMATS = ("coco", "labels", "yolo")
ORIGIN = Origin(model="efficient_sam_ti", model_hash="ab" * 32, score=0.875)


def disc(x: int, y: int, radius: int) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


LOWER, UPPER, RING = disc(10, 10, 6), disc(14, 10, 6), disc(22, 14, 6) & ~disc(22, 14, 3)


@pytest.fixture
def data(settings: Any, tmp_path: Path) -> Path:
    settings.GRATICULE_DATA = tmp_path
    (tmp_path / "exports").mkdir()
    return tmp_path


@pytest.fixture
def series(data: Path) -> Series:
    """Version 1: two overlapping discs on frame 0; version 2: a ring on frame 3 by hand, and a proposal."""
    series = make_series()
    gold, shell = make_phase(series.project, "Au"), make_phase(series.project, "Oxide shell")
    first, second, third = uuid4(), uuid4(), uuid4()
    operations = [
        TrackCreate(track=first, phase=gold.pk),
        TrackCreate(track=second, phase=shell.pk),
        MaskSet(track=first, frame=0, mask=as_message(LOWER), origin=ORIGIN),
        MaskSet(track=second, frame=0, mask=as_message(UPPER), origin=ORIGIN),
    ]
    commit(series, operations, [(each, frame, None) for each in (first, second) for frame in (None, 0)])
    operations = [
        TrackCreate(track=third, phase=None),
        MaskSet(track=third, frame=3, mask=as_message(RING)),
        MaskSet(track=first, frame=3, mask=as_message(LOWER), state="proposal"),
    ]
    commit(series, operations, [(third, None, None), (third, 3, None), (first, 3, None)])
    return series


def export(series: Series, version: int | None = None, formats: tuple[str, ...] = FORMATS) -> Job:
    job = request_export(series=series, created_by=owner_of(series), version=version, names=formats)
    run_job(_claimed(job), threading.Event())
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    return job


def _claimed(job: Job) -> Job:
    claimed = jobs.claim(queue="quick", worker="test")
    assert claimed is not None
    assert claimed.pk == job.pk
    return claimed


def unzip(job: Job) -> dict[str, bytes]:
    with zipfile.ZipFile(export_path(job.pk)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def manifest_of(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(unzip(job)["manifest.json"])
    return found


# ---- what is in it --------------------------------------------------------------------------------------------


def test_coco_masks_read_back_pixel_by_pixel(series: Series) -> None:
    content = json.loads(unzip(export(series))["coco/annotations.json"])
    names = {category["id"]: category["name"] for category in content["categories"]}
    frames = {image["id"]: image["frame_index"] for image in content["images"]}
    found = {
        (frames[each["image_id"]], each["track_id"]): (names[each["category_id"]], coco.decode(each["segmentation"]))
        for each in content["annotations"]
    }
    assert len(frames) == FRAMES
    assert set(found) == {(0, 1), (0, 2), (3, 3)}
    for key, phase, mask in [((0, 1), "Au", LOWER), ((0, 2), "Oxide shell", UPPER), ((3, 3), "unassigned", RING)]:
        assert found[key][0] == phase
        np.testing.assert_array_equal(found[key][1].astype(bool), mask)


def test_labels_show_the_topmost_and_the_manifest_says_what_was_lost(series: Series) -> None:
    job = export(series, formats=("labels",))
    stack = tifffile.imread(io.BytesIO(unzip(job)["labels/labels.tif"]))
    expected = np.where(UPPER, 2, np.where(LOWER, 1, 0))
    np.testing.assert_array_equal(stack[0], expected)
    np.testing.assert_array_equal(stack[3], np.where(RING, 3, 0))
    assert stack.shape == (FRAMES, HEIGHT, WIDTH)
    assert manifest_of(job)["flattening"] == {"labels": {"lost_px": int((LOWER & UPPER).sum()), "masks": 1}}


def test_the_manifest_says_what_the_export_is_made_of(series: Series) -> None:
    job = export(series)
    files, manifest = unzip(job), manifest_of(job)
    assert manifest["software"] == {"name": "Graticule", "version": VERSION}
    assert manifest["version"] == 2
    assert manifest["masks"] == {"exported": 3, "drawn_by_hand": 1, "proposals_left_out": 1}
    assert manifest["models"] == [{"name": "efficient_sam_ti", "sha256": "ab" * 32, "masks": 2}]
    assert manifest["calibration"]["pixel_size"] == 0.5
    assert [phase["name"] for phase in manifest["phases"]] == ["Au", "Oxide shell", "unassigned"]
    listed = {each["path"]: (each["bytes"], each["sha256"]) for each in manifest["files"]}
    del files["manifest.json"]
    assert listed == {name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in files.items()}
    assert {name.split("/")[0] for name in files} == set(FORMATS)


def test_an_older_version_is_exported_as_it_was(series: Series) -> None:
    content = json.loads(unzip(export(series, version=1))["coco/annotations.json"])
    assert {(each["image_id"], each["track_id"]) for each in content["annotations"]} == {(1, 1), (1, 2)}


def test_a_series_without_masks_exports_too(data: Path) -> None:
    manifest = manifest_of(export(make_series()))
    assert manifest["version"] == 0
    assert manifest["masks"]["exported"] == 0


def test_the_same_version_gives_the_same_bytes_whatever_came_later(series: Series) -> None:
    first = export(series)
    revision = selectors.masks_at(series.pk, 2).get(frame=3, track__number=3)
    change = MaskSet(track=revision.track_id, frame=3, mask=as_message(LOWER))
    commit(series, [change], [(revision.track_id, 3, revision.pk)])
    again = export(series, version=2)
    assert export_path(first.pk).read_bytes() == export_path(again.pk).read_bytes()
    assert first.result["sha256"] == again.result["sha256"]
    assert export(series).result["sha256"] != first.result["sha256"]


def test_the_result_names_the_file_its_size_and_its_hash(series: Series) -> None:
    job = export(series)
    content = export_path(job.pk).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert job.result == {"name": "Heating-v2.zip", "bytes": len(content), "sha256": digest}


def test_the_version_is_fixed_when_the_export_is_asked_for(series: Series) -> None:
    job = request_export(series=series, created_by=owner_of(series), version=None, names=["coco"])
    commit(series, [TrackCreate(track=(track := uuid4()), phase=None)], [(track, None, None)])
    run_job(_claimed(job), threading.Event())
    assert manifest_of(job)["version"] == 2


def test_what_is_renamed_while_an_export_waits_does_not_reach_it(series: Series) -> None:
    before = export(series)
    waiting = request_export(series=series, created_by=owner_of(series), version=None, names=FORMATS)
    project, gold = series.project, series.project.phases.get(name="Au")
    update_phase(project_id=project.pk, phase_id=gold.pk, changes={"name": "Gold", "colour": "#000000", "order": 9})
    update_project(project=project, changes={"name": "Renamed"})
    Series.objects.filter(pk=series.pk).update(name="Cooling")
    run_job(_claimed(waiting), threading.Event())
    waiting.refresh_from_db()
    assert waiting.result == before.result
    later = manifest_of(export(series))
    assert [phase["name"] for phase in later["phases"]] == ["Oxide shell", "Gold", "unassigned"]
    assert (later["project"]["name"], later["series"]["name"]) == ("Renamed", "Cooling")
    assert later["project"]["settings_version"] == manifest_of(before)["project"]["settings_version"] + 1


# ---- what is refused, and what is left behind -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "names", "words"), [(3, ["coco"], "versions 0 to 2"), (1, ["png"], "coco, ctc, lab")]
)
def test_what_cannot_be_exported_is_refused_at_once(series: Series, version: int, names: list[str], words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        request_export(series=series, created_by=owner_of(series), version=version, names=names)


def test_a_cancelled_export_leaves_nothing(series: Series, data: Path) -> None:
    job = request_export(series=series, created_by=owner_of(series), version=None, names=FORMATS)
    claimed = _claimed(job)
    jobs.request_cancel(job_id=job.pk)
    run_job(claimed, threading.Event())
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert [path for path in data.rglob("*") if path.is_file()] == []


def test_a_worker_that_lost_its_job_takes_nothing_from_the_one_that_has_it(
    series: Series, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = unzip(export(series))
    job = request_export(series=series, created_by=owner_of(series), version=None, names=FORMATS)
    claimed = _claimed(job)
    progress = RunningJob.progress

    def lost(running: RunningJob, fraction: float, step: str) -> None:
        if step.startswith("Provenance"):
            raise JobLostError("The lease ran out.")

    def taking_over(running: RunningJob, fraction: float, step: str) -> None:
        # All files are written when the other attempt wakes up, notices and tidies up.
        if step == "Packing":
            with monkeypatch.context() as patch:
                patch.setattr(RunningJob, "progress", lost)
                run_job(claimed, threading.Event())
        progress(running, fraction, step)

    monkeypatch.setattr(RunningJob, "progress", taking_over)
    run_job(claimed, threading.Event())
    assert unzip(job) == expected
    assert list((data / "tmp").iterdir()) == []


def test_what_a_killed_attempt_left_is_removed_by_the_next(series: Series, data: Path) -> None:
    job = request_export(series=series, created_by=owner_of(series), version=None, names=FORMATS)
    killed = data / "tmp" / f"export-{job.pk}-1-5ca1ab1e"
    (killed / "content").mkdir(parents=True)
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING, attempt=1, worker="dead", lease_until=timezone.now())
    run_job(_claimed(job), threading.Event())
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.DONE, 2)
    assert list((data / "tmp").iterdir()) == []


# ---- over HTTP ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_a_member_downloads_what_the_job_made(series: Series) -> None:
    viewer = await sync_to_async(make_user)()
    await series.project.memberships.acreate(user=viewer, role="viewer")
    client = AsyncClient()
    await client.aforce_login(viewer)
    body = {"version": 1, "formats": ["coco"]}
    asked = await client.post(f"/api/v1/series/{series.pk}/exports", body, content_type="application/json")
    assert asked.status_code == 201
    job = await Job.objects.aget(pk=asked.json()["id"])
    assert (await client.get(f"/api/v1/jobs/{job.pk}/download")).json()["code"] == "not_done"
    await sync_to_async(lambda: run_job(_claimed(job), threading.Event()))()
    answer = await client.get(f"/api/v1/jobs/{job.pk}/download")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert "Heating-v1.zip" in answer["Content-Disposition"]
    content = b"".join([part async for part in answer.streaming_content])
    assert content == export_path(job.pk).read_bytes()
    assert int(answer["Content-Length"]) == len(content)
    await sync_to_async(connections.close_all)()  # the view's thread has one of its own


def test_strangers_download_nothing_and_only_exports_are_files(series: Series, client: Client) -> None:
    job = export(series)
    other = jobs.enqueue(kind="import", project=series.project, created_by=owner_of(series), parameters={})
    client.force_login(make_user())
    assert client.get(f"/api/v1/jobs/{job.pk}/download").status_code == 404
    client.force_login(owner_of(series))
    assert "no export" in client.get(f"/api/v1/jobs/{other.pk}/download").json()["message"]
    export_path(job.pk).unlink()
    assert "removed" in client.get(f"/api/v1/jobs/{job.pk}/download").json()["message"]
