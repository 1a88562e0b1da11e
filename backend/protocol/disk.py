"""What a full disk looks like, whoever met it: the operating system, SQLite or PostgreSQL."""

import errno
import sqlite3

FULL = (errno.ENOSPC, errno.EDQUOT)
POSTGRESQL_DISK_FULL = "53100"  # https://www.postgresql.org/docs/15/errcodes-appendix.html


def is_disk_full(error: BaseException) -> bool:
    """Of the error itself or of the database driver's, which Django's own has as its cause."""
    for each in (error, error.__cause__):
        if isinstance(each, OSError) and each.errno in FULL:
            return True
        if isinstance(each, sqlite3.Error) and getattr(each, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return True
        if getattr(each, "sqlstate", None) == POSTGRESQL_DISK_FULL:
            return True
    return False
