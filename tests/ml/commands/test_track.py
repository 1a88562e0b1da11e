"""`python -m ml track`: what it writes, how it goes on, how it is scored."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import tifffile

from ml import registry
from ml.__main__ import main
from ml.commands.synthesise import write_series
from ml.formats.lineage_tables import read_links
from ml.lineage import LineageError, Link, check
from ml.synthetic import synthesise
from ml.tracking import results
from ml.tracking.overlap import OverlapTracker
from ml.tracking.results import Results
from ml.types import Instance

FRAMES = 24


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sintering series with merges, on small frames."""
    folder = tmp_path_factory.mktemp("series")
    write_series(synthesise(5, FRAMES, 192), folder)
    return folder


def track(capsys: pytest.CaptureFixture[str], series: Path, out: Path, *options: str) -> dict[str, Any]:
    labels = ["--labels", str(series / "01_GT/TRA")] if "--segmenter" not in options else []
    code = main(["track", str(series / "01"), "--tracker", "overlap", *labels, "--out", str(out), "--json", *options])
    text = capsys.readouterr()
    assert code == 0, text.err
    result: dict[str, Any] = json.loads(text.out)
    return result


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_masks_and_tables_agree(capsys: pytest.CaptureFixture[str], series: Path, tmp_path: Path) -> None:
    report = track(capsys, series, tmp_path / "out")
    masks = [tifffile.imread(tmp_path / "out" / f"mask{t:03d}.tif") for t in range(FRAMES)]
    table = [tuple(map(int, line.split())) for line in (tmp_path / "out/res_track.txt").read_text().splitlines()]
    tracks = rows(tmp_path / "out/tracks.csv")
    assert report["tracks"] == len(table) == len({row["track"] for row in tracks})
    for label, first, last, _ in table:
        assert [t for t in range(FRAMES) if (masks[t] == label).any()] == list(range(first, last + 1))
    for row in tracks:
        assert np.count_nonzero(masks[int(row["frame"])] == int(row["track"])) == int(row["area_px"])
    links = read_links(tmp_path / "out/links.csv")
    check({label: (first, last) for label, first, last, _ in table}, links)
    merges = [row for row in rows(tmp_path / "out/events.csv") if row["kind"] == "merge"]
    assert len(merges) == report["merges"] > 0
    assert {int(child) for row in merges for child in row["children"].split()} == {link.child for link in links}
    parent_of = {label: parent for label, _, _, parent in table}
    for child in {link.child for link in links}:
        parents = [link.parent for link in links if link.child == child]
        frame = next(first for label, first, _, _ in table if label == child) - 1
        assert parent_of[child] == max(parents, key=lambda parent: np.count_nonzero(masks[frame] == parent))


def test_truth_masks_give_nearly_full_marks(capsys: pytest.CaptureFixture[str], series: Path, tmp_path: Path) -> None:
    report = track(capsys, series, tmp_path / "out", "--gt", str(series))
    assert report["CHOTA"] > 0.95 and report["IDF1"] > 0.95 and report["merge_f1_1"] > 0.95
    assert report["SEG"] > 0.98 and report["DET"] > 0.98 and report["TRA"] > 0.98 and report["LNK"] > 0.98
    assert report["false_merges"] == 0 and report["id_switches"] == 0 and report["merge_recall_3"] > 0.95
    assert report["split_f1_1"] is None and report["seconds_per_frame"] > 0 and report["peak_memory_mb"] > 0


