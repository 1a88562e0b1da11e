"""What can go wrong by the rules of the domain; REST and websocket both answer {code, message}."""

from typing import Any


class DomainError(Exception):
    """A request that cannot be done. The message names the value, the limit and the remedy."""

    status = 400
    code = "invalid"

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details = details

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        return {"code": self.code, "message": self.message, **self.details}


class InvalidError(DomainError):
    """A value is out of its limits. `fields` maps names to their messages."""

    def __init__(self, message: str, *, code: str | None = None, fields: dict[str, list[str]] | None = None) -> None:
        super().__init__(message, code=code, **({"fields": fields} if fields else {}))


class NotFoundError(DomainError):
    """It does not exist, or the person may not know that it does."""

    status = 404
    code = "not_found"


class ForbiddenError(DomainError):
    """The person's role does not allow it."""

    status = 403
    code = "forbidden"


class ConflictError(DomainError):
    """The present state does not allow it."""

    status = 409
    code = "conflict"


class GoneError(DomainError):
    """It was there, and is no more."""

    status = 410
    code = "gone"


class ArchivedError(ConflictError):
    """It is in the archive, where everything can be seen and exported and nothing changed."""

    code = "archived"


class TooLargeError(DomainError):
    """More bytes than the limit."""

    status = 413
    code = "too_large"


class LockedError(DomainError):
    """Somebody else writes to it at this moment."""

    status = 423
    code = "locked"


class DiskFullError(DomainError):
    """The server has no room for it."""

    status = 507
    code = "disk_full"


class TooManyRequestsError(DomainError):
    """Try again later."""

    status = 429
    code = "too_many_requests"
