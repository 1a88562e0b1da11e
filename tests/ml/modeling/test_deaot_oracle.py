"""Our DeAOT against records of the official networks (tests/oracles/deaot/README.md)."""

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.modeling.deaot import DeAot, build
from ml.modeling.deaot.sizes import input_size, resized, resized_labels
from ml.tracking.counting import probabilities
from ml.tracking.follower import Follower
from ml.tracking.memory import Kept

ORACLE = Path(__file__).parents[2] / "oracles" / "deaot"
MODELS = {
    "deaott": "deaot_t",
    "deaots": "deaot_s",
    "deaotb": "deaot_b",
    "deaotl": "deaot_l",
    "r50_deaotl": "deaot_r50",
}
LOGITS = 2e-5  # absolute; the largest is about 2
SURE = 1e-4  # where the two best logits differ by more, the mask must agree
RUNS = sorted(path.stem.removeprefix("io_") for path in ORACLE.glob("io_*deaot*.npz"))


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"deaot_oracle_{name}", ORACLE / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fill, synth = _module("fill"), _module("synth")
KEYS = json.loads((ORACLE / "keys.json").read_text())


@pytest.mark.parametrize("official", MODELS)
def test_oracle_keys_shapes_and_parameter_counts(official: str) -> None:
    network, recorded = build(MODELS[official]), KEYS[official]
    parameters = {key for key, _ in network.named_parameters()}
    ours = {key: [list(v.shape), "param" if key in parameters else "buffer"] for key, v in network.state_dict().items()}
    assert ours == {key: [shape, kind] for key, shape, _, kind in recorded["keys"]}
    assert len(ours) == recorded["num_keys"]
    assert sum(p.numel() for p in network.parameters()) == recorded["parameters"]
    assert sum(b.numel() for b in network.state_dict().values()) == recorded["parameters"] + recorded["buffers"]


def test_oracle_fill_and_frames_are_ours_too() -> None:
    sums = json.loads((ORACLE / "checksums.json").read_text())
    for name, recorded in sums.items():
        if name.startswith("fill:"):
            key = name.removeprefix("fill:")
            shape = next(shape for each, shape, *_ in KEYS["deaott"]["keys"] if each == key)
            digest, first = recorded
            filling = fill.fill_array(key, shape)
            assert np.array_equal(filling.reshape(-1)[:3], np.array(first, np.float32)), key
        else:
            kind, size, objects, frame = name.split("_")
            height, width = (int(side) for side in size.split("x"))
            digest, filling = recorded, getattr(synth, kind)(height, width, int(objects[1:]), int(frame[1:]))
        assert hashlib.sha256(filling.tobytes()).hexdigest().startswith(digest), name


@pytest.mark.parametrize("official", MODELS)
def test_official_key_sets_load_strictly(official: str) -> None:
    state = {key: torch.zeros(shape) for key, shape, *_ in KEYS[official]["keys"]}
    network = build(MODELS[official])
    network.load_state_dict(state, strict=True)
    state.popitem()
    with pytest.raises(RuntimeError, match="Missing key"):
        network.load_state_dict(state, strict=True)


