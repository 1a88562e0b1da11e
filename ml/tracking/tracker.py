"""What every tracker is told and asked."""

from collections.abc import Generator, Iterable
from typing import Any, Literal, Protocol

from ml.tracking.drift import Shift
from ml.tracking.votes import Labels, Votes
from ml.types import Grey


class Tracker(Protocol):
    """Votes on identity; what was accepted of that it is told by `update` and `add`.

    Frames are grey float32 (H, W), input range mapped to 0..1; label images are uint32 (H, W), 0 is background.
    """

    name: str
    weights_hash: str

    @property
    def tracks(self) -> set[int]:
        """The tracks that are followed."""
        ...

    def start(self, frame: Grey, labels: Labels) -> None:
        """Forget everything and follow the objects of a frame, each by its number."""
        ...

    def propagate(self, frame: Grey, segmented: Labels | None = None, shift: Shift | None = None) -> Votes:
        """Vote on the next frame; `segmented` has its objects as a segmenter found them.

        `shift`: how far the field has moved since the frame that was told last, where the caller knows that.
        """
        ...

    def update(self, labels: Labels) -> None:
        """Tell what the objects' masks are on the frame that `propagate` voted on."""
        ...

    def add(self, frame: Grey, labels: Labels, *, confirmed: bool = False) -> None:
        """Take a frame's labels for truth; numbers that are not followed yet are new objects."""
        ...

    def forget(self, tracks: Iterable[int]) -> None:
        """These have ended: nothing votes for them any more."""
        ...


Call = Literal["start", "propagate", "update", "add"]


def in_pieces(tracker: Tracker, call: Call, *arguments: Any, **options: Any) -> Generator[float | None, None, Any]:
    """Call a tracker so that other work goes between the pieces, where it has `<call>_steps`."""
    if (steps := getattr(tracker, f"{call}_steps", None)) is not None:
        return (yield from steps(*arguments, **options))
    return getattr(tracker, call)(*arguments, **options)
