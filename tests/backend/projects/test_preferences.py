"""What a person has chosen for all projects and machines, over REST."""

from typing import Any

import pytest
from django.test import Client

from tests.backend.builders import make_user

pytestmark = pytest.mark.django_db
PREFERENCES = "/api/v1/account/preferences"


def signed_in_as(name: str) -> Client:
    client = Client()
    client.force_login(make_user(name))
    return client


def change(client: Client, values: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = client.patch(PREFERENCES, values, content_type="application/json")
    return answer.status_code, answer.json()


def test_keys_follow_the_person_and_nobody_else() -> None:
    ada, bob = signed_in_as("ada"), signed_in_as("bob")
    assert ada.get(PREFERENCES).json() == {"keys": {}, "tour_had": False}
    keys = {"view.fit": ["Shift+F", "0"], "track.cut": []}
    assert change(ada, {"keys": keys}) == (200, {"keys": keys, "tour_had": False})
    assert ada.get(PREFERENCES).json()["keys"] == keys
    assert bob.get(PREFERENCES).json()["keys"] == {}


def test_what_is_not_named_stays() -> None:
    ada = signed_in_as("ada")
    change(ada, {"keys": {"undo": ["U"]}})
    assert change(ada, {"tour_had": True}) == (200, {"keys": {"undo": ["U"]}, "tour_had": True})
    assert change(ada, {}) == (200, {"keys": {"undo": ["U"]}, "tour_had": True})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"keys": {"undo": ["U"] * 5}}, "no more than 4"),
        ({"keys": {"undo": ["U" * 41]}}, "no more than 40"),
        ({"keys": {"u" * 61: []}}, "61 letters: the most are 60"),
        ({"keys": {str(number): [] for number in range(301)}}, "301 commands: the most are 300"),
        ({"keys": ["U"]}, "dictionary"),
        ({"theme": "dark"}, "There are: keys, tour_had"),
    ],
)
def test_what_is_no_keymap_is_refused_and_named(values: dict[str, Any], said: str) -> None:
    status, body = change(signed_in_as("ada"), values)
    assert status == 400
    assert said in str(body)
