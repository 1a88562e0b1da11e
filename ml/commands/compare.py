"""Compare models on the same labelled frames, beside a fitted threshold and untrained networks as controls."""

import argparse
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.commands import check_device, weights_folder

if TYPE_CHECKING:
    from ml.evaluation.frames import LabelledFrame
    from ml.evaluation.measured import Candidate, Measured

HELP = "compare models on labelled frames: tables and figures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--images", type=Path, required=True, help="folder of frames")
    parser.add_argument("--labels", type=Path, required=True, help="folder of binary or instance images, same names")
    parser.add_argument(
        "--models", nargs="+", default=[], metavar="NAME[=WEIGHTS]", help="registry names (default: every segmenter)"
    )
    parser.add_argument(
        "--title", action="append", default=[], metavar="TEXT",
        help="what a model is called in tables and figures; once for each of --models, in their order",
    )  # fmt: skip
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="score these frames only")
    parser.add_argument(
        "--fit-on", nargs="+", default=[], metavar="NAME", help="frames of --images to fit threshold to"
    )
    parser.add_argument("--fit-images", type=Path, metavar="DIR", help="folder of further frames to fit threshold to")
    parser.add_argument("--fit-labels", type=Path, metavar="DIR", help="folder of their labels")
    parser.add_argument(
        "--fit-budget", type=float, default=600.0, metavar="S", help="most seconds of fitting (default: 600)"
    )
    parser.add_argument(
        "--no-controls", action="store_true", help="neither threshold nor untrained networks beside them"
    )
    parser.add_argument(
        "--numbered",
        action="store_true",
        help="labels are objects' numbers even where there is one: it may have several parts",
    )
    parser.add_argument(
        "--grey-range", type=float, nargs=2, metavar=("LOW", "HIGH"),
        help="of all frames: mapped to 0..1 instead of each frame's own range",
    )  # fmt: skip
    parser.add_argument(
        "--masks", type=Path, metavar="DIR",
        help="keep DIR/<row>/<frame>.png of every model: 0 true negative, 1 true positive, 2 false positive, 3 false "
        "negative; rows count from 0, as in the tables",
    )  # fmt: skip
    parser.add_argument("--image", metavar="NAME", help="the frame to show masks on (default: the first)")
    parser.add_argument("--tolerance", type=float, default=2.0, metavar="PX", help="of boundary F1 (default: 2)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0, help="of the fit, untrained networks and intervals")
    parser.add_argument("--out", type=Path, required=True, help="folder for tables and figures; made if missing")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    from ml.evaluation.comparison import asked, controls, parted, per_image, row, told_apart
    from ml.evaluation.frames import load_labelled_frames
    from ml.evaluation.tables import cells_of, write_tables

    candidates = asked(arguments.models, arguments.title)
    if not arguments.tolerance >= 0:
        raise ValueError(f"--tolerance is {arguments.tolerance} px; give 0 or more.")
    check_device(arguments.device)
    frames = load_labelled_frames(
        arguments.images, arguments.labels, grey_range=arguments.grey_range, numbered=arguments.numbered
    )
    scored, fit_frames = parted(frames, arguments.only, arguments.fit_on)
    fit_frames += _further_frames(arguments)
    shown = arguments.image or scored[0].name
    if shown not in {frame.name for frame in scored}:
        raise ValueError(f"--image is {shown}, which is not scored; there are {', '.join(f.name for f in scored)}.")
    arguments.out.mkdir(parents=True, exist_ok=True)
    fitted = _fitted(arguments, scored, fit_frames) if fit_frames and not arguments.no_controls else None
    added, notes = ([], []) if arguments.no_controls else controls(candidates, fitted, titled=bool(arguments.title))
    if fitted is not None:
        notes.insert(0, f"{added[0].label} is fitted to {len(fit_frames)} other frames; its settings: {fitted.name}.")
    measured = _measured(arguments, told_apart([*candidates, *added]), scored, shown)
    result: dict[str, Any] = {
        "frames": [frame.name for frame in scored],
        "fitted_on": [frame.name for frame in fit_frames],
        "device": arguments.device,
        "threads": int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
        "seed": arguments.seed,
        "tolerance_px": arguments.tolerance,
        "notes": notes,
        "models": [row(one, arguments.seed) for one in measured],
    }
    figures = _draw(arguments.out, result, measured, next(frame for frame in scored if frame.name == shown))
    result["figures"] = [path.name for path in figures]
    full = result | {"per_image": per_image(measured)}
    tables = write_tables(full, arguments.out)
    if getattr(arguments, "json", False):
        return full
    return {
        "files": [*tables, *figures],
        "notes": [{"note": note} for note in notes],
        "models": cells_of(result["models"]),
    }


def _further_frames(arguments: argparse.Namespace) -> "list[LabelledFrame]":
    from ml.evaluation.frames import load_labelled_frames

    if (arguments.fit_images is None) != (arguments.fit_labels is None):
        raise ValueError("--fit-images and --fit-labels belong together; give both or neither.")
    if not arguments.fit_images:
        return []
    return load_labelled_frames(
        arguments.fit_images, arguments.fit_labels, grey_range=arguments.grey_range, numbered=arguments.numbered
    )


def _fitted(arguments: argparse.Namespace, scored: "list[LabelledFrame]", fit_frames: "list[LabelledFrame]") -> Path:
    from ml.evaluation.comparison import check_apart
    from ml.segmenters.threshold_settings import write_settings
    from ml.training.threshold_run import described, fit_with_bar

    check_apart(scored, fit_frames)
    found = fit_with_bar(fit_frames, arguments.fit_budget, arguments.seed)
    path: Path = arguments.out / "threshold.json"
    write_settings(path, found.parameters, described(found, fit_frames, arguments.seed))
    return path


def _measured(
    arguments: argparse.Namespace, candidates: "list[Candidate]", scored: "list[LabelledFrame]", shown: str
) -> "list[Measured]":
    from tqdm import tqdm

    from ml.evaluation.agreement import keep_agreement
    from ml.evaluation.measured import measure

    measured = []
    with tqdm(total=len(candidates) * len(scored), unit="frame") as bar:
        for number, candidate in enumerate(candidates, start=1):
            bar.set_description(candidate.label)
            one = measure(
                candidate,
                scored,
                device=arguments.device,
                seed=arguments.seed,
                weights_folder=weights_folder(),
                tolerance_px=arguments.tolerance,
                keep=[shown],
                progress=bar.update,
                on_mask=partial(keep_agreement, arguments.masks / str(number - 1)) if arguments.masks else None,
            )
            if one.error:
                tqdm.write(f"{candidate.label}: {one.error}", file=bar.fp)
            bar.update(number * len(scored) - bar.n)  # the frames that a failed one left
            measured.append(one)
    return measured


def _draw(out: Path, result: dict[str, Any], measured: "list[Measured]", frame: "LabelledFrame") -> list[Path]:
    from ml.evaluation.figures import save
    from ml.evaluation.figures.curves import draw_curves, log_beside, read_log
    from ml.evaluation.figures.masks import draw_masks
    from ml.evaluation.figures.scores import draw_scores

    masks = {_drawn(one.candidate.label): one.masks[frame.name] for one in measured if frame.name in one.masks}
    # Not the controls: an untrained network errs everywhere.
    deciding = [_drawn(one.candidate.label) for one in measured if not one.candidate.control]
    logs = {}
    for one in measured:
        checkpoint = _checkpoint(one.candidate)
        if checkpoint is not None and (path := log_beside(checkpoint)) is not None:
            logs[_drawn(one.candidate.label)] = read_log(path)
    figures = {
        "curves": draw_curves(logs),
        "masks": draw_masks(frame.name, frame.image, frame.labels > 0, masks, deciding) if masks else None,
        "scores": draw_scores([line | {"label": _drawn(line["label"])} for line in result["models"]]),
    }
    if figures["curves"] is None:
        result["notes"].append("No training curves: no log lies beside a checkpoint.")
    return [save(figure, out / f"{name}.png") for name, figure in figures.items() if figure is not None]


def _drawn(label: str) -> str:
    """As matplotlib takes it: what stands between two dollars would be a formula."""
    return label.replace("$", r"\$")


def _checkpoint(candidate: "Candidate") -> Path | None:
    from ml import weights

    if candidate.untrained or candidate.weights:
        return candidate.weights
    try:
        return weights.find(candidate.model, weights_folder()).path
    except weights.WeightsError:
        return None
