"""Projects, members and phases: the rules, each at its edge."""

import pytest
from django.db import IntegrityError, transaction

from backend.projects import selectors, services
from backend.projects.models import Membership, Phase, Project
from backend.projects.roles import Role
from backend.protocol.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from tests.backend.builders import make_project, make_series, make_user, put_away

pytestmark = pytest.mark.django_db


def membership(project: Project, role: str) -> Membership:
    return Membership.objects.get(project=project, role=role)


def test_the_maker_of_a_project_is_its_owner() -> None:
    user = make_user()
    project = services.create_project(owner=user, name="Au on C")
    assert [(m.user, m.role) for m in project.memberships.all()] == [(user, "owner")]


def test_a_project_goes_with_all_that_is_in_it() -> None:
    project = make_project()
    make_series(project)
    put_away(project)
    services.delete_project(project_id=project.pk)
    assert not Project.objects.exists()
    assert not Membership.objects.exists()


def test_two_people_change_name_and_description_at_once_and_both_stay() -> None:
    first = make_project()
    second = Project.objects.get(pk=first.pk)
    services.update_project(project=first, changes={"name": "Au on C"})
    services.update_project(project=second, changes={"description": "300 keV"})
    first.refresh_from_db()
    assert (first.name, first.description) == ("Au on C", "300 keV")


# ---- members ------------------------------------------------------------------------------------------------


def test_a_manager_adds_everyone_but_owners() -> None:
    project = make_project(manager=make_user("mia"))
    make_user("ann")
    manager = membership(project, "manager")
    assert services.add_member(actor=manager, username="ann", role=Role.MANAGER).role == "manager"
    make_user("olaf")
    with pytest.raises(ForbiddenError, match="Only owners"):
        services.add_member(actor=manager, username="olaf", role=Role.OWNER)


def test_an_unknown_name_is_said_to_be_unknown() -> None:
    project = make_project()
    with pytest.raises(InvalidError, match="'nobody'") as refused:
        services.add_member(actor=membership(project, "owner"), username="nobody", role=Role.VIEWER)
    assert refused.value.details["fields"] == {"username": [refused.value.message]}  # what stands at the field


def test_a_member_is_not_added_twice() -> None:
    project = make_project(viewer=make_user("vera"))
    with pytest.raises(ConflictError, match="vera is a member already, as viewer"):
        services.add_member(actor=membership(project, "owner"), username="vera", role=Role.ANNOTATOR)
    assert membership(project, "viewer").user.username == "vera"


@pytest.mark.parametrize("change", ["demote", "remove"])
def test_a_manager_does_not_touch_an_owner(change: str) -> None:
    project = make_project(manager=make_user())
    second = make_user("second")
    owner = membership(project, "owner")
    services.add_member(actor=owner, username="second", role=Role.OWNER)
    manager = membership(project, "manager")
    with pytest.raises(ForbiddenError):
        if change == "demote":
            services.change_role(actor=manager, user_id=second.pk, role=Role.VIEWER)
        else:
            services.remove_member(actor=manager, user_id=second.pk)
    assert project.memberships.filter(role="owner").count() == 2


def test_the_only_owner_stays_until_there_is_another() -> None:
    project = make_project(viewer=make_user())
    owner = membership(project, "owner")
    with pytest.raises(ConflictError) as refused:
        services.change_role(actor=owner, user_id=owner.user_id, role=Role.MANAGER)
    assert refused.value.code == "last_owner"
    with pytest.raises(ConflictError):
        services.remove_member(actor=owner, user_id=owner.user_id)
    viewer = membership(project, "viewer")
    services.change_role(actor=owner, user_id=viewer.user_id, role=Role.OWNER)
    services.remove_member(actor=owner, user_id=owner.user_id)
    assert [m.user for m in project.memberships.all()] == [viewer.user]


def test_a_stranger_is_no_member_to_change() -> None:
    project = make_project()
    with pytest.raises(NotFoundError):
        services.remove_member(actor=membership(project, "owner"), user_id=make_user().pk)


def test_the_database_refuses_an_unknown_role() -> None:
    project = make_project()
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(project=project, user=make_user(), role="king")


# ---- phases -------------------------------------------------------------------------------------------------


def make(project: Project, **values: str) -> Phase:
    return services.create_phase(project_id=project.pk, **{"name": "Au", "colour": "#FFAA00"} | values)


def test_the_phases_of_every_settings_version_are_kept() -> None:
    project = services.create_project(owner=make_user(), name="Au on C")
    gold = make(project)
    shell = make(project, name="Shell", colour="#00ff00")
    services.update_phase(project_id=project.pk, phase_id=gold.pk, changes={"name": "Gold", "order": 5})
    services.delete_phase(project_id=project.pk, phase_id=shell.pk)
    project.refresh_from_db()
    kept = {
        version: [(phase.name, phase.colour) for phase in selectors.phases_at(project.pk, version)]
        for version in range(1, project.settings_version + 1)
    }
    au, green, renamed = ("Au", "#ffaa00"), ("Shell", "#00ff00"), ("Gold", "#ffaa00")
    assert kept == {1: [], 2: [au], 3: [au, green], 4: [green, renamed], 5: [renamed]}


def test_phases_come_in_the_order_they_were_made_and_colours_are_lower_case() -> None:
    project = make_project()
    for name in ("b", "a", "c"):
        make(project, name=name)
    phases = list(project.phases.all())
    assert [(phase.name, phase.order, phase.colour) for phase in phases] == [
        ("b", 0, "#ffaa00"),
        ("a", 1, "#ffaa00"),
        ("c", 2, "#ffaa00"),
    ]


def test_every_change_of_a_phase_is_a_new_settings_version() -> None:
    project = make_project()
    versions = []

    def note() -> None:
        project.refresh_from_db()
        versions.append(project.settings_version)

    note()
    phase = make(project)
    note()
    services.update_phase(project_id=project.pk, phase_id=phase.pk, changes={"name": "Pt"})
    note()
    services.delete_phase(project_id=project.pk, phase_id=phase.pk)
    note()
    assert versions == [1, 2, 3, 4]


def test_names_and_keys_are_taken_once_in_a_project_but_again_in_another() -> None:
    project = make_project()
    make(project, key="1")
    with pytest.raises(InvalidError, match="Another phase is called 'Au'"):
        make(project)
    with pytest.raises(InvalidError, match="Key 1 belongs to phase 'Au'"):
        make(project, name="Pt", key="1")
    assert make(project, name="Pt").key == ""
    assert make(project, name="Pd").key == ""
    assert make(make_project(), key="1").key == "1"


def test_a_phase_keeps_its_own_name_and_key_when_it_changes() -> None:
    project = make_project()
    phase = make(project, key="1")
    changed = services.update_phase(
        project_id=project.pk, phase_id=phase.pk, changes={"name": "Au", "key": "1", "colour": "#00FF00", "order": 7}
    )
    assert (changed.colour, changed.key, changed.order) == ("#00ff00", "1", 7)


def test_a_phase_of_another_project_is_not_found() -> None:
    phase = make(make_project())
    with pytest.raises(NotFoundError):
        services.delete_phase(project_id=make_project().pk, phase_id=phase.pk)
    assert Phase.objects.filter(pk=phase.pk).exists()


@pytest.mark.parametrize("values", [{"colour": "red"}, {"colour": "#GG0000"}, {"key": "a"}, {"key": "0"}, {"name": ""}])
def test_the_database_refuses_what_is_no_phase(values: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Phase.objects.create(project=make_project(), **{"name": "Au", "colour": "#ffaa00"} | values)
