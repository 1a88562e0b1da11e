"""DeAOT over a series: any number of objects in groups of ten that share each frame's encoding."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ml.modeling.deaot import DeAot, Features
from ml.modeling.deaot.decoder import OBJECTS
from ml.modeling.deaot.gated_propagation import Held, Seen
from ml.segmenters.pieces import finished
from ml.tracking.memory import MOST_FRAMES, Kept, Memory, Thinning, thinned

GROUPS_AT_ONCE = 4  # of a cohort: their decoders' maps are in memory at a time
Steps = Generator[None, None, list[Tensor]]  # yields after each cohort
NEVER = -1e10  # the logit of a channel that no object has


@dataclass
class Cohort:
    """Groups of ten that came on the same frame and remember the same ones.

    `slots` has each object's place among the groups' channels, from 0; in `left` are those whose object is gone, but
    still in memory.
    """

    groups: int
    memory: Memory
    slots: dict[int, int] = field(default_factory=dict)
    left: set[int] = field(default_factory=set)
    short: list[Held] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    step: int = 0
    last_kept: int = 0

    def free(self) -> list[int]:
        """Places for new objects, those first that nothing in memory has."""
        every = set(range(OBJECTS * self.groups)) - set(self.slots.values())
        return sorted(every, key=lambda slot: (slot in self.left, slot))

    def numbers(self, labels: Tensor) -> Tensor:
        """Labels [H, W] of objects → int64 [groups, H, W]: each group's as 1..10, the others' pixels background."""
        present, index = labels.unique(return_inverse=True)
        nobodys = -OBJECTS
        places = torch.tensor([self.slots.get(label, nobodys) for label in present.tolist()], device=labels.device)
        number = places[index] + 1 - OBJECTS * torch.arange(self.groups, device=labels.device)[:, None, None]
        return torch.where((number >= 1) & (number <= OBJECTS), number, 0)

    def tracks(self) -> list[dict[int, int]]:
        """Each group's objects by their channels."""
        found: list[dict[int, int]] = [{} for _ in range(self.groups)]
        for label, slot in self.slots.items():
            found[slot // OBJECTS][slot % OBJECTS] = label
        return found


class Follower:
    """Objects, each with a number of its own above 0, and what is remembered of them.

    Parameters
    ----------
    gap
        every so many frames one is kept in the long-term memory; None: as the network has it.
    most_frames, thinning
        the long-term memory's bound, and which frame gives way when it is full.
    groups_at_once
        the most groups of ten that are read together.
    """

    def __init__(
        self,
        network: DeAot,
        *,
        gap: int | None = None,
        most_frames: int = MOST_FRAMES,
        thinning: Thinning = thinned,
        groups_at_once: int = GROUPS_AT_ONCE,
    ) -> None:
        self.network = network.eval()
        self.groups_at_once = groups_at_once
        self.gap = network.config.memory_gap if gap is None else gap
        self.most_frames, self.thinning = most_frames, thinning
        self.cohorts: list[Cohort] = []

    @property
    def objects(self) -> set[int]:
        return {label for cohort in self.cohorts for label in cohort.slots}

    def refer(
        self, features: Features, labels: Tensor, objects: Iterable[int], *, everyone: bool = True, pinned: bool = True
    ) -> list[Tensor]:
        """Take a frame's labels for truth; those of the `objects` that are not known yet are new ones.

        `labels` [H, W] has the objects' numbers, at the size of the network's input. Without `everyone` only those
        cohorts that got a new object look at the frame again; to the others it is the frame before. A cohort's first
        frame is always pinned in its memory, a later one if `pinned`.

        Returns
        -------
        logits as `propagate` returns them, of those that looked.
        """
        return finished(self.refer_steps(features, labels, objects, everyone=everyone, pinned=pinned))

    def refer_steps(
        self, features: Features, labels: Tensor, objects: Iterable[int], *, everyone: bool = True, pinned: bool = True
    ) -> Steps:
        """`refer` a cohort at a time."""
        new = sorted(set(objects) - self.objects)
        logits: list[Tensor] = []
        for cohort in self.cohorts:
            taken = dict(zip(new, cohort.free(), strict=False))
            new = new[len(taken) :]
            self._rewrite(cohort, set(taken.values()))
            cohort.slots |= taken
            if everyone or taken:
                logits += self._refer(cohort, features, labels, pinned=pinned)
            else:
                self._remember(cohort, labels)
            yield None
        most = OBJECTS * self.groups_at_once
        for first in range(0, len(new), most):
            some = new[first : first + most]
            cohort = Cohort(-(-len(some) // OBJECTS), Memory(self.most_frames, self.thinning))
            cohort.slots = {label: slot for slot, label in enumerate(some)}
            self.cohorts.append(cohort)
            logits += self._refer(cohort, features, labels, pinned=True)
            yield None
        return logits

    def propagate(self, features: Features) -> list[Tensor]:
        """Logits [11, H/4, W/4] of the next frame, of each group; channel 0 is the background."""
        return finished(self.propagate_steps(features))

    def propagate_steps(self, features: Features) -> Steps:
        """`propagate` a cohort at a time."""
        logits: list[Tensor] = []
        for cohort in self.cohorts:
            cohort.step += 1
            found, cohort.seen = self.network.propagate(features, cohort.memory.layers, cohort.short)
            logits += silenced(found, cohort)
            yield None
        return logits

    def tracks(self) -> list[dict[int, int]]:
        """Each group's objects by their channels, from 0."""
        return [group for cohort in self.cohorts for group in cohort.tracks()]

    def remember(self, labels: Tensor) -> None:
        """Take `labels` [H, W] for the masks of the frame propagated last."""
        finished(self.remember_steps(labels))

    def remember_steps(self, labels: Tensor) -> Generator[None, None, None]:
        """`remember` a cohort at a time."""
        for cohort in self.cohorts:
            self._remember(cohort, labels)
            yield None

    def forget(self, objects: Iterable[int]) -> None:
        """These objects are gone for good: their channels fall silent and are given to new ones."""
        for label in objects:
            for cohort in self.cohorts:
                if label in cohort.slots:
                    cohort.left.add(cohort.slots.pop(label))
        self.cohorts = [cohort for cohort in self.cohorts if cohort.slots]

    def _refer(self, cohort: Cohort, features: Features, labels: Tensor, *, pinned: bool) -> Tensor:
        numbers = cohort.numbers(labels)
        identity = self.network.identity(numbers)
        logits, cohort.seen = self.network.refer(features, identity)
        cohort.short = self.network.hold(cohort.seen, identity)
        self._keep(cohort, numbers, pinned=pinned or not cohort.memory.kept)
        return silenced(logits, cohort)

    def _remember(self, cohort: Cohort, labels: Tensor) -> None:
        numbers = cohort.numbers(labels)
        cohort.short = self.network.hold(cohort.seen, self.network.identity(numbers))
        if cohort.step - cohort.last_kept >= self.gap:
            self._keep(cohort, numbers, pinned=False)

    def _keep(self, cohort: Cohort, numbers: Tensor, *, pinned: bool) -> None:
        cohort.memory.add(Kept(cohort.step, pinned, numbers.to(torch.uint8)), cohort.short)
        cohort.last_kept = cohort.step

    def _rewrite(self, cohort: Cohort, slots: set[int]) -> None:
        """Take out of the memory whose places are given away: new objects must not look like those before them."""
        if not (again := slots & cohort.left):
            return
        cohort.left -= again
        memory = cohort.memory
        for slot in again:
            for kept in memory.kept:
                group = kept.numbers[slot // OBJECTS]
                group.masked_fill_(group == slot % OBJECTS + 1, 0)
        identity = torch.cat([self.network.identity(kept.numbers) for kept in memory.kept], dim=1)
        memory.layers = self.network.LSTT.owned(memory.layers, identity)


def silenced(logits: Tensor, cohort: Cohort) -> Tensor:
    """Logits of a cohort with those channels that no object has out of the running."""
    empty = torch.ones(cohort.groups, OBJECTS + 1, dtype=torch.bool)
    for group, tracks in zip(empty, cohort.tracks(), strict=True):
        group[[0, *(channel + 1 for channel in tracks)]] = False
    return logits.masked_fill_(empty.to(logits.device)[:, :, None, None], NEVER)
