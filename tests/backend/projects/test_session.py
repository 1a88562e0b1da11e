"""Sign-in, its limit, CSRF, and tokens, over REST."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from backend.projects import sign_in, tokens
from backend.projects.models import ApiToken, FailedSignIn, User
from tests.backend.builders import make_user

pytestmark = pytest.mark.django_db
SESSION = "/api/v1/session"
RIGHT = "correct horse battery"


def make_ada() -> User:
    return User.objects.create_user("ada", password=RIGHT)


def attempt(client: Client, password: str, username: str = "ada", **options: str) -> tuple[int, dict[str, object]]:
    answer = client.post(
        SESSION, {"username": username, "password": password}, content_type="application/json", **options
    )
    return answer.status_code, answer.json()


def test_a_stranger_has_no_user_but_a_csrf_token(client: Client) -> None:
    answer = client.get(SESSION)
    assert answer.status_code == 200
    assert answer.json()["user"] is None
    assert answer.json()["csrf"]
    assert "csrftoken" in answer.cookies


def test_the_right_password_signs_in_and_delete_signs_out(client: Client) -> None:
    user = make_ada()
    status, body = attempt(client, RIGHT)
    assert (status, body["user"]) == (200, {"id": user.pk, "name": "ada", "username": "ada"})
    assert client.get(SESSION).json()["user"]["username"] == "ada"
    assert client.delete(SESSION).status_code == 204
    assert client.get(SESSION).json()["user"] is None


@pytest.mark.parametrize("username", ["ada", "nobody"])
def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client: Client, username: str) -> None:
    make_ada()
    status, body = attempt(client, "wrong", username)
    assert (status, body["code"]) == (400, "bad_credentials")
    assert "sessionid" not in client.cookies


def test_after_ten_wrong_passwords_even_the_right_one_has_to_wait(client: Client) -> None:
    make_ada()
    assert [attempt(client, "wrong")[0] for _ in range(sign_in.LIMIT_PER_PERSON)] == [400] * sign_in.LIMIT_PER_PERSON
    status, body = attempt(client, RIGHT)
    assert (status, body["code"]) == (429, "too_many_sign_ins")
    FailedSignIn.objects.update(at=timezone.now() - sign_in.WINDOW - timedelta(seconds=1))
    assert attempt(client, RIGHT)[0] == 200


def test_the_limit_is_not_another_addresss(client: Client) -> None:
    make_ada()
    for _ in range(sign_in.LIMIT_PER_PERSON + 1):
        attempt(client, "wrong", REMOTE_ADDR="10.0.0.1")
    assert attempt(client, RIGHT, REMOTE_ADDR="10.0.0.2")[0] == 200


def test_one_address_cannot_try_many_names(client: Client) -> None:
    make_ada()
    for number in range(sign_in.LIMIT_PER_ADDRESS):
        attempt(client, "wrong", f"user{number}")
    assert attempt(client, RIGHT)[0] == 429


def test_success_forgets_the_wrong_ones(client: Client) -> None:
    make_ada()
    for _ in range(3):
        attempt(client, "wrong")
    attempt(client, RIGHT)
    assert not FailedSignIn.objects.exists()


def test_sign_in_and_changes_need_the_csrf_token() -> None:
    make_ada()
    client = Client(enforce_csrf_checks=True)
    status, body = attempt(client, RIGHT)
    assert (status, body["code"]) == (403, "csrf_failed")
    token = client.get(SESSION).json()["csrf"]
    status, body = attempt(client, RIGHT, HTTP_X_CSRFTOKEN=token)
    assert status == 200
    project = {"data": {"name": "P"}, "content_type": "application/json"}
    assert client.post("/api/v1/projects", **project).status_code == 403
    assert client.post("/api/v1/projects", **project, HTTP_X_CSRFTOKEN=body["csrf"]).status_code == 201


# ---- tokens -------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_kept_as_a_hash(client: Client) -> None:
    client.force_login(make_ada())
    made = client.post("/api/v1/tokens", {"name": "laptop"}, content_type="application/json")
    token = made.json()["token"]
    assert made.status_code == 201
    assert token not in str(ApiToken.objects.values())
    listed = client.get("/api/v1/tokens").json()
    assert [(row["name"], "token" in row) for row in listed] == [("laptop", False)]


def test_a_token_acts_for_its_owner_until_it_is_deleted(client: Client) -> None:
    user = make_ada()
    row, token = tokens.create(user=user, name="script")
    header = {"HTTP_AUTHORIZATION": f"Token {token}"}
    assert client.get("/api/v1/projects", **header).status_code == 200
    assert client.post("/api/v1/projects", {"name": "P"}, content_type="application/json", **header).status_code == 201
    row.refresh_from_db()
    assert row.last_used_at is not None
    tokens.delete(user=user, token_id=row.pk)
    refused = client.get("/api/v1/projects", **header)
    assert (refused.status_code, refused.json()["code"]) == (401, "authentication_failed")


def test_a_wrong_token_is_refused_even_beside_a_good_session(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/api/v1/projects", HTTP_AUTHORIZATION="Token nonsense").status_code == 401


def test_the_token_of_an_inactive_person_is_dead(client: Client) -> None:
    user = make_user()
    _, token = tokens.create(user=user, name="script")
    user.is_active = False
    user.save()
    assert client.get("/api/v1/projects", HTTP_AUTHORIZATION=f"Token {token}").status_code == 401


def test_nobody_deletes_anothers_token(client: Client) -> None:
    row, _ = tokens.create(user=make_user(), name="script")
    client.force_login(make_user())
    assert client.delete(f"/api/v1/tokens/{row.pk}").status_code == 404
    assert ApiToken.objects.filter(pk=row.pk).exists()
