"""Scores of a tracked series against its truth, both in the layout of the Cell Tracking Challenge."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ml.evaluation.lineage import junctions, score_junctions
from ml.formats.lineage_tables import read_links
from ml.lineage import LinkKind
from ml.tracking.results import label_paths, read_labels

MEASURES = ("SEG", "DET", "TRA", "LNK", "CHOTA", "IDF1")


def tracking_scores(results: Path, truth: Path) -> dict[str, Any]:
    """Score a folder of results.

    Parameters
    ----------
    results
        holds maskTTT.tif, res_track.txt and links.csv.
    truth
        holds 01_GT/TRA, 01_GT/SEG (without it TRA's masks count) and links.csv.

    Returns
    -------
    SEG, DET, TRA, LNK, CHOTA, IDF1 and id_switches by py-ctcmetrics (doi 10.1007/978-3-031-91721-9_11), and of merges
    and splits within ±1 and ±3 frames as `score_junctions` has them; false_merges are those that match none within ±3.
    Where nothing was found, SEG to IDF1 are 0.

    Raises
    ------
    ValueError
        where the truth is incomplete or of another length.
    """
    reference = truth / "01_GT"
    if not (reference / "TRA" / "man_track.txt").exists() or not (truth / "links.csv").exists():
        raise ValueError(
            f"{truth} is no truth; it needs 01_GT/TRA/man_track.txt and links.csv, as synthesise writes them."
        )
    found_paths, true_paths = label_paths(results), label_paths(reference / "TRA")
    if len(found_paths) != len(true_paths):
        raise ValueError(f"{results} has {len(found_paths)} frames, {truth} {len(true_paths)}; they must be equal.")
    found = lru_cache(maxsize=16)(lambda frame: read_labels(found_paths[frame]))
    true = lru_cache(maxsize=16)(lambda frame: read_labels(true_paths[frame]))
    scores: dict[str, Any] = _challenge(results, reference)
    links, true_links = read_links(results / "links.csv"), read_links(truth / "links.csv")
    kinds: tuple[LinkKind, ...] = ("merge", "split")
    for kind in kinds:
        said, real = junctions(links, kind), junctions(true_links, kind)
        near = score_junctions(said, real, found, true, kind=kind, tolerance=1)
        wide = score_junctions(said, real, found, true, kind=kind, tolerance=3)
        if kind == "merge":
            scores |= {"merge_precision_3": wide.precision, "merge_recall_3": wide.recall}
        scores |= {f"{kind}_f1_1": near.f1, f"{kind}_f1_3": wide.f1}
        if kind == "merge":
            scores["false_merges"] = wide.predicted - wide.hits
    return scores


def _challenge(results: Path, reference: Path) -> dict[str, Any]:
    if not (results / "res_track.txt").read_text().strip():
        return dict.fromkeys(MEASURES, 0.0) | {"id_switches": 0}
    from ctc_metrics.scripts.evaluate import calculate_metrics, load_data

    segmented = (reference / "SEG").is_dir()
    tracks, true_tracks, trajectories, segments, _, valid = load_data(
        str(results), str(reference), True, segmented, threads=1
    )
    if not valid:
        raise ValueError(f"{results} contradicts itself: res_track.txt and the masks do not agree.")
    measured = calculate_metrics(
        tracks, true_tracks, trajectories, segments if segmented else trajectories, [*MEASURES, "MOTA"], valid
    )
    return {name: float(measured[name]) for name in MEASURES} | {"id_switches": int(np.int64(measured["IDSW"]))}
