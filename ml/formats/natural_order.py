"""The order of file names that people mean: t2 before t10."""

import re


def natural_key(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Sort key: runs of digits as numbers, the rest without case; the name itself settles ties (a1, a01)."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts), name
