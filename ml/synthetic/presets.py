"""Named kinds of series: what lies in the field, what happens there, how it is imaged."""

from dataclasses import dataclass, field

from .optics import Look
from .shapes import Kind


@dataclass(frozen=True)
class Phase:
    """A material: its name, its contrast (negative: voids in a dark matrix) and its share of the particles."""

    name: str
    contrast: float
    share: float = 1.0


@dataclass(frozen=True)
class Preset:
    """Parameters of a series. Lengths are for a frame of 512 px and scale with the frame.

    Attributes
    ----------
    count
        least and most particles in view on the first frame.
    diameter_px, spread
        median equivalent diameter and the sigma of its logarithm.
    kinds
        outlines to draw from.
    gap_px
        smallest gap that particles keep unless they are to merge; negative: they overlap.
    phases
        materials. With `shell` above 0 the first is the core and the second the shell.
    shell
        thickness of shells in radii.
    roundness, flicker
        thickness profile (0 plate, 1 sphere) and the sigma of a particle's contrast over time (its logarithm).
    merges, splits
        how many happen in a series of at least 40 frames; shorter series have fewer.
    ripening
        volume that an average particle exchanges over the series, in volumes (mean-field ripening); 0: none.
    growth
        relative growth of the diameters over the series, from outside the field.
    jitter_px, drift_px
        random motion per frame of each particle and of the stage.
    matrix
        intensity of the matrix around voids relative to the empty support.
    bits, levels
        depth of the pixels and how many grey levels are in use, about.
    pixel_size_nm, frame_interval_s
        the calibration that the series reports (for 512 px; the pixel size scales with the frame).
    draw_from
        names of the presets of which the seed takes one; all else is then ignored.
    """

    look: Look = field(default_factory=Look)
    count: tuple[int, int] = (30, 50)
    diameter_px: float = 36.0
    spread: float = 0.3
    kinds: tuple[Kind, ...] = ("disc",)
    gap_px: float = 3.0
    phases: tuple[Phase, ...] = (Phase("particle", 0.55),)
    shell: float = 0.0
    roundness: float = 0.35
    flicker: float = 0.08
    merges: int = 0
    splits: int = 0
    ripening: float = 0.0
    growth: float = 0.0
    jitter_px: float = 0.25
    drift_px: float = 0.4
    matrix: float = 1.0
    bits: int = 8
    levels: int = 200
    pixel_size_nm: float = 0.2
    frame_interval_s: float = 0.5
    draw_from: tuple[str, ...] = ()


_BRIGHT = Look(fresnel_px=11.0, phase_contrast=1.1, dose=4.5, camera_px=1.0, blur_px=0.7, grain=0.04, texture=0.02)
_CLEAN = Look(fresnel_px=4.0, phase_contrast=0.5, dose=40.0, camera_px=0.8, blur_px=0.8, grain=0.02)
_HAADF = Look(
    mode="dark_field",
    fresnel_px=0.0,
    phase_contrast=0.0,
    dose=120.0,
    camera_px=0.5,
    blur_px=1.0,
    grain=0.01,
    tilt=0.2,
    texture=0.15,
    globules=40,
    base=0.15,
)

# What networks learn from, each as often. In this order seeds give the frames of the bundled networks' trainings.
KINDS = ("sintering", "haadf", "ripening", "core_shell", "two_phase", "crowded", "splitting", "pores", "calm")

PRESETS: dict[str, Preset] = {
    "sintering": Preset(
        look=_BRIGHT,
        count=(48, 55),
        diameter_px=33.0,
        kinds=("disc", "disc", "disc", "ellipse", "blob"),
        merges=14,
        gap_px=2.0,
        roundness=0.25,
    ),
    "unsteady": Preset(  # as sintering, under a stage that drifts and a beam that flickers
        look=_BRIGHT,
        count=(48, 55),
        diameter_px=33.0,
        kinds=("disc", "disc", "disc", "ellipse", "blob"),
        merges=14,
        gap_px=2.0,
        roundness=0.25,
        drift_px=8.0,
        flicker=0.35,
    ),
    "haadf": Preset(
        look=_HAADF,
        count=(30, 50),
        diameter_px=24.0,
        spread=0.4,
        kinds=("disc", "polygon"),
        phases=(Phase("particle", 0.45),),
        roundness=0.6,
        merges=5,
        jitter_px=0.15,
        bits=16,
        levels=3000,
        pixel_size_nm=0.1,
        frame_interval_s=4.0,
    ),
    "ripening": Preset(look=_CLEAN, count=(50, 65), diameter_px=28.0, spread=0.35, ripening=1.6, jitter_px=0.05),
    "core_shell": Preset(
        look=_CLEAN,
        count=(14, 22),
        diameter_px=60.0,
        spread=0.2,
        kinds=("disc", "ellipse"),
        phases=(Phase("core", 0.8), Phase("shell", 0.8)),
        shell=0.28,
        roundness=0.3,
        growth=0.15,
    ),
    "two_phase": Preset(
        look=_CLEAN,
        count=(30, 44),
        diameter_px=36.0,
        kinds=("disc", "polygon", "rod"),
        phases=(Phase("heavy", 0.9), Phase("light", 0.35)),
        merges=3,
        bits=16,
        levels=700,
    ),
    "crowded": Preset(
        look=_BRIGHT,
        count=(110, 140),
        diameter_px=28.0,
        spread=0.25,
        kinds=("disc", "blob", "ellipse"),
        gap_px=-1.5,
        merges=8,
        jitter_px=0.1,
    ),
    "splitting": Preset(look=_CLEAN, count=(16, 24), diameter_px=48.0, kinds=("disc", "blob"), merges=3, splits=6),
    "pores": Preset(
        look=_CLEAN,
        count=(24, 40),
        diameter_px=34.0,
        spread=0.45,
        kinds=("disc", "blob", "ellipse"),
        phases=(Phase("pore", -0.6),),
        matrix=0.5,
        merges=5,
        jitter_px=0.05,
    ),
    "calm": Preset(look=_BRIGHT, count=(24, 36), diameter_px=36.0, kinds=("disc", "ellipse", "blob"), gap_px=6.0),
    "mixed": Preset(draw_from=KINDS),
}
