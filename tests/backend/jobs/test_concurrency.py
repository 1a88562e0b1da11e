"""Several workers at once on one database."""

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connections

from backend.jobs import services, worker
from backend.jobs.models import Job
from backend.jobs.registry import JobContext
from backend.projects.models import Membership
from backend.projects.roles import Role
from backend.projects.services import change_role
from backend.protocol.errors import ConflictError
from tests.backend.builders import make_project, make_user
from tests.backend.jobs.kinds import enqueue, kind

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*actions: Callable[[], None]) -> list[Exception]:
    """Runs each in a thread of its own, all from the same moment; what they raised."""
    ready = threading.Barrier(len(actions))
    raised: list[Exception] = []

    def run(action: Callable[[], None]) -> None:
        try:
            ready.wait(10)
            action()
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return raised


def test_no_two_workers_get_the_same_job() -> None:
    jobs = [enqueue().pk for _ in range(12)]
    taken: list[UUID] = []

    def take_all() -> None:
        while (job := services.claim(queue="quick", worker=threading.current_thread().name)) is not None:
            taken.append(job.pk)

    assert not at_once(*[take_all] * 4)
    assert sorted(taken) == sorted(jobs)
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}


def test_workers_share_the_jobs_of_a_queue() -> None:
    for _ in range(6):
        enqueue()
    Job.objects.update(kind="test")
    stopping = threading.Event()
    ran: list[UUID] = []

    def work(context: JobContext) -> dict[str, str]:
        context.progress(0.5, "Half")
        ran.append(context.job.pk)
        if len(ran) == 6:
            stopping.set()
        return {"by": context.job.worker}

    with kind(work):
        assert not at_once(*[lambda: worker.run_worker("quick", stopping)] * 2)
    assert len(ran) == len(set(ran)) == 6
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


def test_two_owners_cannot_step_down_at_once() -> None:
    project = make_project()
    second = make_user()
    Membership.objects.create(project=project, user=second, role=Role.OWNER)
    owners = list(project.memberships.filter(role="owner"))

    def step_down(owner: Membership) -> Callable[[], None]:
        def step() -> None:
            change_role(actor=owner, user_id=owner.user_id, role=Role.VIEWER)

        return step

    raised = at_once(*map(step_down, owners))
    assert [type(error) for error in raised] == [ConflictError]
    assert project.memberships.filter(role="owner").count() == 1
