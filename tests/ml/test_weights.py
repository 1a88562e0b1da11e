"""Checkpoints: bundled, downloaded from a local server that misbehaves on request, and brought by hand."""

import gzip
import hashlib
import json
import pickle
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch

from ml import registry, weights
from ml.modeling.efficient_sam import build
from ml.segmenters.efficient_sam import load_small, load_tiny
from ml.weights import Published, WeightsError

ORACLE_KEYS = json.loads((Path(__file__).parents[1] / "oracles/efficient_sam/keys.json").read_text())
ORACLE_NAMES = {"efficient_sam_ti": "efficient_sam_vitt", "efficient_sam_s": "efficient_sam_vits"}


def official_state(name: str) -> dict[str, torch.Tensor]:
    """A state with the official file's keys and shapes, as the oracle recorded them."""
    return {key: torch.full(shape, 0.01) for key, shape, _ in ORACLE_KEYS[ORACLE_NAMES[name]]["keys"]}


def official_file(path: Path, name: str = "efficient_sam_ti", **changes: Any) -> Path:
    torch.save({"model": {**official_state(name), **changes}}, path)
    return path


class Server:
    """Serves one file; `stop_after` bytes it drops the connection, once."""

    def __init__(self, content: bytes) -> None:
        self.content, self.stop_after, self.ranges = content, 0, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                outer.ranges.append(asked)
                start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
                if start >= len(outer.content):
                    self.send_error(416)
                    return
                packed = "gzip" in self.headers.get("Accept-Encoding", "")
                body = (gzip.compress(outer.content, 1) if packed else outer.content)[start:]
                self.send_response(206 if asked else 200)
                if packed:
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                stop, outer.stop_after = outer.stop_after, 0
                self.wfile.write(body[:stop] if stop else body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/file.pt"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    served = Server(official_file(tmp_path / "served.pt").read_bytes())
    yield served
    served.http.shutdown()


def blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def pull(server: Server, folder: Path, blob: str | None = None) -> Path:
    published = Published(server.url, blob or blob_id(server.content), "git blob id")
    return weights.pull("efficient_sam_ti", folder, lambda done, total: None, published)


@pytest.mark.parametrize("name", ["efficient_sam_ti", "efficient_sam_s"])
def test_official_keys_load_strictly(tmp_path: Path, name: str) -> None:
    path = weights.import_official(name, official_file(tmp_path / "official.pt", name), tmp_path / "weights")
    load = load_tiny if name == "efficient_sam_ti" else load_small
    segmenter = load(weights_folder=tmp_path / "weights")
    assert segmenter.input_size == 1024
    assert segmenter.stretch
    assert segmenter.weights_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert all((value == 0.01).all() for value in segmenter.model.state_dict().values())


def test_a_missing_foreign_or_misshapen_entry_is_named(tmp_path: Path) -> None:
    state = official_state("efficient_sam_ti")
    del state["image_encoder.pos_embed"]
    state["surprise"] = torch.zeros(1)
    state["mask_decoder.iou_token.weight"] = torch.zeros(2, 256)
    torch.save({"model": state}, tmp_path / "wrong.pt")
    with pytest.raises(WeightsError, match=r"pos_embed.*surprise.*iou_token"):
        weights.import_official("efficient_sam_ti", tmp_path / "wrong.pt", tmp_path)


def test_the_small_network_s_file_is_not_the_tiny_one_s(tmp_path: Path) -> None:
    path = official_file(tmp_path / "s.pt", "efficient_sam_s")
    with pytest.raises(WeightsError, match="of another shape"):
        weights.import_official("efficient_sam_ti", path, tmp_path)


UNETS = Path(__file__).parents[1] / "oracles/unets"
OFFICIAL_UNETS = [
    ("swin_unet", "swinunet_paper", "paper", 3),
    ("swin_unet", "swinunet_stock", "stock", 9),
    ("vm_unet", "vmunet_paper", "paper", 3),
    ("vm_unet", "vmunet_stock", "stock", 1),
    ("vm_unet_v2", "vmunetv2_stock", "stock", 1),
]


def unet_state(oracle: str) -> dict[str, torch.Tensor]:
    """A state with the official network's keys, shapes and kinds, as the oracle recorded them."""
    keys = json.loads((UNETS / f"keys_{oracle}.json").read_text())["keys"]
    return {key: torch.full(shape, 1, dtype=getattr(torch, kind)) for key, shape, kind in keys}


@pytest.mark.parametrize("network", OFFICIAL_UNETS, ids=lambda network: network[1])
def test_a_file_of_the_official_unets_is_brought_in(tmp_path: Path, network: tuple[str, str, str, int]) -> None:
    name, oracle, config, classes = network
    torch.save(unet_state(oracle), tmp_path / "best.pth")
    path = weights.import_official(name, tmp_path / "best.pth", tmp_path / "weights")
    metadata = weights.describe(path).metadata
    assert (metadata["model"], metadata["config"], metadata["classes"]) == (name, config, str(classes))
    segmenter = registry.load(name, weights_folder=tmp_path / "weights")
    assert (segmenter.classes, segmenter.input_size) == (classes, segmenter.model.config.image_size)
    assert all((value == 1).all() for value in segmenter.model.state_dict().values())


DEAOTS = {
    "deaot_t": "deaott",
    "deaot_s": "deaots",
    "deaot_b": "deaotb",
    "deaot_l": "deaotl",
    "deaot_r50": "r50_deaotl",
}


@pytest.mark.parametrize("name", DEAOTS)
def test_a_file_of_an_official_deaot_is_brought_in(tmp_path: Path, name: str) -> None:
    recorded = json.loads((UNETS.parent / "deaot/keys.json").read_text())
    states = {
        each: {key: torch.full(shape, 0.5) for key, shape, *_ in recorded[DEAOTS[each]]["keys"]} for each in DEAOTS
    }
    torch.save({"state_dict": states[name], "optimizer": {"step": 3}}, tmp_path / "ema.pth")
    weights.import_official(name, tmp_path / "ema.pth", tmp_path / "weights")
    tracker = registry.load(name, weights_folder=tmp_path / "weights")
    assert tracker.name == name
    assert all((value == 0.5).all() for value in tracker.network.state_dict().values())
    other = "deaot_r50" if name == "deaot_t" else "deaot_t"
    with pytest.raises(WeightsError, match=rf"ema\.pth is not {other}"):
        weights.import_official(other, tmp_path / "ema.pth", tmp_path)


@pytest.mark.parametrize("several_devices", [False, True])
def test_what_wraps_a_state_is_left_out(tmp_path: Path, several_devices: bool) -> None:
    state = unet_state("vmunetv2_stock")
    prefix = "module." if several_devices else ""
    torch.save(
        {"epoch": 3, "model_state_dict": {prefix + key: value for key, value in state.items()}}, tmp_path / "a.pt"
    )
    path = weights.import_official("vm_unet_v2", tmp_path / "a.pt", tmp_path / "weights")
    assert weights.describe(path).metadata["config"] == "stock"


def test_a_file_of_another_unet_is_refused_with_the_first_entries_that_differ(tmp_path: Path) -> None:
    torch.save(unet_state("vmunet_stock"), tmp_path / "best.pth")
    with pytest.raises(WeightsError, match=r"best\.pth is not swin_unet: .*missing.*unknown"):
        weights.import_official("swin_unet", tmp_path / "best.pth", tmp_path)
    state = unet_state("swinunet_stock")
    del state["swin_unet.norm.weight"]
    torch.save(state, tmp_path / "best.pth")
    with pytest.raises(WeightsError, match=r"1 missing \(first: swin_unet\.norm\.weight\)\.$"):
        weights.import_official("swin_unet", tmp_path / "best.pth", tmp_path)
    torch.save({"epoch": 1, "loss": 0.5}, tmp_path / "best.pth")
    with pytest.raises(WeightsError, match="'epoch', which is no tensor"):
        weights.import_official("swin_unet", tmp_path / "best.pth", tmp_path)
    with pytest.raises(WeightsError, match="no official weights"):
        weights.import_official("yolo", tmp_path / "best.pth", tmp_path)


class Payload:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("import pathlib; pathlib.Path('pwned').touch()",))


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"model": Payload()}))
    with pytest.raises(WeightsError, match="more than tensors") as refused:
        weights.import_official("efficient_sam_ti", tmp_path / "evil.pt", tmp_path)
    assert "weights_only" not in str(refused.value)  # nobody is told how to run it all the same
    assert not (tmp_path / "pwned").exists()


