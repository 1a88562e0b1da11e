"""The harness: what a record prints, that percentiles are right, and that every named figure is registered."""

import json

import numpy as np
import pytest
import torch

from benchmarks.__main__ import main, registered
from benchmarks.apart import apart
from benchmarks.networks import Case, measured
from benchmarks.plain import plain
from benchmarks.records import Record
from benchmarks.summary import page
from benchmarks.timing import percentile, side_by_side_ms
from benchmarks.tracking import OVERLAP_PARTS, PARTS, costs_over, frame_cost, grid_of_objects, overlap_cost
from benchmarks.viewer import dropped
from ml.modeling import unets
from ml.tracking.follower import Follower
from tests.ml.tracking.networks import filled

PROMISED = {"click_to_mask_p50", "click_to_mask_p95", "encode_1024", "encode_512", "decode_1", "decode_64"}

PROMISED |= {"deaot_t_800_objects_frame", "deaot_r50_100_objects_memory", "deaot_t_2000_frames_memory"}
PROMISED |= {"overlap_800_objects_frame", "overlap_800_objects_memory", "deaot_t_2000_frames_frame"}
PROMISED |= {"deaot_l_frame", "swin_unet_paper_448_images", "vm_unet_paper_512_best_images", "yolo_640_memory"}
PROMISED |= {"efficient_sam_encoder_1024_pixels", "segment_threshold_512_images", "segment_cascade_512_memory"}
PROMISED |= {"commit", "old_version_frame", "export_series", "import_apart", "import_apart_frames"}
PROMISED |= {"embedding_from_disk", "lanes_5000_tracks_scrolling", "lanes_5000_tracks_scrolling_p95"}
PROMISED |= {"open_frame_500_masks", "play_60_frames", "play_60_frames_dropped"}


def test_ratio_is_value_over_baseline() -> None:
    printed = json.loads(Record("encode_512", 30.0, "ms", baseline=120.0).as_json())
    assert printed == {"name": "encode_512", "value": 30.0, "unit": "ms", "baseline": 120.0, "ratio": 0.25}


def test_record_without_baseline_prints_no_ratio() -> None:
    assert json.loads(Record("x", 1.23456, "ms").as_json()) == {"name": "x", "value": 1.235, "unit": "ms"}


def test_percentiles_of_one_to_a_hundred_and_one() -> None:
    values = [float(n) for n in range(1, 102)]
    assert percentile(values, 50) == 51
    assert percentile(values, 95) == 96
    assert percentile([7.0], 95) == 7.0


def test_calls_side_by_side_take_turns() -> None:
    order: list[str] = []
    times = side_by_side_ms([lambda: order.append("a"), lambda: order.append("b")], rounds=2, warm_up=0)
    assert order == ["a", "b", "a", "b"]
    assert [len(found) for found in times] == [2, 2]


def test_every_promised_figure_is_registered() -> None:
    assert set(registered()) >= PROMISED


def test_a_network_is_measured_in_a_process_of_its_own_beside_the_plain_way() -> None:
    cost = apart(measured, Case("swin_unet", "small", 64, "plain attention"), 1)
    assert cost.seconds > 0 and cost.baseline_s is not None and cost.baseline_s > 0
    assert cost.memory_mb > 100
    assert apart(measured, Case("swin_unet", "small", 64, "plain attention"), 2).baseline_s is None


@pytest.mark.parametrize(("network", "plain_way"), [("swin_unet", "plain attention"), ("vm_unet", "step by step")])
def test_the_plain_way_gives_the_same(network: str, plain_way: str) -> None:
    torch.manual_seed(0)
    model, image = unets.build(network, "small").eval(), torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        ours = model(image)
        with plain(plain_way):
            theirs = model(image)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_frame_of_tracking_is_measured_with_the_share_of_each_part() -> None:
    for cost, parts in (
        (frame_cost("deaot_t", 12, side=97, frames=2), PARTS),
        (overlap_cost(12, side=97, frames=2), OVERLAP_PARTS),
    ):
        assert tuple(cost.shares) == parts
        assert all(share > 0 for share in cost.shares.values())
        assert sum(cost.shares.values()) == pytest.approx(1, abs=0.2)
    labels = grid_of_objects((512, 512), 800)
    assert len(np.unique(labels)) == 801


def test_the_cost_of_a_frame_is_measured_early_and_late() -> None:
    late, early = costs_over(12, early=4)
    assert late[0] > 0 and early[0] > 0 and late != early
    assert 100 < early[1] < 2 * late[1]


@pytest.mark.parametrize("groups", [1, 2])
def test_plain_propagation_gives_the_same(groups: int) -> None:
    """At a size of three stretches of queries, with two frames in memory."""
    torch.manual_seed(0)
    network = filled("deaot_s")
    frame, labels = (torch.rand(1, 3, 321, 337), torch.randint(0, 10 * groups + 1, (321, 337)))
    found = []
    with torch.inference_mode():
        features = network.encode(frame)
        for way in ("", "plain propagation"):
            with plain(way):
                follower = Follower(network, gap=1)
                follower.refer(features, labels, range(1, 10 * groups + 1))
                follower.propagate(features)
                follower.remember(labels)
                found.append(torch.stack(follower.propagate(features)))
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-5)
    assert found[0][:, 1].std() > 0.05


def test_frames_that_are_skipped_or_out_of_turn_are_dropped() -> None:
    assert dropped([1, 2, 3, 4], 4) == 0
    assert dropped([1, 2, 4], 4) == 2  # 3 was not shown, and 4 did not follow it
    assert dropped([1, 3, 2, 3, 4], 4) == 1


def test_unknown_name_is_answered_with_the_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "no-such-benchmark"])
    assert "click_to_mask_p50" in capsys.readouterr().err


def test_page_names_value_baseline_and_machine() -> None:
    text = page([Record("decode_64", 19.0, "ms", baseline=100.0, baseline_name="plain attention")])
    assert "| `decode_64` | 19 | ms | 100 | 0.19 | plain attention |" in text
    assert "cores" in text
