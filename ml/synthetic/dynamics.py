"""What happens in a scene from frame to frame: motion, growth, ripening, coalescence, splitting."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .joining import NECK_FRACTION, START, Joining, centre_of_mass, contact_distance
from .painting import Finish
from .population import place, vary
from .presets import Preset
from .shapes import Body, random_outline

_SMALLEST_RADIUS_PX = 2.2  # what ripens below this has dissolved
_FASTEST_PX = 8.0  # per frame, of two particles that approach each other in a frame of 512 px
_MARGIN_PX = 4.0  # pairs that are to merge stay this far inside the field


@dataclass
class Particle:
    """One particle in the scene; `body` is in scene coordinates (the frame's, before drift).

    What is not `eventful` neither merges nor splits: the parts of a split stay apart.
    """

    key: int
    body: Body
    phase: int
    finish: Finish
    flicker: float = 0.0
    busy: bool = False
    eventful: bool = True


@dataclass(frozen=True)
class Change:
    """Keys that became other keys on a frame."""

    frame: int
    kind: Literal["merge", "split"]
    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass
class Approach:
    """Two particles that will touch in `remaining` frames."""

    first: int
    second: int
    remaining: int


@dataclass(frozen=True)
class Plan:
    """When things begin, and how long they take, in frames."""

    merges: tuple[int, ...]
    splits: tuple[int, ...]
    approach: int
    relax: int

    @staticmethod
    def of(preset: Preset, frames: int) -> "Plan":
        """Spread the preset's events over a series: all declared before its end."""
        approach, relax = int(np.clip(frames // 10, 2, 8)), int(np.clip(frames // 3, 8, 30))
        share = min(1.0, frames / 40)
        until = max(frames - approach - relax // 3 - 3, 1)

        def spread(count: int, first: float, last: float) -> tuple[int, ...]:
            return tuple(int(frame) for frame in np.linspace(first, max(last, first), round(count * share)))

        return Plan(
            merges=spread(preset.merges, 1, 0.85 * until),
            splits=spread(preset.splits, 1, max(frames - relax - 2, 1)) if frames > relax + 3 else (),
            approach=approach,
            relax=relax,
        )


@dataclass
class Scene:
    """All particles, in and around the field of view, and what is under way between them."""

    rng: np.random.Generator
    preset: Preset
    height: int
    width: int
    drift: NDArray[np.float64]
    plan: Plan
    particles: dict[int, Particle] = field(default_factory=dict)
    joinings: list[Joining] = field(default_factory=list)
    approaches: list[Approach] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    due_merges: int = 0
    due_splits: int = 0
    next_key: int = 1

    @property
    def scale(self) -> float:
        """Lengths of the preset are for 512 px."""
        return length_scale(self.height, self.width)

    def populate(self) -> None:
        """Fill the field and its surroundings, as far as drift may bring them in."""
        preset, scale = self.preset, self.scale
        margin = preset.diameter_px * scale * 1.5
        low, high = self.drift.min(axis=0), self.drift.max(axis=0)
        region = (-high[0] - margin, -high[1] - margin, self.width - low[0] + margin, self.height - low[1] + margin)
        wanted = int(self.rng.integers(preset.count[0], preset.count[1] + 1))
        area = (region[2] - region[0]) * (region[3] - region[1])
        # Where the scale stops shrinking with the frame, fewer have room.
        wanted = max(1, round(wanted * self.height * self.width / (512 * scale) ** 2))
        count = round(1.1 * wanted * area / (self.height * self.width))
        diameters = preset.diameter_px * scale * np.exp(preset.spread * self.rng.normal(size=count))
        limit = min(120.0, 0.35 * min(self.height, self.width))
        bodies = place(
            self.rng,
            [float(d) for d in np.clip(diameters, 6.0, limit)],
            preset.kinds,
            preset.gap_px * min(scale, 1),
            region,
            clustered=preset.gap_px < 0,
        )
        seen = [index for index, body in enumerate(bodies) if self._in_view(body)]
        surplus = set(self.rng.permutation(seen)[wanted:].tolist())
        for index, body in enumerate(bodies):
            if index not in surplus:
                self.add(body, self._phase())

    def _in_view(self, body: Body) -> bool:
        """Whether a good part of a body lies in the field on the first frame."""
        margin = 0.7 * body.radius
        return -margin < body.x < self.width + margin and -margin < body.y < self.height + margin

    def _phase(self) -> int:
        if self.preset.shell:
            return 0
        shares = np.array([phase.share for phase in self.preset.phases])
        return int(self.rng.choice(len(shares), p=shares / shares.sum()))

    def add(self, body: Body, phase: int, finish: Finish | None = None) -> Particle:
        """Put a particle into the scene. Two keys are kept: its own, and the next one for its core."""
        if finish is None:
            plain = Finish(contrast=1.0, roundness=self.preset.roundness, shell=self.preset.shell)
            finish = vary(self.rng, plain, self.preset.phases[phase].contrast)
        particle = Particle(self.next_key, body, phase, finish)
        self.next_key += 2
        self.particles[particle.key] = particle
        return particle

    def advance(self, frame: int) -> None:
        """Go from frame - 1 to frame."""
        self._flicker()
        self._exchange()
        self._start_merges(frame)
        self._start_splits(frame)
        self._move()
        self._approach()
        self._join(frame)

    def _flicker(self) -> None:
        for particle in self.particles.values():
            sigma = self.preset.flicker
            particle.flicker = 0.7 * particle.flicker + sigma * 0.7 * float(self.rng.normal())

    def _exchange(self) -> None:
        """Grow, and ripen: dV/dt ∝ r/<r> - 1, the diffusion-limited mean field, which conserves the volume."""
        free = [particle for particle in self.particles.values() if not particle.busy]
        if not free or not (self.preset.growth or self.preset.ripening):
            return
        radii = np.array([particle.body.radius for particle in free])
        volumes = (radii * (1 + self.preset.growth / len(self.drift))) ** 3
        typical = (0.5 * self.preset.diameter_px * self.scale) ** 3
        volumes += self.preset.ripening * typical / len(self.drift) * (radii / radii.mean() - 1)
        for particle, volume in zip(free, volumes, strict=True):
            if volume <= _SMALLEST_RADIUS_PX**3:
                del self.particles[particle.key]
            else:
                particle.body = replace(particle.body, radius=float(volume ** (1 / 3)))

    def _inside(self, body: Body, frame: int, until: int) -> bool:
        """Whether a body lies in the field with a margin from this frame to a later one."""
        path = self.drift[frame : min(until, len(self.drift) - 1) + 1]
        x, y, reach = body.x + path[:, 0], body.y + path[:, 1], body.reach + _MARGIN_PX
        return bool(np.all((x > reach) & (y > reach) & (x < self.width - 1 - reach) & (y < self.height - 1 - reach)))

    def _start_merges(self, frame: int) -> None:
        self.due_merges += self.plan.merges.count(frame)
        until = frame + self.plan.approach + self.plan.relax // 2
        while self.due_merges:
            free = [
                p for p in self.particles.values() if p.eventful and not p.busy and self._inside(p.body, frame, until)
            ]
            pair = self._nearest_pair(free)
            if pair is None:
                return
            self.due_merges -= 1
            pair[0].busy = pair[1].busy = True
            self.approaches.append(Approach(pair[0].key, pair[1].key, self.plan.approach))

    def _nearest_pair(self, free: list[Particle]) -> tuple[Particle, Particle] | None:
        """The two of a phase that are nearest to each other, measured between their outlines."""
        if len(free) < 2:
            return None
        x, y, reach, phase = np.array([(p.body.x, p.body.y, p.body.reach, p.phase) for p in free], dtype=np.float64).T
        gap = np.hypot(x[:, None] - x, y[:, None] - y) - reach[:, None] - reach
        gap[(phase[:, None] != phase) | np.tri(len(free), dtype=bool)] = np.inf
        one, two = np.unravel_index(np.argmin(gap), gap.shape)
        # Across a wider gap the two would have to run.
        if gap[one, two] > _FASTEST_PX * self.scale * self.plan.approach:
            return None
        return free[int(one)], free[int(two)]

    def _start_splits(self, frame: int) -> None:
        self.due_splits += self.plan.splits.count(frame)
        while self.due_splits:
            free = [
                p
                for p in self.particles.values()
                if p.eventful
                and not p.busy
                and p.body.radius > 8 * self.scale
                and self._inside(p.body, frame, frame + self.plan.relax)
            ]
            if not free:
                return
            self.due_splits -= 1
            self._split(free[int(self.rng.integers(len(free)))])

    def _split(self, parent: Particle) -> None:
        share, angle = float(self.rng.uniform(0.3, 0.5)), float(self.rng.uniform(0, 2 * np.pi))
        whole = parent.body
        halves = [
            Body(whole.x, whole.y, whole.radius * part ** (1 / 3), random_outline(self.rng, "disc"), angle)
            for part in (1 - share, share)
        ]
        towards = np.array([np.cos(angle), np.sin(angle)])
        halves[1] = replace(halves[1], x=whole.x + float(towards[0]), y=whole.y + float(towards[1]))
        distance = contact_distance(halves[0], halves[1])
        offsets = (-share * distance, (1 - share) * distance)
        children = [
            self.add(
                replace(half, x=whole.x + float(towards[0]) * offset, y=whole.y + float(towards[1]) * offset),
                parent.phase,
                parent.finish,
            )
            for half, offset in zip(halves, offsets, strict=True)
        ]
        for child in children:
            child.busy, child.eventful, child.flicker = True, False, parent.flicker
        del self.particles[parent.key]
        rate = -1.0 / self.plan.relax
        self.joinings.append(Joining(children[0].key, children[1].key, parent.key, whole, 1.0, rate, as_one=True))

    def _move(self) -> None:
        """Random steps, and what comes too near is pushed apart; the two of a joining move as one."""
        keys = list(self.particles)
        place_of = {key: index for index, key in enumerate(keys)}
        bodies = [self.particles[key].body for key in keys]
        position = np.array([(body.x, body.y) for body in bodies]).reshape(-1, 2)
        reach = np.array([body.reach for body in bodies])
        partners = [(joining.first, joining.second) for joining in self.joinings]
        partners += [(approach.first, approach.second) for approach in self.approaches]
        gap_px = self.preset.gap_px * min(self.scale, 1)
        position += self.rng.normal(0, self.preset.jitter_px * min(self.scale, 1), position.shape)
        for _ in range(3):
            offset = position[:, None] - position
            distance = np.hypot(offset[..., 0], offset[..., 1]) + np.eye(len(keys)) * 1e9
            lack = np.maximum(reach[:, None] + reach + gap_px - distance, 0)
            for first, second in partners:
                one, two = place_of[first], place_of[second]
                lack[one, two] = lack[two, one] = 0
            push = offset / np.maximum(distance, 1e-3)[..., None] * np.minimum(lack, 3.0)[..., None]
            move = 0.5 * push.sum(axis=1)
            position += np.clip(move, -3, 3)
        for first, second in partners:
            pair = [place_of[first], place_of[second]]
            before = np.array([(bodies[index].x, bodies[index].y) for index in pair])
            position[pair] = before + (position[pair] - before).mean(axis=0)
        for key, (x, y) in zip(keys, position, strict=True):
            self.particles[key].body = replace(self.particles[key].body, x=float(x), y=float(y))

    def _approach(self) -> None:
        for approach in list(self.approaches):
            first, second = self.particles[approach.first], self.particles[approach.second]
            one, two = first.body, second.body
            distance = float(np.hypot(two.x - one.x, two.y - one.y))
            gap = distance - contact_distance(one, two)
            part = gap / max(approach.remaining, 1) / distance
            weight = two.radius**3 / (one.radius**3 + two.radius**3)
            dx, dy = (two.x - one.x) * part, (two.y - one.y) * part
            first.body = replace(one, x=one.x + dx * weight, y=one.y + dy * weight)
            second.body = replace(two, x=two.x - dx * (1 - weight), y=two.y - dy * (1 - weight))
            approach.remaining -= 1
            if approach.remaining <= 0:
                self.approaches.remove(approach)
                self._touch(first, second)

    def _touch(self, first: Particle, second: Particle) -> None:
        radius = (first.body.radius**3 + second.body.radius**3) ** (1 / 3)
        x, y = centre_of_mass(first.body, second.body)
        whole = Body(x, y, radius, random_outline(self.rng, "disc"), float(self.rng.uniform(0, 2 * np.pi)))
        key = self.next_key
        self.next_key += 2
        self.joinings.append(Joining(first.key, second.key, key, whole, START, 1 / self.plan.relax, as_one=False))

    def _join(self, frame: int) -> None:
        for joining in list(self.joinings):
            if joining.frames:
                joining.progress = float(np.clip(joining.progress + joining.rate, START, 1))
            joining.frames += 1
            first, second = self.particles[joining.first], self.particles[joining.second]
            neck = joining.crop(first.body, second.body).neck_px
            fraction = neck / (2 * min(first.body.radius, second.body.radius))
            halves, whole = (joining.first, joining.second), (joining.whole,)
            if joining.rate > 0 and not joining.as_one and joining.frames > 1 and fraction >= NECK_FRACTION:
                joining.as_one = True
                self.changes.append(Change(frame, "merge", halves, whole))
            elif joining.rate < 0 and joining.as_one and fraction < NECK_FRACTION:
                joining.as_one = False
                self.changes.append(Change(frame, "split", whole, halves))
            if joining.rate > 0 and joining.progress >= 1:
                self._relaxed(joining, first, second)
            elif joining.rate < 0 and joining.progress <= START and not joining.as_one:
                self.joinings.remove(joining)
                first.busy = second.busy = False

    def _relaxed(self, joining: Joining, first: Particle, second: Particle) -> None:
        x, y = centre_of_mass(first.body, second.body)
        larger = first if first.body.radius >= second.body.radius else second
        body = replace(joining.whole_body, x=x, y=y)
        self.particles[joining.whole] = Particle(joining.whole, body, larger.phase, larger.finish, larger.flicker)
        del self.particles[first.key], self.particles[second.key]
        self.joinings.remove(joining)


def length_scale(height: int, width: int) -> float:
    """How lengths of a preset, given for 512 px, scale with the frame; never below 0.25, where particles vanish."""
    return max(min(height, width) / 512, 0.25)
