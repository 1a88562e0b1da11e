"""What networks answered lately: a bounded memory, by embedding and mask."""

import numpy as np

from ml.engine.answers import Answers
from ml.engine.embedding_cache import EmbeddingKey

KEY = EmbeddingKey("sam_vit_b", "h1", 1024, (0.0, 255.0), "float32", "torch", "series:0:None")


def logits(value: float) -> np.ndarray:
    return np.full((2, 2), value, np.float32)


def test_an_answer_is_known_by_its_mask_and_by_what_was_looked_at() -> None:
    answers = Answers()
    answers.keep(KEY, "a", one := logits(1))
    assert answers.logits(KEY, "a") is one
    assert answers.logits(KEY, "b") is None
    assert answers.logits(KEY._replace(weights_hash="h2"), "a") is None


def test_the_answers_that_nobody_asked_for_longest_are_forgotten() -> None:
    answers = Answers(most=2)
    for number, name in enumerate("ab"):
        answers.keep(KEY, name, logits(number))
    assert answers.logits(KEY, "a") is not None
    answers.keep(KEY, "c", logits(2))
    assert [answers.logits(KEY, name) is not None for name in "abc"] == [True, False, True]
