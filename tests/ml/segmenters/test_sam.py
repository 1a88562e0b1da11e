"""Segment Anything: the same masks as the package's own predictor gives, through our interface."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from segment_anything import SamPredictor
from segment_anything.modeling import Sam

from ml import registry, weights
from ml.modeling import sam as networks
from ml.segmenters import sam
from ml.segmenters.pieces import finished
from ml.segmenters.sam import SamSegmenter
from ml.types import Embedding, Prompt
from ml.weights import WeightsError
from tests.ml.segmenters.tiny_sam import tiny_sam

SIDE = 128
CLICK = ((50.25, 40.5, 1),)
CLICKS = (*CLICK, (20.0, 70.75, 0))
BOX = (30.0, 20.0, 90.0, 80.0)


@pytest.fixture(scope="module")
def network() -> Sam:
    return tiny_sam(SIDE)


@pytest.fixture(scope="module")
def segmenter(network: Sam) -> SamSegmenter:
    return SamSegmenter(network, name="sam_vit_b", weights_hash="test")


def frame(height: int = SIDE, width: int = SIDE) -> np.ndarray:
    return np.random.default_rng(0).random((height, width), np.float32)


def predictor_of(network: Sam, image: np.ndarray) -> SamPredictor:
    """The package's predictor on a grey frame, resized as `ResizeLongestSide` says."""
    predictor = SamPredictor(network)
    size = predictor.transform.get_preprocess_shape(*image.shape, SIDE)
    pixels = 255 * torch.from_numpy(image)[None, None].expand(-1, 3, -1, -1)
    if size != image.shape:
        pixels = F.interpolate(pixels, size, mode="bilinear", align_corners=False, antialias=True)
    predictor.set_torch_image(pixels, image.shape)
    return predictor


def asked(prompt: Prompt, embedding: Embedding) -> dict[str, Any]:
    """The prompt as the predictor takes it: indices of pixels instead of places."""
    _, fit = embedding.features
    shift = 0.5 / np.array([fit.scale_x, fit.scale_y])
    options: dict[str, Any] = {}
    if prompt.points:
        options["point_coords"] = np.array([point[:2] for point in prompt.points]) - shift
        options["point_labels"] = np.array([point[2] for point in prompt.points])
    if prompt.box_xyxy is not None:
        options["box"] = (np.array(prompt.box_xyxy).reshape(2, 2) - shift).ravel()
    if prompt.logits is not None:
        options["mask_input"] = prompt.logits[None]
    return options


@pytest.mark.parametrize("shape", [(SIDE, SIDE), (96, 160), (250, 130), (64, 40)])
@pytest.mark.parametrize("multimask", [False, True])
@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("prompt", [Prompt(CLICK), Prompt(CLICKS), Prompt(box_xyxy=BOX), Prompt(CLICKS, BOX)])
def test_masks_are_those_of_the_package(
    segmenter: SamSegmenter, shape: tuple[int, int], multimask: bool, earlier: bool, prompt: Prompt
) -> None:
    embedding = segmenter.encode(frame(*shape))
    predictor = predictor_of(segmenter.model, frame(*shape))
    assert torch.allclose(embedding.features[0], predictor.features, rtol=1e-3, atol=1e-5)
    predictor.features = predictor.features.half().float()  # as ours are kept
    if earlier:
        first = segmenter.decode(embedding, prompt)[0]
        prompt = replace(prompt, mask=first.mask, logits=first.logits)
    full, scores, low = predictor.predict(**asked(prompt, embedding), multimask_output=multimask, return_logits=True)
    with torch.inference_mode():
        logits, predicted = (each[0] for each in segmenter.decode_unsorted(embedding, [prompt]))
        ours = segmenter.full_size(logits, embedding)
    chosen = slice(1, None) if multimask else slice(0, 1)
    assert np.allclose(logits[chosen], low, atol=1e-4)
    assert np.allclose(ours[chosen], full, atol=1e-4)
    assert np.allclose(predicted[chosen], scores, atol=1e-5)
    assert np.abs(full).max() > 0.01


def test_the_encoder_in_pieces_gives_what_the_package_s_gives(network: Sam) -> None:
    image = torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        whole = network.image_encoder(image)
        for most in (1.0, 3e5, float("inf")):
            assert torch.allclose(finished(networks.encode_steps(network.image_encoder, image, most)), whole, atol=1e-5)
        pauses = [sum(1 for _ in networks.encode_steps(network.image_encoder, image, most)) for most in (1.0, 1e12)]
    assert pauses[0] > pauses[1] >= len(network.image_encoder.blocks)


def test_a_single_click_gets_the_masks_for_doubt_and_every_other_prompt_the_sure_one_first(
    segmenter: SamSegmenter,
) -> None:
    embedding = segmenter.encode(frame())

    def low_res(prompt: Prompt) -> list[np.ndarray]:
        with torch.inference_mode():
            return list(segmenter.decode_unsorted(embedding, [prompt])[0][0].numpy())

    def index_of(logits: Any, prompt: Prompt) -> int:
        return next(i for i, each in enumerate(low_res(prompt)) if np.array_equal(each, logits))

    one = segmenter.decode(embedding, Prompt(CLICK))
    assert one and 0 not in [index_of(each.logits, Prompt(CLICK)) for each in one]
    box = Prompt(box_xyxy=BOX)
    assert index_of(segmenter.decode(embedding, box)[0].logits, box) == 0


