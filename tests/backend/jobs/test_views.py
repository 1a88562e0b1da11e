"""Jobs over REST."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backend.jobs import services
from backend.jobs.models import Job
from backend.projects.models import User
from tests.backend.builders import make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user("ada")


def enqueue(author: User, **members: User) -> Job:
    project = make_project(annotator=author, **members)
    return services.enqueue(kind="import", project=project, created_by=author, parameters={"name": "x", "uploads": []})


def test_a_job_shows_what_the_browser_needs(client: Client, ada: User) -> None:
    job = enqueue(ada)
    client.force_login(ada)
    shown = client.get(f"/api/v1/jobs/{job.pk}").json()
    assert {name: shown[name] for name in ("kind", "state", "progress", "step", "error", "result", "series")} == {
        "kind": "import",
        "state": "queued",
        "progress": 0.0,
        "step": "",
        "error": None,
        "result": {},
        "series": None,
    }
    assert shown["created_by"] == {"id": ada.pk, "name": "ada"}
    assert shown["project"] == str(job.project_id)
    assert shown["parameters"] is None


def test_the_list_pages_from_new_to_old(client: Client, ada: User) -> None:
    project = make_project(ada)
    made = [services.enqueue(kind="import", project=project, created_by=ada, parameters={}) for _ in range(5)]
    client.force_login(ada)
    url = f"/api/v1/projects/{project.pk}/jobs?limit=2"
    seen: list[str] = []
    page = client.get(url).json()
    while True:
        seen += [row["id"] for row in page["results"]]
        if page["next"] is None:
            break
        page = client.get(f"{url}&before={page['next']}").json()
    assert seen == [str(job.pk) for job in reversed(made)]


def test_the_list_is_of_one_kind_where_one_is_asked_for(client: Client, ada: User) -> None:
    project = make_project(ada)
    made = {
        kind: [
            services.enqueue(kind=kind, project=project, created_by=ada, parameters={"model": "threshold"})
            for _ in range(3)
        ]
        for kind in ("train", "export")
    }
    client.force_login(ada)
    url = f"/api/v1/projects/{project.pk}/jobs?kind=train&limit=2"
    first = client.get(url).json()
    second = client.get(f"{url}&before={first['next']}").json()
    assert [row["id"] for row in first["results"] + second["results"]] == [str(job.pk) for job in made["train"][::-1]]
    assert second["next"] is None


def test_parameters_that_nobody_is_shown_are_not_read(client: Client, ada: User) -> None:
    jobs = [enqueue(ada) for _ in range(2)]
    client.force_login(ada)
    project = jobs[0].project_id
    services.enqueue(kind="import", project=jobs[0].project, created_by=ada, parameters={})
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/api/v1/jobs/{jobs[0].pk}").status_code == 200
        page = client.get(f"/api/v1/projects/{project}/jobs?limit=1").json()
        assert client.get(f"/api/v1/projects/{project}/jobs?before={page['next']}").json()["results"]
    read = [query["sql"] for query in queries.captured_queries if 'FROM "jobs_job"' in query["sql"]]
    assert len(read) >= 3
    assert not [sql for sql in read if '"parameters"' in sql.replace('THEN "jobs_job"."parameters"', "")]


def test_the_author_cancels_and_other_annotators_do_not(client: Client, ada: User) -> None:
    job = enqueue(ada, manager=make_user("mia"), reviewer=make_user("rob"))
    client.force_login(User.objects.get(username="rob"))
    assert client.post(f"/api/v1/jobs/{job.pk}/cancel").status_code == 403
    client.force_login(ada)
    answer = client.post(f"/api/v1/jobs/{job.pk}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


def test_a_manager_cancels_anybodys_job(client: Client, ada: User) -> None:
    job = enqueue(ada, manager=make_user("mia"))
    client.force_login(User.objects.get(username="mia"))
    assert client.post(f"/api/v1/jobs/{job.pk}/cancel").json()["state"] == "cancelled"
