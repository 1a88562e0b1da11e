"""`python -m ml`: what goes to stdout and stderr, and the exit codes, whatever the command."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import ml.__main__ as cli
import ml.commands

SILENT = "import sys, ml.__main__ as c; c.build_parser({argv}); print(*sys.modules)"


@pytest.fixture
def behave(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Replaces all commands by one named `probe`, which runs the given function."""

    def install(run: Any, add_arguments: Any = lambda parser: None) -> None:
        module = ModuleType("probe")
        vars(module).update(HELP="probe", add_arguments=add_arguments, run=run)
        monkeypatch.setattr(cli, "command_names", lambda: ["probe"])
        monkeypatch.setattr(cli, "command", lambda name: module)

    return install


def raising(error: BaseException) -> Any:
    def run(arguments: argparse.Namespace) -> None:
        raise error

    return run


def test_json_is_one_object_and_stray_prints_go_to_stderr(behave: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def run(arguments: argparse.Namespace) -> dict[str, Any]:
        print("progress of a library")
        return {
            "iou": np.float32(0.5),
            "count": np.int64(3),
            "score": float("nan"),
            "path": Path("a/b"),
            "rows": [{"xs": np.arange(2), "best": float("-inf")}],
        }

    behave(run)
    assert cli.main(["probe", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "iou": 0.5,
        "count": 3,
        "score": None,
        "path": "a/b",
        "rows": [{"xs": [0, 1], "best": None}],
    }
    assert out.count("\n") == 1
    assert err == "progress of a library\n"


def test_json_without_a_result_is_an_empty_object(behave: Any, capsys: pytest.CaptureFixture[str]) -> None:
    behave(lambda arguments: None)
    assert cli.main(["probe", "--json"]) == 0
    assert capsys.readouterr().out == "{}\n"


def test_people_get_a_table(behave: Any, capsys: pytest.CaptureFixture[str]) -> None:
    behave(
        lambda arguments: {"model": "fake", "iou": 0.123456, "rows": [{"name": "a", "n": 1}, {"name": "bcd", "n": 2}]}
    )
    assert cli.main(["probe"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "model  fake",
        "iou    0.1235",
        "",
        "rows",
        "name  n",
        "a     1",
        "bcd   2",
    ]


def test_json_is_understood_after_a_commands_own_command(behave: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_subparsers(dest="action", required=True).add_parser("list")

    behave(lambda arguments: {"action": arguments.action}, add_arguments)
    for argv in (["probe", "list", "--json"], ["probe", "--json", "list"]):
        assert cli.main(argv) == 0
        assert json.loads(capsys.readouterr().out) == {"action": "list"}


@pytest.mark.parametrize(
    "error", [ValueError("sigma is -1;\n  give 0 or more."), FileNotFoundError("a.tif is missing")]
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_the_caller_can_mend_is_one_line_and_exit_code_2(
    behave: Any, capsys: pytest.CaptureFixture[str], error: Exception, options: list[str]
) -> None:
    behave(raising(error))
    assert cli.main(["probe", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"python -m ml probe: {' '.join(str(error).split())}\n"


def test_a_fault_of_ours_is_not_swallowed(behave: Any) -> None:
    behave(raising(ZeroDivisionError("ours")))
    with pytest.raises(ZeroDivisionError):  # Python's own exit code for it is 1
        cli.main(["probe"])


def test_ctrl_c_is_130(behave: Any, capsys: pytest.CaptureFixture[str]) -> None:
    behave(raising(KeyboardInterrupt()))
    assert cli.main(["probe"]) == 130
    assert capsys.readouterr().out == ""


def test_an_unknown_command_is_exit_code_2_and_names_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["no_such_command"])
    assert end.value.code == 2
    assert "engine" in capsys.readouterr().err


def test_every_file_of_the_folder_is_a_command() -> None:
    files = {path.stem for path in Path(ml.commands.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(cli.command_names()) == files
    for name in files:
        module = cli.command(name)
        assert isinstance(module.HELP, str)
        assert callable(module.run)


def test_help_of_all_commands_loads_neither_networks_nor_django() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", SILENT.format(argv="[]")], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "ml.commands.engine" in listed
    assert not {"torch", "onnxruntime", "django", "skimage"} & set(listed)


def test_only_the_named_command_is_imported() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", SILENT.format(argv="['engine']")], capture_output=True, text=True, check=True
    ).stdout.split()
    assert [name for name in listed if name.startswith("ml.commands.")] == ["ml.commands.engine"]


def test_the_process_ends_with_the_commands_code(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "ml", "engine", "--socket", str(tmp_path / "s"), "--store", ".", "--models", "0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == "python -m ml engine: --models is 0; give 1 or more.\n"