def test_an_official_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.pt is no file\. Get them with"):
        weights.import_official("efficient_sam_ti", tmp_path / "none.pt", tmp_path)


def test_pull_checks_and_converts(server: Server, tmp_path: Path) -> None:
    path = pull(server, tmp_path / "weights")
    assert path.name == "efficient_sam_ti.safetensors"
    assert [p.name for p in (tmp_path / "weights").iterdir()] == [path.name]
    rows = {row["name"]: row for row in weights.listing(tmp_path / "weights")}
    assert rows["efficient_sam_ti"]["in_use"] == "from the folder"


def test_the_listing_names_every_model_that_has_weights() -> None:
    in_use = {row["name"]: row["in_use"] for row in weights.listing(None)}
    bundled = ("efficient_sam_ti", "swin_unet", "vm_unet", "yolo", "deaot_t")
    others = (
        "efficient_sam_s",
        "sam_vit_b",
        "sam_vit_l",
        "sam_vit_h",
        "vm_unet_v2",
        *(name for name in DEAOTS if name != "deaot_t"),
    )
    assert in_use == dict.fromkeys(bundled, "bundled") | dict.fromkeys(others, "none")


def test_pull_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.stop_after = 5_000_000
    with pytest.raises(WeightsError, match="goes on from there"):
        pull(server, tmp_path)
    kept = (tmp_path / "efficient_sam_ti.pt.partial").stat().st_size
    assert 0 < kept <= 5_000_000
    pull(server, tmp_path)
    assert server.ranges == [None, f"bytes={kept}-"]


