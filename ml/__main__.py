"""`python -m ml COMMAND …`: every file of ml/commands is a command.

The result goes to stdout, as a short table or (`--json`) as exactly one JSON object; everything else goes to stderr.
Exit codes: 0 done, 1 a fault of ours (with its traceback), 2 something the caller can mend (one line), 130 Ctrl-C.
"""

import argparse
import contextlib
import json
import math
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import ml.commands


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    argv = sys.argv[1:] if argv is None else argv
    arguments = build_parser(argv).parse_args(argv)
    as_json = getattr(arguments, "json", False)
    try:
        # With --json a stray print of a command or a library must not spoil the one object.
        with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
            result = arguments.run(arguments)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"python -m ml {arguments.command}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    if as_json:
        print(json.dumps(plain(result or {}), allow_nan=False))
    elif result:
        print(table(result))
    return 0


def build_parser(argv: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Parser of every command, or of the one that `argv` names (then no other module is imported)."""
    parser = argparse.ArgumentParser(prog="python -m ml", description=ml.__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    names = command_names()
    for name in [argv[0]] if argv and argv[0] in names else names:
        module = command(name)
        subparser = commands.add_parser(name, help=module.HELP, description=module.__doc__ or module.HELP)
        module.add_arguments(subparser)
        _add_json(subparser)
        subparser.set_defaults(run=module.run)
    return parser


def command_names() -> list[str]:
    """Names of the files in ml/commands, in alphabetical order."""
    return sorted(module.name for module in iter_modules(ml.commands.__path__))


def command(name: str) -> ModuleType:
    """The command's module."""
    return import_module(f"{ml.commands.__name__}.{name}")


def _add_json(parser: argparse.ArgumentParser) -> None:
    # A command may have commands of its own (`weights list`): --json is understood after either.
    # SUPPRESS: the inner parser's default must not overwrite what the outer one read.
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object instead of a table"
    )
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                _add_json(inner)


def plain(value: Any) -> Any:
    """The value as JSON knows it: numpy scalars become numbers, NaN and infinity null, paths strings."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


def table(result: Mapping[str, Any]) -> str:
    """Lines of `name value`; a list of records becomes a table of its own below them."""
    blocks: list[str] = []
    single = [(key, _cell(value)) for key, value in result.items() if not _is_records(value)]
    if single:
        blocks.append(_columns(single))
    for key, value in result.items():
        if _is_records(value):
            head = list(value[0])
            rows = [[_cell(record.get(column)) for column in head] for record in value]
            blocks.append(f"{key}\n{_columns([head, *rows])}")
    return "\n\n".join(blocks)


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _cell(value: Any) -> str:
    value = plain(value)
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(_cell(item) for item in value)
    return str(value)


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
