"""links.csv and events.csv: which track came from which, and what happened when."""

import csv
import math
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml.lineage import Event, Link

LINK_COLUMNS = ("parent", "child", "kind", "first_frame", "last_frame", "confidence")
EVENT_COLUMNS = ("kind", "first_frame", "last_frame", "parents", "children", "confidence", "author")
_EVENT_KINDS = ("birth", "dissolution", "exit", "contact", "merge", "split")


def link_row(link: Link) -> tuple[Any, ...]:
    return link.parent, link.child, link.kind, link.first_frame, link.last_frame, number(link.confidence)


def event_row(event: Event) -> tuple[Any, ...]:
    frames = event.first_frame, event.last_frame
    sides = _numbers(event.parents), _numbers(event.children)
    return event.kind, *frames, *sides, number(event.confidence), event.author


def event_json(event: Event) -> dict[str, Any]:
    confidence = None if math.isnan(event.confidence) else event.confidence
    return asdict(event) | {"confidence": confidence}


def event_of(row: dict[str, Any]) -> Event:
    """What `event_json` gave, or ValueError."""
    if row["kind"] not in _EVENT_KINDS:
        raise ValueError(f"an event is one of {', '.join(_EVENT_KINDS)}, not {row['kind']!r}")
    confidence = math.nan if row["confidence"] is None else float(row["confidence"])
    parents, children = tuple(row["parents"]), tuple(row["children"])
    return Event(row["kind"], row["first_frame"], row["last_frame"], parents, children, confidence, row["author"])


def number(value: float) -> str:
    """Four digits; nothing for NaN."""
    return "" if math.isnan(value) else f"{value:.4f}"


def read_links(path: Path) -> list[Link]:
    """Links of a table with the columns of ours, or with `frame`, the child's first, in place of the interval."""
    links = []
    for row in _rows(path):
        last = int(row["last_frame"] if "last_frame" in row else row["frame"])
        first = int(row.get("first_frame") or last - 1)
        kind = row["kind"]
        if kind not in ("merge", "split"):
            raise ValueError(f"{path}: a link is a merge or a split, not {kind!r}.")
        confidence = float(row.get("confidence") or 1)
        links.append(Link(int(row["parent"]), int(row["child"]), kind, first, last, confidence))  # type: ignore[arg-type]
    return links


def read_events(path: Path) -> list[Event]:
    """What the rows of an events.csv say, or ValueError."""
    return [
        event_of(
            row
            | {side: [int(track) for track in row[side].split()] for side in ("parents", "children")}
            | {frame: int(row[frame]) for frame in ("first_frame", "last_frame")}
            | {"confidence": row["confidence"] or None}
        )
        for row in _rows(path)
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _numbers(tracks: Iterable[int]) -> str:
    return " ".join(map(str, tracks))
