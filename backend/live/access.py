"""Who is at the other end of a socket, and what they may do now: asked every few seconds and before each commit."""

import time
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.utils.crypto import constant_time_compare

from backend.live.database import in_thread
from backend.projects.models import Membership, User
from backend.projects.roles import Role

CHECK_S = 5.0  # how long a removed member or a closed session may go unnoticed

SIGNED_OUT = 4401
NOT_A_MEMBER = 4404


class Access:
    """The membership behind one socket. `role` None: close it with `refusal`. While `archived` nothing is changed."""

    def __init__(self, *, user: User, session: Any, series: UUID) -> None:
        self.user = user
        self.refusal = NOT_A_MEMBER
        self.archived = False
        self._session = session
        self._series = series
        self._role: Role | None = None
        self._checked_at = -CHECK_S

    async def role(self, *, now: bool = False) -> Role | None:
        """The role of at most a few seconds ago; with `now` the present one, for what is written."""
        if now or time.monotonic() - self._checked_at >= CHECK_S:
            self._role = await in_thread(self._check)
            self._checked_at = time.monotonic()
        return self._role

    def _check(self) -> Role | None:
        if not self._signed_in():
            self.refusal = SIGNED_OUT
            return None
        memberships = Membership.objects.filter(user=self.user, user__is_active=True, project__series=self._series)
        found = memberships.values_list("role", "project__archived_at", "project__series__archived_at").first()
        if found is None:
            return None
        self.archived = found[1:] != (None, None)
        return Role(found[0])

    def _signed_in(self) -> bool:
        """Whether the session is there, has not expired, and was begun with the present password."""
        store = import_module(settings.SESSION_ENGINE).SessionStore(self._session.session_key)
        known = store.load().get(HASH_SESSION_KEY, "")
        user = User.objects.filter(pk=self.user.pk).first()
        if user is None:
            return False
        hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
        return any(constant_time_compare(known, each) for each in hashes)
