"""docs/benchmarks.md, written by a full run."""

from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks.machine import describe
from benchmarks.records import Record, rounded

INTRODUCTION = """# Benchmarks

Written by `make bench`; `make bench ONLY=NAME` measures one and leaves this page alone. Each figure and its baseline
were measured in the same run, in turns. A ratio is value over baseline: of a time, below 1 is faster than the
baseline; of a rate, above 1. Rates and memory of networks and segmenters are of a process of their own with one thread;
the networks have random weights.
"""


def page(records: Sequence[Record]) -> str:
    """The whole page as Markdown."""
    lines = [INTRODUCTION, f"Measured on {datetime.now(UTC):%Y-%m-%d}:", ""]
    lines += [f"- {line}" for line in describe()]
    lines += ["", "| name | value | unit | baseline | ratio | compared with |", "|---|---:|---|---:|---:|---|"]
    for record in records:
        baseline = "" if record.baseline is None else f"{rounded(record.baseline):g}"
        ratio = "" if record.ratio is None else f"{record.ratio:.2f}"
        lines.append(
            f"| `{record.name}` | {rounded(record.value):g} | {record.unit} | {baseline} | {ratio} "
            f"| {record.baseline_name} |"
        )
    return "\n".join(lines) + "\n"
