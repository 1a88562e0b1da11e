"""Reads what a client sent: pydantic's complaints become the domain's, naming the field."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from backend.protocol.errors import InvalidError

MOST_NAMED = 5  # complaints in one answer

Read = TypeVar("Read")


def read(parse: Callable[[Any], Read], data: Any, *, code: str = "invalid") -> Read:
    """`parse(data)`, where `parse` is a pydantic validator; InvalidError where that refuses."""
    try:
        return parse(data)
    except ValidationError as error:
        # The input itself is not repeated: it can be megabytes of run lengths.
        found = error.errors(include_url=False, include_context=False, include_input=False)
        lines = [f"{_name(each)}: {each['msg']}" for each in found[:MOST_NAMED]]
        if len(found) > MOST_NAMED:
            lines.append(f"and {len(found) - MOST_NAMED} more")
        fields: dict[str, list[str]] = {}
        for each in found[:MOST_NAMED]:
            fields.setdefault(_name(each), []).append(each["msg"])
        raise InvalidError("; ".join(lines), code=code, fields=fields) from None


def _name(error: ErrorDetails) -> str:
    """As in JavaScript: operations[3].mask.counts."""
    name = ""
    for part in error["loc"]:
        name += f"[{part}]" if isinstance(part, int) else f".{part}"
    return name.removeprefix(".") or "message"
