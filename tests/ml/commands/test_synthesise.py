"""`python -m ml synthesise`: what lies on the disk is the series and its truth."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from ml.synthetic import synthesise

ROOT = Path(__file__).resolve().parents[3]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ml", "synthesise", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("series") / "new"
    done = command("--seed", "2", "--frames", "24", "--size", "128", "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    assert "frame/s" in done.stderr
    return out, json.loads(done.stdout)


def test_files_hold_the_series_of_the_same_seed(written: tuple[Path, dict[str, Any]]) -> None:
    out, report = written
    series = synthesise(2, 24, 128, "sintering")
    for folder, prefix, stack in (
        ("01", "t", series.images),
        ("01_GT/TRA", "man_track", series.labels),
        ("01_GT/SEG", "man_seg", series.labels),
    ):
        files = sorted((out / folder).glob("*.tif"))
        assert [file.name for file in files] == [f"{prefix}{frame:03d}.tif" for frame in range(24)]
        assert np.array_equal(np.stack([tifffile.imread(file) for file in files]), stack)
    assert report["tracks"] == len(series.tracks)
    assert report["merges"] == len({link.child for link in series.links})
    assert report["merges"] > 0


def test_track_table_names_the_largest_parent(written: tuple[Path, dict[str, Any]]) -> None:
    out, _ = written
    rows = np.loadtxt(out / "01_GT/TRA/man_track.txt", dtype=int)
    series = synthesise(2, 24, 128, "sintering")
    assert [tuple(row[:3]) for row in rows] == [(t.track, t.first_frame, t.last_frame) for t in series.tracks]
    for (_, begin, _, parent), track in zip(rows, series.tracks, strict=True):
        if track.parents:
            areas = {p: np.count_nonzero(series.labels[begin - 1] == p) for p in track.parents}
            assert areas[parent] == max(areas.values())
        else:
            assert parent == 0


def test_links_and_phases_are_complete(written: tuple[Path, dict[str, Any]]) -> None:
    out, report = written
    series = synthesise(2, 24, 128, "sintering")
    with (out / "links.csv").open(newline="") as file:
        links = list(csv.DictReader(file))
    assert [(int(r["parent"]), int(r["child"]), r["kind"], int(r["frame"])) for r in links] == [
        (link.parent, link.child, link.kind, link.frame) for link in series.links
    ]
    with (out / "phases.csv").open(newline="") as file:
        phases = {int(row["track"]): int(row["phase"]) for row in csv.DictReader(file)}
    assert phases == series.phase_of
    description = json.loads((out / "phases.json").read_text())
    assert [phase["name"] for phase in description["phases"]] == report["phases"] == ["particle"]
    assert description["pixel_size_nm"] == series.pixel_size_nm


def test_a_folder_in_use_and_a_bad_size_are_refused_in_one_line(
    written: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    out, _ = written
    before = (out / "links.csv").read_bytes()
    again = command("--seed", "3", "--frames", "2", "--size", "64", "--out", str(out))
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert (out / "links.csv").read_bytes() == before
    small = command("--seed", "3", "--frames", "2", "--size", "10", "--out", str(tmp_path / "x"))
    assert small.returncode == 2
    assert "64 px" in small.stderr
    assert not (tmp_path / "x").exists()
