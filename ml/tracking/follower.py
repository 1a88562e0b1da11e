"""DeAOT over a series: any number of objects in groups of ten that share each frame's encoding."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.modeling.deaot import DeAot, Features
from ml.modeling.deaot.decoder import OBJECTS
from ml.modeling.deaot.gated_propagation import Held, Seen
from ml.tracking.memory import MOST_FRAMES, Memory, Thinning, thinned

NEVER = -1e10  # the logit of a channel that no object has
LEAST = 1e-5  # probabilities stay this far from 0 and 1


@dataclass
class Cohort:
    """Groups of ten that came on the same frame and remember the same ones; `groups` are their numbers, from 0."""

    groups: range
    memory: Memory
    objects: int
    short: list[Held] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    step: int = 0
    last_kept: int = 0


class Follower:
    """Objects 1..n and what is remembered of them.

    Parameters
    ----------
    gap
        every so many frames one is kept in the long-term memory; None: as the network has it.
    most_frames, thinning
        the long-term memory's bound, and which frame gives way when it is full.
    remembered_as
        of the values in memory. In bfloat16 they take half the room and, where the hardware has it, a third of the
        time; logits move by 0.002 of 0.4 (standard deviation) on average, masks hardly (tests/ml/tracking).
    """

    def __init__(
        self,
        network: DeAot,
        *,
        gap: int | None = None,
        most_frames: int = MOST_FRAMES,
        thinning: Thinning = thinned,
        remembered_as: torch.dtype = torch.float32,
    ) -> None:
        self.network, self.remembered_as = network.eval(), remembered_as
        self.gap = network.config.memory_gap if gap is None else gap
        self.most_frames, self.thinning = most_frames, thinning
        self.cohorts: list[Cohort] = []

    @property
    def objects(self) -> int:
        return sum(cohort.objects for cohort in self.cohorts)

    def refer(self, features: Features, labels: Tensor, objects: int, *, everyone: bool = True) -> Tensor:
        """Take a frame's labels for truth and pin it in the memory; more `objects` than before are new ones.

        `labels` [H, W] has numbers up to `objects`, at the size of the network's input. Without `everyone` only those
        whose group got a new object look at the frame again; to the others it is the frame before.

        Returns
        -------
        logits as `propagate` returns them.
        """
        logits, known = [], 0
        for cohort in self.cohorts:
            last = cohort is self.cohorts[-1]
            room = OBJECTS * len(cohort.groups)
            count = min(objects - known, room) if last else cohort.objects
            if everyone or count > cohort.objects:
                cohort.objects = count
                logits.append(self._refer(cohort, features, labels))
            else:
                self._remember(cohort, labels)
            known += room
        if objects > known:
            groups = range(known // OBJECTS, -(-objects // OBJECTS))
            memory = Memory(self.most_frames, self.thinning)
            self.cohorts.append(Cohort(groups, memory, objects - known))
            logits.append(self._refer(self.cohorts[-1], features, labels))
        return torch.cat(logits)

    def propagate(self, features: Features) -> Tensor:
        """Logits [groups, 11, H/4, W/4] of the next frame; channel 0 is the background."""
        return torch.cat([self._propagate(cohort, features) for cohort in self.cohorts])

    def remember(self, labels: Tensor) -> None:
        """Take `labels` [H, W] for the masks of the frame propagated last."""
        for cohort in self.cohorts:
            self._remember(cohort, labels)

    def _refer(self, cohort: Cohort, features: Features, labels: Tensor) -> Tensor:
        identity = self.network.identity(numbered(labels, cohort.groups))
        logits, cohort.seen = self.network.refer(features, identity)
        cohort.short = self._held(cohort.seen, identity)
        cohort.memory.add(cohort.step, cohort.short, pinned=True)
        cohort.last_kept = cohort.step
        return silenced(logits, cohort)

    def _propagate(self, cohort: Cohort, features: Features) -> Tensor:
        cohort.step += 1
        logits, cohort.seen = self.network.propagate(features, cohort.memory.layers, cohort.short)
        return silenced(logits, cohort)

    def _remember(self, cohort: Cohort, labels: Tensor) -> None:
        identity = self.network.identity(numbered(labels, cohort.groups))
        cohort.short = self._held(cohort.seen, identity)
        if cohort.step - cohort.last_kept >= self.gap:
            cohort.memory.add(cohort.step, cohort.short)
            cohort.last_kept = cohort.step

    def _held(self, seen: Sequence[Seen], identity: Tensor) -> list[Held]:
        kind = self.remembered_as
        return [Held(h.key, h.value.to(kind), h.identity.to(kind)) for h in self.network.hold(seen, identity)]


def numbered(labels: Tensor, groups: Sequence[int]) -> Tensor:
    """Labels [H, W] → [groups, H, W]: each group's objects as 1..10, the others' pixels background."""
    first = torch.tensor([OBJECTS * group for group in groups], device=labels.device)[:, None, None]
    number = labels[None] - first
    return torch.where((number >= 1) & (number <= OBJECTS), number, 0)


def silenced(logits: Tensor, cohort: Cohort) -> Tensor:
    """Logits of a cohort with those channels that no object has out of the running."""
    last = cohort.objects - OBJECTS * (len(cohort.groups) - 1)
    logits[-1, last + 1 :] = NEVER
    return logits


def joined(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Logits [groups, 11, h, w] → [1 + 10 · groups, H, W] at the given size, which a softmax makes votes of.

    Of several groups the background is where all of them see it (the product of the probabilities); each entry is the
    logit of its probability.
    """
    logits = F.interpolate(logits, size, mode="bilinear", align_corners=True)
    if len(logits) == 1:
        return logits[0]
    probability = logits.softmax(dim=1)
    both = torch.cat([probability[:, 0].prod(dim=0)[None], probability[:, 1:].flatten(0, 1)])
    return torch.logit(both, LEAST)
