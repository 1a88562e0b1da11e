"""Train a network on synthetic series and on labelled frames; a run that was stopped goes on with --resume."""

import argparse
from pathlib import Path
from typing import Any

from ml import weights
from ml.commands import weights_folder

HELP = "train a network"
TRACKERS = ("deaot_t", "deaot_s", "deaot_b", "deaot_l", "deaot_r50")
NETWORKS = ("swin_unet", "vm_unet", "vm_unet_v2", "yolo", "efficient_sam_ti")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", choices=["efficient_sam", "threshold", *NETWORKS, *TRACKERS], help="the family to train"
    )
    parser.add_argument("--images", type=Path, help="folder of real frames; without it only synthetic ones are used")
    parser.add_argument("--labels", type=Path, help="folder of their label images, paired by name")
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
        "--validation", nargs="*", default=[], metavar="NAME", help="frames never trained on, by name without suffix"
    )
    parser.add_argument(
        "--val",
        type=Path,
        metavar="DIR",
        help="a folder with images/, labels/ (and phases/) that are scored, never trained on",
    )
    parser.add_argument("--time-budget", type=float, metavar="S", help="seconds of training in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    clips = parser.add_argument_group("deaot_t and its kin, on synthetic clips; --crops counts the clips of a batch")
    clips.add_argument(
        "--sides", type=int, nargs="+", default=[193], metavar="PX",
        help="of the clips' frames, 16k + 1 each, drawn at random; --crops is for the first, larger ones make fewer",
    )  # fmt: skip
    clips.add_argument("--frames", type=int, default=5, help="in a clip")
    clips.add_argument("--lanes", type=int, default=1, help="steps in a row whose series differ: as many as loaders")
    networks = parser.add_argument_group("swin_unet, vm_unet, vm_unet_v2, yolo")
    networks.add_argument(
        "--phases", type=Path, metavar="DIR",
        help="folder of class images, same names: 0 background, 1 the first phase; without it there is one phase",
    )  # fmt: skip
    networks.add_argument(
        "--phase-count", type=int, metavar="N", help="phases to tell apart (default: the highest in --phases)"
    )
    networks.add_argument("--config", default="small", help="small, stock or paper")
    networks.add_argument("--epochs", type=int, help="how many at most")
    networks.add_argument("--epoch-steps", type=int, default=32, help="steps between two scores")
    networks.add_argument("--crop", type=int, default=256, help="side of the crops in px, a multiple of 32")
    networks.add_argument("--crops", type=int, default=4, help="in a batch")
    networks.add_argument("--accumulate", type=int, default=1, help="batches a step")
    networks.add_argument("--synthetic-share", type=float, default=0.0, help="of the crops, 0 to 1")
    networks.add_argument(
        "--variation", type=float, default=0.5, help="share of the real crops rescaled, blurred, made noisy …, 0 to 1"
    )
    networks.add_argument("--learning-rate", type=float, default=1e-3, help="AdamW's; Muon's is three times as high")
    networks.add_argument("--patience", type=int, default=30, help="epochs without a better score before it stops")
    networks.add_argument("--device", help="cpu or cuda; the default is CUDA where there is one")
    parser.add_argument("--optimizer", choices=["adamw", "muon"], default="muon")
    parser.add_argument("--begin", type=float, default=0.0, help="where on the recipe's schedule to start, 0 to 1")
    parser.add_argument(
        "--emphasis", nargs="*", default=[], metavar="PRESET=N", help="synthetic presets to draw N times as often"
    )
    parser.add_argument(
        "--init", type=Path, metavar="FILE", help="start from these weights, or from the `usual` ones, not random ones"
    )
    parser.add_argument("--init-sha256", metavar="HASH", help="refuse an --init that is another file")
    parser.add_argument(
        "--stop-file", type=Path, metavar="PATH", help="as soon as it exists the run ends as if its time were spent"
    )
    parser.add_argument(
        "--scores-only",
        action="store_true",
        help="the last stage: train only the choice among the masks of --init",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="the checkpoint's file; efficient_sam: the run's folder"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the state in --out")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    arguments.init = _init(arguments)
    if arguments.model == "threshold":
        from ml.training.threshold_run import run as fit_threshold

        return fit_threshold(arguments)
    if arguments.model in NETWORKS:
        from ml.training.network_run import run as train_network

        return train_network(arguments)
    if arguments.model in TRACKERS:
        from ml.training.deaot_run import run as train_tracker

        return train_tracker(arguments)
    return _train_efficient_sam(arguments)


def _init(arguments: argparse.Namespace) -> Path | None:
    init: Path | None = arguments.init
    if init is not None and str(init) == "usual":
        init = weights.find(arguments.model, weights_folder()).path
    wanted: str | None = arguments.init_sha256
    if init is not None and wanted is not None and (found := weights.describe(init).sha256) != wanted:
        raise weights.WeightsError(
            f"{init.name} is not the file that was asked for: its SHA-256 is {found[:12]}…, not "
            f"{wanted[:12]}…. Start anew from what is there now."
        )
    return init


def _train_efficient_sam(arguments: argparse.Namespace) -> dict[str, Any]:
    import torch

    from ml.evaluation.frames import load_labelled_frames
    from ml.synthetic import PRESETS
    from ml.training.efficient_sam import Recipe, finish, train

    if (arguments.images is None) != (arguments.labels is None):
        raise ValueError("--images and --labels belong together; give both or neither.")
    torch.set_num_threads(arguments.threads)
    frames = load_labelled_frames(arguments.images, arguments.labels) if arguments.images else []
    unknown = set(arguments.validation) - {frame.name for frame in frames}
    if unknown:
        raise ValueError(f"--validation names {', '.join(sorted(unknown))}, which {arguments.images} does not hold.")
    held_out = [frame for frame in frames if frame.name in arguments.validation]
    training = [frame for frame in frames if frame.name not in arguments.validation]
    recipe = Recipe(
        seed=arguments.seed,
        budget_s=Recipe.budget_s if arguments.time_budget is None else arguments.time_budget,
        optimizer=arguments.optimizer,
        begin=arguments.begin,
        emphasis={name: float(times) for name, _, times in (text.partition("=") for text in arguments.emphasis)},
    )
    if unknown := set(recipe.emphasis) - set(PRESETS):
        raise ValueError(f"--emphasis names {', '.join(sorted(unknown))}; the presets are {', '.join(PRESETS)}.")
    if arguments.scores_only and arguments.init is None:
        raise ValueError("--scores-only trains on top of weights; name them with --init.")
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.scores_only:
        return finish(recipe, training, held_out, arguments.out, init=arguments.init)
    return train(recipe, training, held_out, arguments.out, resume=arguments.resume, init=arguments.init)