def test_a_wrong_hash_is_refused_and_the_file_removed(server: Server, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="It was removed"):
        pull(server, tmp_path / "weights", blob="0" * 40)
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_file_may_be_known_by_its_sha256_too(server: Server, tmp_path: Path) -> None:
    published = Published(server.url, hashlib.sha256(server.content).hexdigest(), "SHA-256")
    assert weights.pull("efficient_sam_ti", tmp_path, lambda done, total: None, published).is_file()
    wrong = Published(server.url, "0" * 64, "SHA-256")
    with pytest.raises(WeightsError, match=r"has SHA-256 [0-9a-f]{64}, not 0{64}\. It was removed"):
        weights.pull("efficient_sam_ti", tmp_path, lambda done, total: None, wrong)


@pytest.mark.parametrize("name", ["sam_vit_b", "sam_vit_l", "sam_vit_h"])
def test_segment_anything_s_files_are_known_by_their_sha256(name: str) -> None:
    published = weights.SOURCES[name].published
    assert published is not None
    assert (len(published.hash), published.kind) == (64, "SHA-256")
    assert published.url.startswith(f"https://dl.fbaipublicfiles.com/segment_anything/{name}_")


def test_a_file_is_described_anew_once_it_has_changed(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "a.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    before = weights.describe(path)
    save_file({"a": torch.zeros(3)}, path)
    assert before.sha256 != weights.describe(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_server_that_is_not_there_leaves_a_clear_error(tmp_path: Path) -> None:
    published = Published("http://127.0.0.1:9/none.pt", "0" * 40, "git blob id")
    with pytest.raises(WeightsError, match=r"127\.0\.0\.1:9.*--from FILE"):
        weights.pull("efficient_sam_ti", tmp_path, lambda done, total: None, published)


def test_a_model_without_weights_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"weights pull efficient_sam_s --from FILE"):
        load_small(weights_folder=tmp_path)


@pytest.mark.parametrize("content", [b"", b"\0" * 4, b"\xff" * 64, (9).to_bytes(8, "little") + b"not json!"])
def test_a_damaged_safetensors_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "efficient_sam_s.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="no safetensors file"):
        load_small(weights_folder=tmp_path)


def test_the_bundled_checkpoint_is_half_precision_and_small() -> None:
    from safetensors.torch import load_file

    checkpoint = weights.find("efficient_sam_ti", None)
    assert checkpoint.path.stat().st_size < 25_000_000
    state = load_file(checkpoint.path)
    assert {value.dtype for value in state.values()} == {torch.float16}
    weights.check_keys("bundled", "efficient_sam_ti", state, build("efficient_sam_ti", automatic=1).state_dict())
    assert load_tiny().input_size == 512
