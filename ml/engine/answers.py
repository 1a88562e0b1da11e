"""What networks answered lately, so that a person who corrects an answer gets its own logits fed back."""

from collections import OrderedDict

from ml.engine.embedding_cache import EmbeddingKey
from ml.types import Grey

MOST_ANSWERS = 128  # of 256 KB each where a network answers at 256 × 256


class Answers:
    """The logits of the last answers by their embedding and the SHA-256 of their mask; the device thread's own."""

    def __init__(self, most: int = MOST_ANSWERS) -> None:
        self.most = most
        self._logits: OrderedDict[tuple[EmbeddingKey, str], Grey] = OrderedDict()

    def keep(self, key: EmbeddingKey, sha256: str, logits: Grey) -> None:
        self._logits[key, sha256] = logits
        self._logits.move_to_end((key, sha256))
        while len(self._logits) > self.most:
            self._logits.popitem(last=False)

    def logits(self, key: EmbeddingKey, sha256: str) -> Grey | None:
        """Of an answer that is still remembered; None of masks that a hand has changed, or another network made."""
        found = self._logits.get((key, sha256))
        if found is not None:
            self._logits.move_to_end((key, sha256))
        return found
