import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ml import rle
from ml.rle import InvalidRleError, Rle

CASES = json.loads((Path(__file__).parents[1] / "fixtures/rle.json").read_text(encoding="utf-8"))["cases"]


def mask_of(case: dict[str, Any]) -> np.ndarray:
    """The mask by definition: runs in column-major order, background first."""
    values = np.repeat(np.arange(len(case["runs"])) % 2 == 1, case["runs"])
    return values.reshape((case["height"], case["width"]), order="F")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_shared_case_encodes_and_decodes_as_recorded(case: dict[str, Any]) -> None:
    mask = mask_of(case)
    if "rows" in case:
        assert ["".join("01"[int(value)] for value in row) for row in mask] == case["rows"]
    encoded = rle.encode(mask)
    assert encoded == Rle((case["height"], case["width"]), case["counts"])
    assert np.array_equal(rle.decode(encoded), mask)
    (x0, y0, x1, y1), own = rle.decode_box(encoded)
    assert [x0, y0, x1, y1] == case["box_xyxy"]
    assert own.dtype == bool
    assert np.array_equal(own, mask[y0:y1, x0:x1])
    assert rle.runs(encoded.size, encoded.counts).tolist() == case["runs"]
    assert rle.compress(np.array(case["runs"])) == case["counts"]
    assert rle.area(encoded) == case["area"] == mask.sum()
    assert list(rle.box_xyxy(encoded)) == case["box_xyxy"]
    assert rle.sha256(encoded) == case["sha256"]
    assert rle.validate(encoded.size, encoded.counts) == encoded


def test_hand_written_counts() -> None:
    assert rle.encode(np.zeros((3, 4), bool)).counts == "<"  # one number, 12: chr(48 + 12)
    assert rle.encode(np.ones((3, 4), bool)).counts == "0<"


@settings(max_examples=200, deadline=None)
@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_any_mask_survives_and_passes_validation(mask: np.ndarray) -> None:
    encoded = rle.encode(mask)
    assert np.array_equal(rle.decode(rle.validate(encoded.size, encoded.counts)), mask)
    (x0, y0, x1, y1), own = rle.decode_box(encoded)
    assert own.sum() == mask.sum()
    assert np.array_equal(own, mask[y0:y1, x0:x1])


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters(min_codepoint=40, max_codepoint=120), max_size=30), st.integers(1, 9), st.integers(1, 9))
def test_validation_decides_on_any_text_and_what_passes_decodes(counts: str, height: int, width: int) -> None:
    try:
        accepted = rle.validate((height, width), counts)
    except InvalidRleError:
        return
    assert rle.encode(rle.decode(accepted)) == accepted


@pytest.mark.parametrize(
    ("size", "counts", "reason"),
    [
        ((3, 4), "", "0 characters"),
        ((3, 4), "0" * 1000, "1000 characters"),
        ((3, 4), "!", "outside '0' to 'o'"),
        ((3, 4), "p", "outside '0' to 'o'"),
        ((3, 4), "é", "not ASCII"),
        ((3, 4), "o", "cut off"),
        ((3, 4), "oooooooo0", "more than 6 characters"),
        ((3, 4), "O", "negative"),
        ((3, 4), ";", "do not add up to the 12 pixels"),
        ((3, 4), "=", "do not add up to the 12 pixels"),
        ((3, 4), "ooooo?ooooo?", "do not add up"),
        ((3, 4), "3036", "empty run"),
        ((3, 4), "\\0", "longer than it need be"),
        ((0, 4), "0", "0×4"),
        ((-3, -4), "<", "-3×-4"),
        ((100_000, 100_000), "0", "100000×100000"),
    ],
)
def test_bad_counts_are_refused_with_the_reason(size: tuple[int, int], counts: str, reason: str) -> None:
    with pytest.raises(InvalidRleError, match=reason):
        rle.validate(size, counts)


def test_equal_masks_have_one_address_and_transposed_ones_another() -> None:
    mask = np.zeros((4, 6), bool)
    assert rle.sha256(rle.encode(mask)) == rle.sha256(rle.encode(mask.copy(order="F")))
    assert rle.sha256(rle.encode(mask)) != rle.sha256(rle.encode(mask.T))


@pytest.mark.parametrize("mask", [np.zeros((3, 4), np.uint8), np.zeros((3, 4, 1), bool), np.zeros(4, bool)])
def test_only_flat_bool_masks_are_encoded(mask: np.ndarray) -> None:
    with pytest.raises(InvalidRleError, match="bool"):
        rle.encode(mask)


def test_the_covered_share_counts_each_pixel_once() -> None:
    def box(x0: int, x1: int) -> rle.Rle:
        mask = np.zeros((10, 40), bool)
        mask[:, x0:x1] = True
        return rle.encode(mask)

    shares = rle.covered([box(0, 10), box(0, 20), box(30, 40)], [box(0, 8), box(4, 10)])
    np.testing.assert_array_equal(shares, [1.0, 0.5, 0.0])
    np.testing.assert_array_equal(rle.covered([box(0, 10)], []), [0.0])
    assert rle.covered([], [box(0, 10)]).shape == (0,)
