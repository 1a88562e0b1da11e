"""Score a model on labelled frames: whole frames, or one click or box per object."""

import argparse
import time
from pathlib import Path
from typing import Any

from ml.commands import check_device, weights_folder

HELP = "score a model on labelled frames"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help="registry name")
    parser.add_argument("--weights", type=Path, help="a checkpoint, or settings of threshold, instead of its own")
    parser.add_argument("--prompts", choices=["auto", "point", "box"], default="auto")
    parser.add_argument("--images", type=Path, required=True, help="folder of frames")
    parser.add_argument("--labels", type=Path, required=True, help="folder of binary or instance images, same names")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="only these frames, by name without suffix")
    parser.add_argument("--device", default="cpu")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    import numpy as np
    from tqdm import tqdm

    from ml import registry
    from ml.evaluation.cost import parameter_count, peak_memory_mb
    from ml.evaluation.frames import load_labelled_frames
    from ml.evaluation.instances import average_precision, match
    from ml.evaluation.pixels import dice, iou
    from ml.evaluation.prompted import prompted_ious

    info = registry.info(arguments.model, kind="segmenter")
    if arguments.prompts != "auto" and not info.promptable:
        raise ValueError(f"{info.name} takes no prompts; use --prompts auto.")
    if arguments.weights and not info.takes_weights:
        raise ValueError(f"{info.name} has no weights; leave --weights out.")
    check_device(arguments.device)
    frames = load_labelled_frames(arguments.images, arguments.labels)
    if arguments.only:
        frames = [frame for frame in frames if frame.name in arguments.only]
        if len(frames) != len(set(arguments.only)):
            raise ValueError(f"{arguments.images} does not hold all of {', '.join(arguments.only)}.")
    segmenter = registry.load(
        arguments.model, device=arguments.device, weights=arguments.weights, weights_folder=weights_folder()
    )
    scores: dict[str, Any]
    seconds = 0.0
    with tqdm(total=len(frames), desc=info.title) as bar:
        if arguments.prompts == "auto":
            per_image, matched = [], []
            for frame in frames:
                start = time.perf_counter()
                instances = segmenter.segment(frame.image)
                seconds += time.perf_counter() - start
                union = np.zeros(frame.labels.shape, bool)
                for instance in instances:
                    union |= instance.mask
                per_image.append((iou(union, frame.labels > 0), dice(union, frame.labels > 0)))
                matched.append(match(instances, frame.labels))
                bar.update()
            mean_iou, mean_dice = np.mean(per_image, axis=0)
            scores = {"iou": mean_iou, "dice": mean_dice, "ap50": average_precision(matched)}
        else:
            start = time.perf_counter()
            ious = prompted_ious(segmenter, [(f.image, f.labels) for f in frames], arguments.prompts, bar.update)
            seconds = time.perf_counter() - start
            if len(ious) == 0:
                raise ValueError("No object has 100 px or more; nothing can be scored.")
            scores = {
                "iou": ious.mean(),
                "dice": (2 * ious / (1 + ious)).mean(),
                "ap50": None,
                "median_iou": np.median(ious),
                "objects": len(ious),
            }
    pixels = sum(frame.image.size for frame in frames)
    return {
        "model": info.name,
        "model_hash": segmenter.weights_hash,
        "prompts": arguments.prompts,
        "images": len(frames),
        **scores,
        "images_per_s": len(frames) / seconds,
        "pixels_per_s": pixels / seconds,
        "parameters": parameter_count(segmenter),
        "peak_memory_mb": peak_memory_mb(arguments.device),
    }