def test_another_library_measures_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Without merges: of a merge `res_track.txt` names one parent, and only py-ctcmetrics, as the challenge does, tells
    a link from a track to its only child from a step within a track."""
    from traccuracy import run_metrics
    from traccuracy.loaders import load_ctc_data
    from traccuracy.matchers import CTCMatcher
    from traccuracy.metrics import CTCMetrics

    series = tmp_path / "series"
    series.mkdir()
    write_series(synthesise(5, FRAMES, 192, "calm"), series)
    command = ["track", str(series / "01"), "--segmenter", "threshold", "--tracker", "overlap", "--gt", str(series)]
    assert main([*command, "--out", str(tmp_path / "out"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    truth = load_ctc_data(str(series / "01_GT/TRA"), str(series / "01_GT/TRA/man_track.txt"), "truth")
    found = load_ctc_data(str(tmp_path / "out"), str(tmp_path / "out/res_track.txt"), "found")
    (measured,), _ = run_metrics(truth, found, CTCMatcher(), [CTCMetrics()])
    assert 0.3 < report["TRA"] < 1
    assert report["TRA"] == pytest.approx(measured["results"]["TRA"], abs=1e-6)
    assert report["DET"] == pytest.approx(measured["results"]["DET"], abs=1e-6)
    assert report["LNK"] == pytest.approx(measured["results"]["LNK"], abs=1e-6)


def test_the_article_loses_the_merges(capsys: pytest.CaptureFixture[str], series: Path, tmp_path: Path) -> None:
    report = track(capsys, series, tmp_path / "out", "--gt", str(series), "--pipeline", "article")
    assert report["merges"] == 0 and report["merge_f1_3"] == 0


def test_a_segmenter_and_a_stack(capsys: pytest.CaptureFixture[str], series: Path, tmp_path: Path) -> None:
    frames = np.stack([tifffile.imread(path) for path in sorted((series / "01").iterdir())[:6]])
    tifffile.imwrite(tmp_path / "stack.tif", frames, photometric="minisblack")
    command = ["track", str(tmp_path / "stack.tif"), "--segmenter", "threshold", "--parameter", "min_area_px=30"]
    assert main([*command, "--out", str(tmp_path / "out"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["frames"] == 6 and report["tracks"] > 5 and report["settings"]["min_area_px"] == 30


@pytest.mark.parametrize("tracker", ["overlap", "deaot_t"])
@pytest.mark.parametrize("frames", [1, 3])
def test_a_series_without_objects_has_no_tracks(
    frames: int, tracker: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tifffile.imwrite(tmp_path / "empty.tif", np.full((frames, 65, 97), 7, np.uint8), photometric="minisblack")
    command = ["track", str(tmp_path / "empty.tif"), "--segmenter", "threshold", "--tracker", tracker]
    assert main([*command, "--out", str(tmp_path / "out"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["frames"], report["tracks"], report["merges"]) == (frames, 0, 0)
    assert not (tmp_path / "out/res_track.txt").read_text()
    assert not tifffile.imread(tmp_path / "out/mask000.tif").any()


@pytest.mark.parametrize("tracker", ["overlap", "deaot_t"])
def test_a_single_image_is_a_series_of_one_frame(
    tracker: str, capsys: pytest.CaptureFixture[str], series: Path, tmp_path: Path
) -> None:
    command = ["track", str(series / "01/t000.tif"), "--segmenter", "threshold", "--tracker", tracker]
    assert main([*command, "--out", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tracks"] > 5
    assert {row["kind"] for row in rows(tmp_path / "out/events.csv")} <= {"contact"}


def test_objects_keep_their_phases(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    made = synthesise(3, 8, 128, "two_phase")
    write_series(made, tmp_path)
    assert set(made.phase_of.values()) == {0, 1}

    class TruePhases:
        name, weights_hash = "true", ""
        frame = -1

        def segment(self, image: np.ndarray, settings: dict[str, Any]) -> list[Instance]:
            self.frame += 1
            labels = made.labels[self.frame]
            return [Instance(labels == t, 1.0, made.phase_of[t]) for t in np.unique(labels[labels > 0]).tolist()]

    with patch.object(registry, "load", lambda name, **_: TruePhases() if name == "threshold" else OverlapTracker()):
        report = track(capsys, tmp_path, tmp_path / "out", "--segmenter", "threshold")
    assert report["tracks"] >= len(np.unique(made.labels[0])) - 1
    for row in rows(tmp_path / "out/tracks.csv"):
        true = made.labels[int(row["frame"])]
        under = true[tifffile.imread(tmp_path / f"out/mask{int(row['frame']):03d}.tif") == int(row["track"])]
        assert int(row["phase"]) == made.phase_of[int(np.bincount(under[under > 0]).argmax())]


class StoppedError(Exception):
    """Stands for Ctrl-C, or for a kill."""


@pytest.mark.parametrize("how", [KeyboardInterrupt, StoppedError])
def test_what_is_done_is_kept_and_gone_on_from(
    capsys: pytest.CaptureFixture[str], series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: type
) -> None:
    track(capsys, series, tmp_path / "whole")
    original, whole = Results.add, tmp_path / "whole"
    with monkeypatch.context() as patched:

        def add(self: Results, confirmed: Any) -> None:
            if confirmed.frame == 13:
                if how is StoppedError:  # killed after the tables and before the mask
                    patched.setattr(results.tifffile, "imwrite", _fail)
                    original(self, confirmed)
                raise how
            original(self, confirmed)

        patched.setattr(Results, "add", add)
        command = ["track", str(series / "01"), "--labels", str(series / "01_GT/TRA"), "--tracker", "overlap"]
        if how is KeyboardInterrupt:
            assert main([*command, "--out", str(tmp_path / "out")]) == 130
        else:
            with pytest.raises(StoppedError):
                main([*command, "--out", str(tmp_path / "out")])
    capsys.readouterr()
    assert len(list((tmp_path / "out").glob("mask*.tif"))) == 13
    assert len((tmp_path / "out/res_track.txt").read_text().splitlines()) > 5
    (tmp_path / "out/res_track.txt").unlink()
    track(capsys, series, tmp_path / "out", "--resume")
    for path in sorted(whole.iterdir()):
        if path.suffix == ".tif":
            assert np.array_equal(tifffile.imread(path), tifffile.imread(tmp_path / "out" / path.name)), path.name
    for name in ("res_track.txt", "links.csv", "events.csv"):
        assert (whole / name).read_text() == (tmp_path / "out" / name).read_text(), name


def _fail(*_: object, **__: object) -> None:
    raise StoppedError


def test_a_run_is_not_overwritten_nor_gone_on_from_with_something_else(
    capsys: pytest.CaptureFixture[str], series: Path, tmp_path: Path
) -> None:
    track(capsys, series, tmp_path / "out")
    command = ["track", str(series / "01"), "--out", str(tmp_path / "out"), "--labels", str(series / "01_GT/TRA")]
    assert main([*command, "--tracker", "overlap"]) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*command, "--tracker", "overlap", "--pipeline", "article", "--resume"]) == 2
    assert "another pipeline" in capsys.readouterr().err


def test_wrong_choices_are_refused(capsys: pytest.CaptureFixture[str], series: Path, tmp_path: Path) -> None:
    command = ["track", str(series / "01"), "--out", str(tmp_path / "out")]
    assert main([*command, "--tracker", "threshold"]) == 2
    assert "threshold is no tracker" in capsys.readouterr().err
    assert main([*command, "--segmenter", "overlap"]) == 2
    assert "overlap is no segmenter" in capsys.readouterr().err
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted((series / "01_GT/TRA").glob("*.tif"))[:3]:
        shutil.copy(path, few)
    assert main([*command, "--labels", str(few)]) == 2
    assert f"3 label images, the series {FRAMES} frames" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_links_that_cannot_be_are_refused() -> None:
    spans = {1: (0, 4), 2: (0, 4), 3: (5, 9)}
    check(spans, [Link(1, 3, "merge", 4, 5, 1.0), Link(2, 3, "merge", 4, 5, 1.0)])
    with pytest.raises(LineageError, match="own ancestors"):
        check(spans, [Link(1, 3, "merge", 4, 5, 1.0), Link(3, 1, "split", 4, 5, 1.0)])
    with pytest.raises(LineageError, match="begins on frame 0, before its parent 1 has ended"):
        check(spans, [Link(1, 2, "split", 4, 5, 1.0)])
    with pytest.raises(LineageError, match="names track 9"):
        check(spans, [Link(9, 3, "merge", 4, 5, 1.0)])
