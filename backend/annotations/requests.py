"""A request to change annotations: one changeset, in one transaction, under the series' lock.

Lock order: the series' row, then the masks by their hash. A request that is repeated gets its first answer.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.annotations.append import UNLINKED, append
from backend.annotations.models import Changeset
from backend.annotations.values import Draft, Links
from backend.jobs.models import Job
from backend.projects.models import User
from backend.protocol.errors import ConflictError, NotFoundError
from backend.series.models import Series
from backend.series.permissions import require_open_series


@dataclass(frozen=True)
class Committed:
    """The version a request made; `repeated` when it was made by an earlier arrival of the same request."""

    version: int
    repeated: bool


@dataclass(frozen=True)
class Request:
    """Who asks for what. The same id with another payload is a mistake of the client's."""

    series_id: UUID
    author: User
    id: UUID
    payload: dict[str, Any]
    reason: str
    job: Job | None = None
    links: Links = UNLINKED

    @property
    def payload_hash(self) -> str:
        return hashlib.sha256(json.dumps(self.payload, sort_keys=True).encode()).hexdigest()


class UnchangedError(Exception):
    """A draft says nothing new: no version is made of it."""


def not_empty(draft: Draft) -> Draft:
    if draft.empty:
        raise UnchangedError
    return draft


def known_series(series_id: UUID) -> Series:
    series = Series.objects.select_related("pixels").filter(pk=series_id).first()
    if series is None:
        raise NotFoundError(f"There is no series {series_id}.")
    return series


@contextmanager
def locked_series(series_id: UUID) -> Iterator[Series]:
    """A transaction in which nobody else appends to the series."""
    with transaction.atomic():
        # On SQLite the transaction itself is the lock: it begins IMMEDIATE.
        series = Series.objects.select_for_update(no_key=True).filter(pk=series_id).first()
        if series is None:
            raise NotFoundError(f"There is no series {series_id}.")
        yield series


def appended(request: Request, fill: Callable[[Series], Draft]) -> Committed:
    """Locks the series and appends what `fill` drafts, unless the request came before."""
    with locked_series(request.series_id) as series:
        return _append_to(series, request, fill)


def _append_to(series: Series, request: Request, fill: Callable[[Series], Draft]) -> Committed:
    earlier = Changeset.objects.filter(series=series, author=request.author, request_id=request.id).first()
    if earlier is not None:
        if earlier.payload_hash != request.payload_hash:
            raise ConflictError(
                f"Request {request.id} was another one, which made version {earlier.version}. Use a new id.",
                code="request_reused",
            )
        return Committed(earlier.version, repeated=True)
    require_open_series(series)  # the project is read under the lock, which its archiving takes, too
    changeset = append(
        series=series,
        draft=fill(series),
        author=request.author,
        request_id=request.id,
        payload_hash=request.payload_hash,
        reason=request.reason,
        job=request.job,
        links=request.links,
    )
    return Committed(changeset.version, repeated=False)
