"""What a database looks like that does not answer now but will: locked for long, restarting, out of reach."""

import sqlite3

from django.db import InterfaceError, OperationalError

# Connection exceptions, and what the operator does: https://www.postgresql.org/docs/15/errcodes-appendix.html
POSTGRESQL_CLASSES = ("08", "57")
SQLITE_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_database_away(error: BaseException) -> bool:
    """Whether the same statement may succeed later."""
    if isinstance(error, InterfaceError):  # the connection was lost before
        return True
    if not isinstance(error, OperationalError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in SQLITE_LOCKED  # the rest says how
    state = getattr(cause, "sqlstate", None)
    return cause is not None and (state is None or state[:2] in POSTGRESQL_CLASSES)
