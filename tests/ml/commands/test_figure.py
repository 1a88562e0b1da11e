"""`python -m ml figure`: the files that it writes, what it chooses, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from ml.__main__ import main
from ml.commands.synthesise import write_series
from ml.synthetic import synthesise
from ml.tracking.results import read_labels, read_links

FRAMES, SIDE = 24, 192


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A sintering series with merges, and the folder of its tracks."""
    folder = tmp_path_factory.mktemp("series")
    write_series(synthesise(5, FRAMES, SIDE), folder)
    command = ["track", str(folder / "01"), "--tracker", "overlap", "--labels", str(folder / "01_GT/TRA")]
    assert main([*command, "--out", str(folder / "out")]) == 0
    return folder / "01", folder / "out"


def figure(capsys: pytest.CaptureFixture[str], tracked: tuple[Path, Path], out: Path, *options: str) -> dict[str, Any]:
    code = main(["figure", *map(str, tracked), "--out", str(out), "--json", *options])
    text = capsys.readouterr()
    assert code == 0, text.err
    report: dict[str, Any] = json.loads(text.out)
    return report


def refused(capsys: pytest.CaptureFixture[str], series: Path, results: Path, out: Path, *options: str) -> str:
    assert main(["figure", str(series), str(results), "--out", str(out), *options]) == 2
    assert not out.exists()
    return capsys.readouterr().err


def test_the_first_merge_is_shown_and_magnified(
    capsys: pytest.CaptureFixture[str], tracked: tuple[Path, Path], tmp_path: Path
) -> None:
    report = figure(capsys, tracked, tmp_path / "tracks.png", "--width", "120", "--dpi", "150")
    merges = [link for link in read_links(tracked[1] / "links.csv") if link.kind == "merge"]
    first = min(merges, key=lambda link: (link.last_frame, link.child))
    parents = {link.parent for link in merges if link.child == first.child}
    assert len(report["frames"]) == 5
    assert {0, first.first_frame, first.last_frame, FRAMES - 1} <= set(report["frames"])
    x0, y0, width, height = report["region"]
    for frame, tracks in ((first.first_frame, parents), (first.last_frame, {first.child})):
        labels = read_labels(tracked[1] / f"mask{frame:03d}.tif")
        there = np.isin(labels, list(tracks))
        assert there.any() and there.sum() == there[y0 : y0 + height, x0 : x0 + width].sum()
    with Image.open(tmp_path / "tracks.png") as image:
        assert image.size[0] == pytest.approx(120 / 25.4 * 150, abs=1)
        assert image.size[1] == pytest.approx(report["height_mm"] / 25.4 * 150, abs=1)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_equal_figures_are_equal_files_in_every_format(
    capsys: pytest.CaptureFixture[str], tracked: tuple[Path, Path], tmp_path: Path, suffix: str
) -> None:
    options = ("--frames", "20", "3", "--region", "10", "20", "60", "30", "--pixel-size-nm", "0.4", "--dpi", "100")
    one, other = (tmp_path / f"{name}{suffix}" for name in ("one", "other"))
    report = figure(capsys, tracked, one, *options)
    assert report["frames"] == [3, 20] and report["region"] == [10, 20, 60, 30]
    figure(capsys, tracked, other, *options)
    assert one.read_bytes() == other.read_bytes()
    if suffix == ".svg":
        assert "frame 20" in one.read_text()
    if suffix == ".pdf":
        assert one.read_bytes().startswith(b"%PDF")


def test_the_calibration_of_the_file_is_used_unless_another_is_given(
    capsys: pytest.CaptureFixture[str], tracked: tuple[Path, Path], tmp_path: Path
) -> None:
    frames = np.stack([tifffile.imread(path) for path in sorted(tracked[0].iterdir())])
    stack = tmp_path / "stack.tif"
    tifffile.imwrite(
        stack, frames, imagej=True, resolution=(4, 4), metadata={"axes": "TYX", "unit": "nm", "finterval": 0.5}
    )
    report = figure(capsys, (stack, tracked[1]), tmp_path / "own.svg", "--frames", "20")
    assert (report["pixel_size"], report["unit"], report["frame_interval_s"]) == (pytest.approx(0.25), "nm", 0.5)
    assert "frame 20, 10.0 s" in (tmp_path / "own.svg").read_text()
    options = ("--frame-interval-s", "60", "--pixel-size-nm", "25")
    report = figure(capsys, (stack, tracked[1]), tmp_path / "other.svg", "--frames", "20", *options)
    assert (report["pixel_size"], report["unit"], report["frame_interval_s"]) == (25, "nm", 60)
    assert "frame 20, 20 min" in (tmp_path / "other.svg").read_text()


def test_an_unfinished_run_is_drawn_as_far_as_it_went(
    capsys: pytest.CaptureFixture[str], tracked: tuple[Path, Path], tmp_path: Path
) -> None:
    """Also where it was killed when the first merge was in the tables, and its mask was not written yet."""
    merge = min(link.last_frame for link in read_links(tracked[1] / "links.csv") if link.kind == "merge")
    results = tmp_path / "out"
    results.mkdir()
    for path in tracked[1].iterdir():
        if not path.name.startswith("mask") or int(path.stem[4:]) < merge:
            (results / path.name).write_bytes(path.read_bytes())
    report = figure(capsys, (tracked[0], results), tmp_path / "tracks.png", "--dpi", "50")
    assert report["frames"][-1] == merge - 1


def test_wrong_choices_are_refused(
    capsys: pytest.CaptureFixture[str], tracked: tuple[Path, Path], tmp_path: Path
) -> None:
    series, results = tracked
    out = tmp_path / "tracks.png"
    assert "has no run.json; give the folder that track wrote to" in refused(capsys, series, series, out)
    assert "has frames 0 to 23" in refused(capsys, series, results, out, "--frames", "0", "24")
    assert "has frames 0 to 23" in refused(capsys, series, results, out, "--frames", "-1")
    outside = ("--region", "150", "0", "60", "60")
    assert "not within the frame of 192 by 192 px" in refused(capsys, series, results, out, *outside)
    assert "ends in .png, .pdf, .svg" in refused(capsys, series, results, tmp_path / "tracks.gif")
    assert "no folder" in refused(capsys, series, results, tmp_path / "none" / "tracks.png")
    assert "--width is 5 mm" in refused(capsys, series, results, out, "--width", "5")
    assert "--dpi is 5" in refused(capsys, series, results, out, "--dpi", "5")
    assert "--pixel-size-nm is 0" in refused(capsys, series, results, out, "--pixel-size-nm", "0")


def test_results_of_another_series_are_refused(
    capsys: pytest.CaptureFixture[str], tracked: tuple[Path, Path], tmp_path: Path
) -> None:
    frames = np.stack([tifffile.imread(path) for path in sorted(tracked[0].iterdir())])
    tifffile.imwrite(tmp_path / "short.tif", frames[:5], photometric="minisblack")
    tifffile.imwrite(tmp_path / "small.tif", frames[:, :100], photometric="minisblack")
    out = tmp_path / "tracks.png"
    assert "was made of 24 frames" in refused(capsys, tmp_path / "short.tif", tracked[1], out)
    assert "it was made of another" in refused(capsys, tmp_path / "small.tif", tracked[1], out)
