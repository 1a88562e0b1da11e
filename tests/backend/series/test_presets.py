"""Named windows of a series over REST."""

from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from backend.series import presets
from backend.series.models import DisplayPreset, Series
from tests.backend.builders import make_project, make_series
from tests.backend.series.files import owner

pytestmark = pytest.mark.django_db
DARK = {"name": "Dark pores", "low": 100.0, "high": 900.5, "gamma": 0.7, "invert": True}


@pytest.fixture
def series(client: Client) -> Series:
    project = make_project()
    client.force_login(owner(project))
    return make_series(project)


def call(client: Client, series: Series, method: str, rest: str = "", body: Any = None) -> Any:
    address = f"/api/v1/series/{series.pk}/display-presets{rest}"
    options = {} if body is None else {"data": body, "content_type": "application/json"}
    return getattr(client, method)(address, **options)


def test_what_is_saved_is_listed_as_it_was_saved(client: Client, series: Series) -> None:
    made = call(client, series, "post", body=DARK)
    assert made.status_code == 201
    assert made.json() == {"id": made.json()["id"], "is_default": False, **DARK}
    assert call(client, series, "get").json() == [made.json()]
    assert call(client, make_series(series.project, frames=3), "get").json() == []


def test_a_series_opens_with_one_preset_at_most(client: Client, series: Series) -> None:
    first = call(client, series, "post", body=DARK | {"is_default": True}).json()
    second = call(client, series, "post", body=DARK | {"name": "Bright"}).json()
    changed = call(client, series, "patch", f"/{second['id']}", {"is_default": True})
    assert changed.json() == second | {"is_default": True}
    assert [row["is_default"] for row in call(client, series, "get").json()] == [False, True]
    with pytest.raises(IntegrityError):
        DisplayPreset.objects.filter(pk=first["id"]).update(is_default=True)


def test_a_name_is_taken_once_a_series(client: Client, series: Series) -> None:
    call(client, series, "post", body=DARK)
    again = call(client, series, "post", body=DARK)
    assert again.status_code == 400
    assert again.json()["fields"] == {"name": ["Already taken."]}
    assert call(client, make_series(series.project, frames=3), "post", body=DARK).status_code == 201


@pytest.mark.parametrize(
    "change", [{"low": 900.5}, {"gamma": 0}, {"gamma": 21}, {"low": "nan"}, {"low": "-inf"}, {"name": ""}, {"width": 3}]
)
def test_what_is_no_window_is_refused(client: Client, series: Series, change: dict[str, Any]) -> None:
    assert call(client, series, "post", body=DARK | change).status_code == 400
    assert call(client, series, "get").json() == []


def test_a_removed_preset_is_gone_and_unknown_ones_are_said_so(client: Client, series: Series) -> None:
    made = call(client, series, "post", body=DARK).json()
    other = make_series(series.project, frames=3)
    assert call(client, other, "delete", f"/{made['id']}").status_code == 404
    assert call(client, series, "delete", f"/{made['id']}").status_code == 204
    gone = call(client, series, "patch", f"/{made['id']}", {"gamma": 2})
    assert gone.status_code == 404
    assert made["id"] in gone.json()["message"]


def test_there_is_a_limit_to_how_many(client: Client, series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "MOST_PRESETS", 1)
    call(client, series, "post", body=DARK)
    refused = call(client, series, "post", body=DARK | {"name": "Bright"})
    assert refused.status_code == 400
    assert "at most 1" in refused.json()["message"]
