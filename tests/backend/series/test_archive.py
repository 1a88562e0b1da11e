"""The archive: its jobs, its limits, its lists. That it refuses every change: tests/backend/test_permissions.py."""

import uuid
from typing import Any

import pytest
from django.test import Client

from backend.annotations import services
from backend.jobs import services as jobs
from backend.jobs.models import Job, State
from backend.projects.models import Project, User
from backend.projects.services import delete_phase, delete_project, update_phase, update_project
from backend.protocol.errors import ArchivedError, ConflictError
from backend.protocol.messages import ChangesetCommit, MaskSet, TrackCreate
from backend.series import archive, presets
from backend.series.models import Series
from backend.series.services import delete_series, rename_series
from tests.backend.builders import make_phase, make_project, make_series, make_user, message, put_away, rectangle
from tests.backend.series.files import imported, ramp

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_user("ada")


@pytest.fixture
def series(owner: User) -> Series:
    return make_series(make_project(owner))


def drawing() -> ChangesetCommit:
    track = uuid.uuid4()
    operations: list[Any] = [
        TrackCreate(track=track, phase=None),
        MaskSet(track=track, frame=0, mask=rectangle(1, 1, 5, 5)),
    ]
    return message(operations, [(track, None, None), (track, 0, None)])


def queued(series: Series, owner: User, kind: str) -> Job:
    return jobs.enqueue(kind=kind, project=series.project, created_by=owner, parameters={}, series=series.pk)


def test_a_commit_to_an_archived_series_is_refused_under_the_lock(series: Series, owner: User) -> None:
    archive.archive_series(series_id=series.pk, by=owner)
    with pytest.raises(ArchivedError, match="A manager of the project can restore it"):
        services.commit(series_id=series.pk, author=owner, message=drawing())
    archive.restore_series(series_id=series.pk)
    assert services.commit(series_id=series.pk, author=owner, message=drawing()).version == 1


def test_a_commit_to_a_series_of_an_archived_project_is_refused(series: Series, owner: User) -> None:
    archive.archive_project(project_id=series.project_id, by=owner)
    with pytest.raises(ArchivedError):
        services.commit(series_id=series.pk, author=owner, message=drawing())


def test_a_change_that_the_archive_overtook_is_refused(series: Series, owner: User) -> None:
    project = series.project
    phase = make_phase(project)
    values = {"name": "Pores", "low": 0.0, "high": 1.0, "gamma": 1.0, "invert": False, "is_default": False}
    preset = presets.create_preset(series=series, created_by=owner, values=values)
    project = Project.objects.get(pk=project.pk)  # as a request has read it
    put_away(project)
    for change in (
        lambda: rename_series(series=series, name="Cooling"),
        lambda: presets.create_preset(series=series, created_by=owner, values=values | {"name": "Grains"}),
        lambda: presets.change_preset(series=series, preset_id=preset.pk, values={"name": "Grains"}),
        lambda: presets.delete_preset(series=series, preset_id=preset.pk),
        lambda: update_project(project=project, changes={"name": "Au on C"}),
        lambda: make_phase(project, "Support"),
        lambda: update_phase(project_id=project.pk, phase_id=phase.pk, changes={"name": "Support"}),
        lambda: delete_phase(project_id=project.pk, phase_id=phase.pk),
    ):
        with pytest.raises(ArchivedError):
            change()
    stored = Series.objects.get(pk=series.pk)
    assert (stored.name, stored.project.name) == (series.name, project.name)
    assert ([each.name for each in project.phases.all()], stored.display_presets.count()) == ([phase.name], 1)


def test_a_request_from_before_keeps_its_answer(series: Series, owner: User) -> None:
    asked = drawing()
    services.commit(series_id=series.pk, author=owner, message=asked)
    archive.archive_series(series_id=series.pk, by=owner)
    assert services.commit(series_id=series.pk, author=owner, message=asked).repeated


@pytest.mark.parametrize("state", [State.QUEUED, State.PAUSED])
def test_nothing_is_archived_while_a_job_works_on_it(series: Series, owner: User, state: State) -> None:
    job = queued(series, owner, "segment")
    Job.objects.filter(pk=job.pk).update(state=state)
    for archived in (
        lambda: archive.archive_series(series_id=series.pk, by=owner),
        lambda: archive.archive_project(project_id=series.project_id, by=owner),
    ):
        with pytest.raises(ConflictError, match=rf"segment by ada \({state}\)\. Let them finish, or cancel") as refusal:
            archived()
        assert refusal.value.code == "jobs_running"
    jobs.request_cancel(job_id=job.pk)
    archive.archive_series(series_id=series.pk, by=owner)


def test_an_export_goes_on_in_the_archive(series: Series, owner: User) -> None:
    queued(series, owner, "export")
    archive.archive_series(series_id=series.pk, by=owner)
    assert Series.objects.get(pk=series.pk).archived_by == owner


def test_the_archive_has_a_list_of_its_own(client: Client, series: Series, owner: User) -> None:
    client.force_login(owner)
    other = make_series(series.project)
    archive.archive_series(series_id=series.pk, by=owner)
    url = f"/api/v1/projects/{series.project_id}/series"
    assert [each["id"] for each in client.get(url).json()] == [str(other.pk)]
    (listed,) = client.get(f"{url}?archived=true").json()
    assert (listed["id"], listed["archived_by"]["name"]) == (str(series.pk), "ada")
    (project,) = client.get("/api/v1/projects").json()
    assert project["series_count"] == 1
    assert client.get("/api/v1/projects?archived=true").json() == []
    answer = client.post(f"/api/v1/projects/{series.project_id}/archive").json()
    assert answer["archived_by"]["name"] == "ada"
    assert client.get("/api/v1/projects").json() == []
    (project,) = client.get("/api/v1/projects?archived=true").json()
    assert project["archived_at"] == answer["archived_at"]
    assert client.delete(f"/api/v1/projects/{series.project_id}/archive").json()["archived_at"] is None
    assert client.delete(f"/api/v1/series/{series.pk}/archive").json()["archived_at"] is None
    assert len(client.get(url).json()) == 2


def test_only_what_is_archived_is_deleted(series: Series, owner: User) -> None:
    with pytest.raises(ConflictError, match="Archive it first"):
        delete_series(series_id=series.pk)
    with pytest.raises(ConflictError, match="Archive it first"):
        delete_project(project_id=series.project_id)
    archive.archive_series(series_id=series.pk, by=owner)
    delete_series(series_id=series.pk)
    archive.archive_project(project_id=series.project_id, by=owner)
    delete_project(project_id=series.project_id)
    assert not Series.objects.exists()


def test_an_import_that_the_archive_overtook_makes_no_series() -> None:
    project = make_project()
    put_away(project)  # after its import was asked for
    with pytest.raises(ArchivedError):
        imported(project, ramp(frames=1, seed=901))
    assert not Series.objects.filter(project=project).exists()


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("comparisons", {"models": [{"model": "threshold"}], "frames": [0]}),
        ("trainings", {"model": "threshold", "split": {"by": "blocks"}}),
    ],
)
def test_models_learn_from_and_are_compared_on_what_is_not_archived(
    client: Client, series: Series, owner: User, address: str, body: dict[str, Any]
) -> None:
    client.force_login(owner)
    archive.archive_series(series_id=series.pk, by=owner)
    body |= {"series": str(series.pk) if address == "comparisons" else [{"id": str(series.pk)}]}
    answer = client.post(f"/api/v1/projects/{series.project_id}/{address}", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "archived")
