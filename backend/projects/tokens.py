"""API tokens: shown once when made, kept as a hash."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from backend.projects.models import ApiToken, User
from backend.protocol.errors import InvalidError, NotFoundError

MAXIMUM_PER_PERSON = 50
# Writing "last used" at every request would make each read a write.
USE_RESOLUTION = timedelta(minutes=10)


def create(*, user: User, name: str) -> tuple[ApiToken, str]:
    """The row and the token itself, which nobody can read again."""
    if ApiToken.objects.filter(user=user).count() >= MAXIMUM_PER_PERSON:
        raise InvalidError(f"You have {MAXIMUM_PER_PERSON} tokens, which is the most. Delete one first.")
    token = secrets.token_urlsafe(32)
    return ApiToken.objects.create(user=user, name=name, digest=_digest(token)), token


def delete(*, user: User, token_id: UUID) -> None:
    deleted, _ = ApiToken.objects.filter(user=user, id=token_id).delete()
    if not deleted:
        raise NotFoundError("You have no such token.")


def find(token: str) -> ApiToken | None:
    """The token's row with its active user, or None."""
    found = ApiToken.objects.select_related("user").filter(digest=_digest(token), user__is_active=True).first()
    now = timezone.now()
    if found is not None and (found.last_used_at is None or found.last_used_at < now - USE_RESOLUTION):
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