class Run:
    """A recorded run by its name: which objects are known when, and what is fed back."""

    def __init__(self, name: str) -> None:
        self.records = np.load(ORACLE / f"io_{name}.npz")
        self.samtrack = name.startswith("samtrack_") or "newobj_samtrack" in name
        name = name.removeprefix("samtrack_")
        self.official = next(each for each in sorted(MODELS, key=len, reverse=True) if name.startswith(each))
        kind = name.removeprefix(f"{self.official}_")
        size = next(part for part in kind.split("_") if part[0].isdigit())
        self.height, self.width = (int(side) for side in size.split("x"))
        self.size = self.height, self.width
        self.forced = "forced" in kind
        self.frames = len(self.records["min_margin"])
        numbers = {"newobj": {0: 2, 3: 3}, "multi13": {0: 13}, "grow": {0: 9, 3: 12, 5: 14}, "": {0: 3}}
        self.changes = next(changes for part, changes in numbers.items() if part in kind)  # from that frame on
        self.gap = 9999 if self.official == "deaott" or "newobj_samtrack" in kind else 2
        if "grow" in kind:
            self.gap = 2
        self.most = 100
        if "maxlen2" in kind:
            self.gap, self.most = 1, 2

    def image(self, frame: int) -> Tensor:
        pixels = synth.frame(*self.size, max(self.changes.values()), frame)
        return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255

    def mask(self, frame: int, objects: int) -> NDArray[np.uint8]:
        mask: NDArray[np.uint8] = synth.mask(*self.size, max(self.changes.values()), frame, range(1, objects + 1))
        return mask

    def reference(self, frame: int, objects: int, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What the frame's labels are when new objects are added; `mask` is what was found."""
        truth = self.mask(frame, objects)
        if self.forced:
            return truth
        new = truth == objects
        return np.where(new & (mask == 0) if self.samtrack else new, truth, mask).astype(np.uint8)


def drop_oldest(kept: Sequence[Kept], _now: int) -> int:
    """As Segment-and-Track-Anything thins its memory."""
    return min(range(len(kept)), key=lambda index: kept[index].frame)


def filled(official: str) -> DeAot:
    network = build(MODELS[official])
    fill.fill_module(network)
    return network.eval()


def kept_channels(logits: Sequence[Tensor], objects: int) -> NDArray[np.float32]:
    """Each group's background and objects, one block after the other."""
    counts = [min(10, objects - 10 * group) for group in range(len(logits))]
    return np.concatenate([each[: count + 1].numpy() for each, count in zip(logits, counts, strict=True)])


@torch.inference_mode()
@pytest.mark.parametrize("name", RUNS)
def test_oracle_run(name: str) -> None:
    run = Run(name)
    network = filled(run.official)
    follower = Follower(network, gap=run.gap, most_frames=run.most, thinning=drop_oldest)
    objects = run.changes[0]
    for frame in range(run.frames):
        features = network.encode(run.image(frame))
        if frame == 0:
            logits = follower.refer(features, torch.from_numpy(run.mask(0, objects)).long(), range(1, objects + 1))
        else:
            logits = follower.propagate(features)
        mask = check_frame(run, frame, logits, objects)
        if frame in run.changes and frame > 0:
            objects = run.changes[frame]
            reference = run.reference(frame, objects, mask)
            assert np.array_equal(reference, run.records[f"refmask_{frame}"])
            follower.refer(
                features, torch.from_numpy(reference).long(), range(1, objects + 1), everyone=not run.samtrack
            )
        elif frame > 0:
            fed = run.mask(frame, objects) if run.forced else mask
            follower.remember(torch.from_numpy(fed).long())
        # The official code counts each group's frames for itself.
        per_group = [cohort for cohort in follower.cohorts for _ in range(cohort.groups)]
        assert [len(cohort.memory.kept) for cohort in per_group] == run.records[f"ltlen_{frame}"].tolist()
        assert [[cohort.step, cohort.last_kept] for cohort in per_group] == run.records[f"steps_{frame}"].tolist()


def check_frame(run: Run, frame: int, logits: Sequence[Tensor], objects: int) -> NDArray[np.uint8]:
    """Compare one frame's logits, votes and mask; returns the recorded mask, which our own must equal where sure."""
    recorded = run.records[f"low_{frame}"]
    ours = kept_channels(logits, objects)
    stride = round(ours.shape[-1] / recorded.shape[-1])
    assert ours[:, ::stride, ::stride].shape == recorded.shape
    assert np.abs(ours[:, ::stride, ::stride] - recorded).max() <= LOGITS
    background, groups = probabilities(logits, run.size)
    votes = torch.cat([background[None], *groups()])
    if f"prob_{frame}" in run.records.files:
        expected = run.records[f"prob_{frame}"]
        every = next(every for every in (8, 16) if -(-run.width // every) == expected.shape[-1])
        assert np.abs(votes[:, ::every, ::every].numpy() - expected).max() <= LOGITS
    best = votes.topk(2, dim=0).values.log()
    sure = (best[0] - best[1]).numpy() > SURE
    mask: NDArray[np.uint8] = run.records[f"mask_{frame}"]
    assert sure.mean() > 0.99
    assert np.array_equal(votes.argmax(dim=0).numpy()[sure], mask[sure])
    return mask


@pytest.fixture(scope="module", params=["deaott", "deaotl", "r50_deaotl"])
def taps(request: pytest.FixtureRequest) -> Iterator[tuple[Any, dict[str, Tensor]]]:
    """What is recorded inside the network on the reference frame and the one after it, and ours."""
    run = Run(f"{request.param}_forced_161x193_n3")
    network, found = filled(run.official), {}
    with torch.inference_mode():
        labels = torch.from_numpy(run.mask(0, 3)).long()[None]
        for frame in (0, 1):
            features = network.encode(run.image(frame))
            maps = [features.quarter, features.eighth, features.sixteenth, features.tokens.mT]
            found |= {f"tap{frame}_enc{index}": each for index, each in enumerate(maps)}
            streams: list[Tensor] = []
            for layer in network.LSTT.layers:
                layer.register_forward_hook(lambda _m, _i, out, kept=streams: kept.append(torch.cat(out, dim=-1)))
            if frame == 0:
                identity = network.identity(labels)
                _, seen = network.refer(features, identity)
                held = network.hold(seen, identity)
                found["tap0_idemb_seq"] = identity.transpose(0, 1)
                for index, each in enumerate(held):
                    parts = zip(("K", "V", "IDV"), each.parts()[:3], strict=True)
                    found |= {f"tap0_{part}{index}": value.transpose(0, 1) for part, value in parts}
            else:
                network.propagate(features, held, held)
            last = len(network.LSTT.layers)
            streams[-1] = network.LSTT.decoder_norms[0](streams[last - 1])
            found |= {f"tap{frame}_gpm{i}": each.transpose(0, 1) for i, each in enumerate(streams[:last])}
    yield run.records, found


def test_oracle_taps(taps: tuple[Any, dict[str, Tensor]]) -> None:
    records, found = taps
    recorded = [key for key in records.files if key.startswith("tap")]
    assert set(recorded) == set(found)
    for key in recorded:
        flat = found[key].reshape(-1)
        ours = flat[:: -(-flat.numel() // 1024)].numpy()
        assert ours.shape == records[key].shape, key
        assert np.abs(ours - records[key]).max() <= 1e-5 * np.abs(records[key]).max(), key


def test_oracle_preprocessing() -> None:
    records = np.load(ORACLE / "io_preprocess.npz")
    for height, width, shortest, longest, corners, *expected in records[
        "size_table_h_w_maxshort_maxlong_alignc_newh_neww"
    ]:
        if corners:
            shorter = None if shortest < 0 else int(shortest)
            assert list(input_size(int(height), int(width), int(longest), shorter)) == expected
    image = torch.from_numpy(synth.frame(165, 190, 3, 1)).permute(2, 0, 1)[None].float() / 255
    labels = torch.from_numpy(synth.mask(165, 190, 3, 1))
    network = build("deaot_t")
    normalised = (resized(image, (161, 193)) - network.pixel_mean) / network.pixel_deviation
    assert np.abs(normalised[0, :, ::4, ::4].numpy() - records["official_float32_path"]).max() <= 1e-4
    assert np.array_equal(resized_labels(labels, (161, 193)).numpy(), records["mask_nearest_165x190_to_161x193"])
