"""DeAOT as a tracker: identity votes for each frame of a series, from frames whose objects are known."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from ml.modeling.deaot import CONFIGS, DeAot, Features, build
from ml.modeling.deaot.sizes import LONGEST, input_size, resized, resized_labels
from ml.segmenters.pieces import finished
from ml.tracking.counting import count_steps
from ml.tracking.drift import Shift
from ml.tracking.follower import GROUPS_AT_ONCE, Follower
from ml.tracking.memory import MOST_FRAMES
from ml.tracking.votes import Labels, Votes
from ml.types import Grey
from ml.weights import check_keys, describe, find

T = TypeVar("T")
Steps = Generator[float | None, None, T]


class DeAotTracker:
    """Votes on identity; what is accepted of them it is told by `update`.

    Frames are grey float32 (H, W), input range mapped to 0..1; label images are uint32 (H, W) of any numbers, 0 is
    background. All of a series have one size.

    Parameters
    ----------
    longest
        frames are resized to at most so many px; see `input_size`.
    gap, most_frames
        see `Follower`.
    half
        in bfloat16: memories take half the room, and a long one is read three times as fast. None: where the device
        multiplies it natively. Of the bundled network's masks 1.5 pixels in 10,000 changed by it, their IoU by 0.0006
        (nine clips of eight frames of 321 px).
    """

    def __init__(
        self,
        network: DeAot,
        *,
        name: str,
        weights_hash: str,
        device: str | torch.device = "cpu",
        longest: int = LONGEST,
        gap: int | None = None,
        most_frames: int = MOST_FRAMES,
        half: bool | None = None,
    ) -> None:
        self.name, self.weights_hash, self.longest = name, weights_hash, longest
        self.device = torch.device(device)
        self.network = network.to(self.device).eval()
        if self.device.type == "cuda":
            self.network.to(memory_format=torch.channels_last)
        self.half = natively_half(self.device) if half is None else half
        self._options: dict[str, Any] = {"gap": gap, "most_frames": most_frames}
        # Other work goes between groups, and groups that are read together gain little on a CPU.
        self._at_once = 1 if self.device.type == "cpu" else GROUPS_AT_ONCE
        self._follower = self._new_follower()
        self._size: tuple[int, int] | None = None
        self._last: tuple[Grey, Features] | None = None

    def another(self) -> "DeAotTracker":
        """One of the same network that knows nothing yet."""
        return DeAotTracker(
            self.network,
            name=self.name,
            weights_hash=self.weights_hash,
            device=self.device,
            longest=self.longest,
            half=self.half,
            **self._options,
        )

    @property
    def tracks(self) -> set[int]:
        """The tracks that are followed."""
        return self._follower.objects

    def start(self, frame: Grey, labels: Labels) -> None:
        """Forget everything and follow the objects of a frame, each by its number."""
        finished(self.start_steps(frame, labels))

    def start_steps(self, frame: Grey, labels: Labels) -> Steps[None]:
        """`start` in pieces, as `propagate_steps`."""
        self._follower = self._new_follower()
        self._size, self._last = None, None
        yield from self.add_steps(frame, labels, confirmed=True)

    def add(self, frame: Grey, labels: Labels, *, confirmed: bool = False) -> None:
        """Take a frame's labels for truth; numbers that are not followed yet are new objects.

        On the frame that was propagated last, objects that have nothing to do with the new ones are only told their
        masks, as by `update`. On another frame, or with `confirmed`, for what a person corrected, all look at the
        frame; what is confirmed they keep in memory for good.
        """
        finished(self.add_steps(frame, labels, confirmed=confirmed))

    def add_steps(self, frame: Grey, labels: Labels, *, confirmed: bool = False) -> Steps[None]:
        """`add` in pieces, as `propagate_steps`."""
        self._check(frame, labels)
        objects = {int(label) for label in np.unique(labels) if label}
        everyone = confirmed or not self._encoded(frame)
        with self._inference():
            features = self._features(frame)
        yield None
        small = self._labels(labels)
        yield from self._inferred(
            self._follower.refer_steps(features, small, objects, everyone=everyone, pinned=confirmed)
        )

    def propagate(self, frame: Grey, segmented: Labels | None = None, shift: Shift | None = None) -> Votes:
        """Vote on the next frame; `segmented` has its objects as a segmenter found them. The network needs no shift."""
        return finished(self.propagate_steps(frame, segmented))

    def propagate_steps(self, frame: Grey, segmented: Labels | None = None, shift: Shift | None = None) -> Steps[Votes]:
        """`propagate` in pieces, so that other work goes between: the encoding, then some groups of objects each."""
        self._check(frame, segmented)
        with self._inference():
            features = self._features(frame)
        yield None
        logits = yield from self._inferred(self._follower.propagate_steps(features))
        return (yield from self._inferred(count_steps(logits, self._follower.tracks(), frame.shape, segmented)))

    def update(self, labels: Labels) -> None:
        """Tell what the objects' masks are on the frame that `propagate` voted on.

        Without it that frame is not remembered: what was known of the one before is used again.
        """
        finished(self.update_steps(labels))

    def update_steps(self, labels: Labels) -> Steps[None]:
        """`update` in pieces, as `propagate_steps`."""
        if self._last is None:
            raise ValueError("There is no frame to update; call start and propagate first.")
        self._check(self._last[0], labels)
        yield from self._inferred(self._follower.remember_steps(self._labels(labels)))

    def forget(self, tracks: Iterable[int]) -> None:
        """These have ended: nothing votes for them any more, and their places are given to new objects."""
        self._follower.forget(tracks)

    def _encoded(self, frame: Grey) -> bool:
        return self._last is not None and np.array_equal(self._last[0], frame)

    def _features(self, frame: Grey) -> Features:
        if self._last is None or not self._encoded(frame):
            kept = np.array(frame, np.float32)  # a copy: callers may fill the same array anew
            image = resized(torch.from_numpy(kept).to(self.device)[None, None], self._input(kept.shape))
            image = image.expand(-1, 3, -1, -1)
            if self.device.type == "cuda":
                image = image.contiguous(memory_format=torch.channels_last)
            self._last = kept, self.network.encode(image)
        return self._last[1]

    def _labels(self, labels: Labels) -> Tensor:
        whole = torch.from_numpy(labels.astype(np.int64)).to(self.device)
        return resized_labels(whole, self._input(labels.shape))

    def _input(self, shape: tuple[int, ...]) -> tuple[int, int]:
        height, width = shape
        return input_size(height, width, self.longest)

    def _check(self, frame: Grey, labels: Labels | None) -> None:
        self._size = self._size or frame.shape
        for name, shape in (("frame", frame.shape), ("label image", self._size if labels is None else labels.shape)):
            if shape != self._size:
                raise ValueError(
                    f"The {name} has {' × '.join(map(str, shape))} px, the series {' × '.join(map(str, self._size))}; "
                    "all frames of a series have one size. For another one, start anew."
                )

    def _new_follower(self) -> Follower:
        return Follower(self.network, groups_at_once=self._at_once, **self._options)

    def _inferred(self, steps: Generator[None, None, T]) -> Steps[T]:
        """Each piece in inference mode, which belongs to the thread and so must not last over a yield."""
        while True:
            with self._inference():
                try:
                    next(steps)
                except StopIteration as done:
                    result: T = done.value
                    return result
            yield None

    @contextmanager
    def _inference(self) -> Iterator[None]:
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            yield


def natively_half(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16."""
    return torch.cuda.is_bf16_supported() if device.type == "cuda" else torch.cpu._is_avx512_bf16_supported()


def load(
    name: str, *, device: str = "cpu", weights: Path | None = None, weights_folder: Path | None = None, **options: Any
) -> DeAotTracker:
    """A DeAOT from a safetensors file, from the folder of weights, or as bundled."""
    checkpoint = describe(weights) if weights else find(name, weights_folder)
    network = build(name)
    state = {key: value.float() for key, value in load_file(checkpoint.path).items()}
    check_keys(checkpoint.path.name, name, state, network.state_dict())
    network.load_state_dict(state)
    return DeAotTracker(network, name=name, weights_hash=checkpoint.sha256, device=device, **options)


load_deaot_t, load_deaot_s, load_deaot_b, load_deaot_l, load_deaot_r50 = (partial(load, name) for name in CONFIGS)