@pytest.mark.parametrize(("height", "width"), [(128, 128), (96, 200), (300, 40), (17, 33)])
def test_masks_have_the_frame_s_shape(segmenter: SamSegmenter, height: int, width: int) -> None:
    candidates = segmenter.decode(segmenter.encode(frame(height, width)), Prompt(((width / 2, height / 2, 1),)))
    for candidate in candidates:
        assert (candidate.mask.shape, candidate.mask.dtype) == ((height, width), np.bool_)
        assert 0 <= candidate.score <= 1


def test_prompts_decoded_together_are_those_decoded_alone(
    segmenter: SamSegmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenter, "prompts_at_once", 3)
    embedding = segmenter.encode(frame())
    prompts = [Prompt(CLICK), Prompt(((9.0, 100.0, 1),)), Prompt(CLICKS), Prompt(CLICKS, BOX), Prompt(box_xyxy=BOX)]
    with torch.inference_mode():
        together, scores = segmenter.decode_unsorted(embedding, prompts)
        for prompt, logits, score in zip(prompts, together, scores, strict=True):
            alone, of_it = segmenter.decode_unsorted(embedding, [prompt])
            assert torch.allclose(alone[0], logits, atol=1e-4)
            assert torch.allclose(of_it[0], score, atol=1e-5)


def test_a_mask_to_refine_changes_the_answer_and_its_own_logits_another_way_than_others(
    segmenter: SamSegmenter,
) -> None:
    embedding = segmenter.encode(frame())
    mask = np.zeros((SIDE, SIDE), bool)
    mask[30:70, 20:60] = True
    with torch.inference_mode():
        answers = [
            segmenter.decode_unsorted(embedding, [prompt])[0]
            for prompt in (
                Prompt(CLICK),
                Prompt(CLICK, mask=mask),
                Prompt(CLICK, mask=mask, logits=np.full((32, 32), 2.0, np.float32)),
            )
        ]
    assert all((a - b).abs().max() > 1e-3 for a, b in [answers[:2], answers[1:], answers[::2]])


def test_an_empty_prompt_is_refused(segmenter: SamSegmenter) -> None:
    embedding = segmenter.encode(frame())
    for prompt in (Prompt(), Prompt(mask=np.ones((SIDE, SIDE), bool))):
        with pytest.raises(ValueError, match="at least one point or a box"):
            segmenter.decode(embedding, prompt)


@pytest.mark.parametrize(
    ("name", "parameters"), [("sam_vit_b", 93_735_472), ("sam_vit_l", 312_342_832), ("sam_vit_h", 641_090_608)]
)
def test_each_name_is_the_published_network(name: str, parameters: int) -> None:
    with torch.device("meta"):
        network = registry.network(name, {"model": name})
    assert sum(each.numel() for each in network.parameters()) == parameters


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The networks in small, where weights are brought in and loaded."""
    for module in (networks, sam):
        monkeypatch.setattr(module, "build", lambda name: tiny_sam(SIDE))


@pytest.mark.usefixtures("small")
def test_an_official_file_is_brought_in_and_answers_as_before(
    segmenter: SamSegmenter, network: Sam, tmp_path: Path
) -> None:
    torch.save(network.state_dict(), tmp_path / "sam_vit_b_01ec64.pth")
    path = weights.import_official("sam_vit_b", tmp_path / "sam_vit_b_01ec64.pth", tmp_path / "weights")
    assert weights.describe(path).metadata["model"] == "sam_vit_b"
    loaded = registry.load("sam_vit_b", weights_folder=tmp_path / "weights")
    assert (loaded.name, loaded.weights_hash) == ("sam_vit_b", weights.describe(path).sha256)
    image = frame(96, 160)
    before, after = (each.decode(each.encode(image), Prompt(CLICKS, BOX)) for each in (segmenter, loaded))
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(before, after, strict=True))


@pytest.mark.usefixtures("small")
def test_a_file_of_another_network_is_refused(network: Sam, tmp_path: Path) -> None:
    state = network.state_dict()
    state.pop("image_encoder.pos_embed")
    torch.save(state, tmp_path / "sam.pth")
    with pytest.raises(WeightsError, match=r"sam\.pth is not sam_vit_b: .*image_encoder\.pos_embed"):
        weights.import_official("sam_vit_b", tmp_path / "sam.pth", tmp_path)


@pytest.mark.parametrize("name", networks.NAMES)
def test_without_weights_it_says_how_to_get_them(name: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=f"no weights for {name}. Get them with `python -m ml weights pull {name}`"):
        registry.load(name, weights_folder=tmp_path)


def test_whole_frames_are_segmented_by_a_grid_of_clicks(segmenter: SamSegmenter) -> None:
    settings = {"grid": 8, "min_score": 0.0, "min_stability": 0.0, "min_area_px": 0}
    fractions, steps = [], segmenter.segment_steps(frame(40, 60), settings)
    while True:
        try:
            fractions.append(next(steps))
        except StopIteration as done:
            found = done.value
            break
    assert fractions[-1] == 1.0
    assert found and all(instance.mask.shape == (40, 60) for instance in found)
    scores = [instance.score for instance in found]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("box", [None, BOX])
def test_one_mask_at_a_time_is_scaled_up(
    segmenter: SamSegmenter, monkeypatch: pytest.MonkeyPatch, box: tuple[float, float, float, float] | None
) -> None:
    scaled_up: list[int] = []
    real = segmenter.full_size

    def full_size(logits: torch.Tensor, embedding: Embedding) -> torch.Tensor:
        scaled_up.append(len(logits))
        return real(logits, embedding)

    monkeypatch.setattr(segmenter, "full_size", full_size)
    segmenter.decode(segmenter.encode(frame()), Prompt(CLICK, box))
    assert scaled_up == [1] * 4
