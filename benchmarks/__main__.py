"""`python -m benchmarks [--only NAME]`: one JSON object a line; a full run also writes docs/benchmarks.md."""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import benchmarks
from benchmarks.records import Measure, Record
from benchmarks.summary import page

SUMMARY = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def registered() -> dict[str, Measure]:
    """Every benchmark by its name, from the modules of this package."""
    found: dict[str, Measure] = {}
    for module in sorted(info.name for info in iter_modules(benchmarks.__path__) if info.name != "__main__"):
        found |= getattr(import_module(f"benchmarks.{module}"), "BENCHMARKS", {})
    return found


def main(argv: list[str]) -> int:
    measures = registered()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", choices=sorted(measures), metavar="NAME", help=f"one of: {', '.join(sorted(measures))}"
    )
    only = parser.parse_args(argv).only
    chosen = [measures[only]] if only else list(dict.fromkeys(measures.values()))
    records: list[Record] = []
    for measure in chosen:
        for record in measure():
            records.append(record)
            print(record.as_json(), flush=True)
    if not only:
        SUMMARY.write_text(page(records))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
