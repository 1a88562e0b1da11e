"""Where checkpoints come from: bundled with the package, downloaded and checked by hash, or brought by hand.

A folder of weights holds `<model>.safetensors` files; one that is there is used instead of the bundled one.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import httpx

if TYPE_CHECKING:
    from torch import Tensor

HashKind = Literal["SHA-256", "git blob id"]

BUNDLED = Path(__file__).parent / "checkpoints"
CHUNK = 1 << 20


class WeightsError(ValueError):
    """A checkpoint that is missing, damaged, or of another network."""


@dataclass(frozen=True)
class Published:
    """An official file: a direct address and a hash of its content.

    `kind` says which hash: SHA-256, or git's blob id (SHA-1 of `blob <size>\\0` + content).
    """

    url: str
    hash: str
    kind: HashKind


@dataclass(frozen=True)
class Source:
    """Where a model's official weights come from, and the input size of their network, 0 where the file tells."""

    homepage: str
    licence: str
    image_size: int = 0
    published: Published | None = None


SOURCES: dict[str, Source] = {
    "efficient_sam_ti": Source(
        "https://github.com/yformer/EfficientSAM",
        "Apache-2.0",
        1024,
        Published(
            "https://raw.githubusercontent.com/yformer/EfficientSAM/"
            "d525f622e6f640acf5a0fc37c7ca1f243da5bde0/weights/efficient_sam_vitt.pt",
            "af883c49e33c68f01107be52df0ecad26a48355f",
            "git blob id",
        ),
    ),
    # Published only inside a zip file: unpack weights/efficient_sam_vits.pt.zip and give the .pt with --from.
    "efficient_sam_s": Source("https://github.com/yformer/EfficientSAM", "Apache-2.0", 1024),
    **{
        f"sam_{vit}": Source(
            "https://github.com/facebookresearch/segment-anything",
            "Apache-2.0",
            1024,
            Published(f"https://dl.fbaipublicfiles.com/segment_anything/sam_{vit}_{start}.pth", sha256, "SHA-256"),
        )
        for vit, start, sha256 in (
            ("vit_b", "01ec64", "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912"),
            ("vit_l", "0b3195", "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622"),
            ("vit_h", "4b8939", "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e"),
        )
    },
    # What the official code saves, at whatever size it was trained. Its input was scaled otherwise than ours: such
    # weights are a start for training, not a model to use.
    "swin_unet": Source("https://github.com/HuCaoFighting/Swin-Unet", "none stated"),
    "vm_unet": Source("https://github.com/JCruan519/VM-UNet", "Apache-2.0"),
    "vm_unet_v2": Source("https://github.com/nobodyplayer1/VM-UNetV2", "Apache-2.0"),
    **{
        name: Source("https://github.com/yoxu515/aot-benchmark", "BSD-3-Clause")
        for name in ("deaot_t", "deaot_s", "deaot_b", "deaot_l", "deaot_r50")
    },
}

# Models that are made of others.
PARTS = {"cascade": ("yolo", "efficient_sam_ti")}

# Networks whose weights nobody publishes for grey micrographs, or only in files that run code when they are read: ours
# are bundled, but for VM-UNetV2's.
TRAINED_HERE = ("swin_unet", "vm_unet", "vm_unet_v2", "yolo")


@dataclass(frozen=True)
class Checkpoint:
    """A file to load: `metadata` says what the network needs to know (image_size, stretch) and who made it."""

    path: Path
    metadata: dict[str, str]
    sha256: str


def find(name: str, folder: Path | None) -> Checkpoint:
    """The model's checkpoint in `folder`, else the bundled one.

    Raises
    ------
    WeightsError
        where there is neither, saying how to get one.
    """
    for place in (folder, BUNDLED):
        if place is not None and (path := place / f"{name}.safetensors").is_file():
            return describe(path)
    raise WeightsError(f"There are no weights for {name}. {_remedy(name)}")


def describe(path: Path) -> Checkpoint:
    """Read a safetensors file's header and hash; a file that has not changed since is not read again."""
    about = path.stat()
    return _described(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=64)
def _described(path: Path, _modified_ns: int, _size: int) -> Checkpoint:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if not 0 < size <= min(path.stat().st_size - 8, 100_000_000):
            raise WeightsError(f"{path.name} is no safetensors file: its header claims {size} bytes.")
        try:
            header = json.loads(file.read(size))
        except (ValueError, RecursionError) as error:
            raise WeightsError(f"{path.name} is no safetensors file: its header is not JSON.") from error
        file.seek(0)
        return Checkpoint(path, header.get("__metadata__", {}), hashlib.file_digest(file, "sha256").hexdigest())


def listing(folder: Path | None) -> list[dict[str, Any]]:
    """What there is for each model that has weights: which file is used, its size and hash, how to get another."""
    rows = []
    for name in dict.fromkeys((*SOURCES, *TRAINED_HERE)):
        row: dict[str, Any] = {"name": name, "in_use": "none", "megabytes": None, "sha256": None}
        try:
            checkpoint = find(name, folder)
        except WeightsError:
            pass
        else:
            row["in_use"] = "bundled" if checkpoint.path.parent == BUNDLED else "from the folder"
            row["megabytes"] = round(checkpoint.path.stat().st_size / 1e6, 1)
            row["sha256"] = checkpoint.sha256
        source = SOURCES.get(name)
        if source is None:
            row |= {"pull": "none published", "licence": "", "homepage": ""}
        else:
            pull = "direct" if source.published else "--from FILE"
            row |= {"pull": pull, "licence": source.licence, "homepage": source.homepage}
        rows.append(row)
    return rows


def pull(name: str, folder: Path, progress: Callable[[int, int], None], published: Published | None = None) -> Path:
    """Download the official file, resuming what an earlier try left, check its hash and keep it as safetensors.

    `progress(done, total)` is called as bytes arrive. A file with a wrong hash is removed.
    """
    published = published or _source(name).published
    if published is None:
        raise WeightsError(f"No direct address is published for {name}. {_remedy(name)}")
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{name}.pt.partial"
    try:
        _download(published.url, partial, progress)
    except httpx.HTTPError as error:
        kept = partial.stat().st_size if partial.exists() else 0
        raise WeightsError(
            f"Downloading {published.url} stopped: {error or type(error).__name__}. {kept} bytes are kept; "
            "the same command goes on from there, and --from FILE takes a file that you fetched yourself."
        ) from error
    found = hash_of(partial, published.kind)
    if found != published.hash:
        partial.unlink()
        raise WeightsError(
            f"The file from {published.url} has {published.kind} {found}, not {published.hash}. "
            "It was removed; try again, or tell whoever runs your network."
        )
    converted = import_official(name, partial, folder)
    partial.unlink()
    return converted


def _download(url: str, path: Path, progress: Callable[[int, int], None]) -> None:
    have = path.stat().st_size if path.exists() else 0
    # Unpacked: a range of a compressed answer would not go on where the unpacked file on disk ends.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=30) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # everything is here already; the hash will tell
        response.raise_for_status()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        have = have if resumed else 0
        total = have + int(response.headers.get("Content-Length", 0))
        with path.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_bytes(CHUNK):
                file.write(chunk)
                have += len(chunk)
                progress(have, total)


def hash_of(path: Path, kind: HashKind) -> str:
    """The file's hash in hexadecimal."""
    if kind == "SHA-256":
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def import_official(name: str, file: Path, folder: Path) -> Path:
    """Check an official .pt or .pth file against the network, key by key, and keep it as safetensors."""
    source = _source(name)
    state = _read_official(name, file)
    if name.startswith("sam_"):
        import torch

        from ml.modeling import sam

        with torch.device("meta"):  # names and shapes are all that is asked of it
            model: Any = sam.build(name)
        metadata: dict[str, str] = {}
    elif source.image_size:
        from ml.modeling import efficient_sam

        model = efficient_sam.build(name, source.image_size)
        metadata = {"image_size": str(source.image_size), "stretch": "1"}
    elif name.startswith("deaot"):
        from ml.modeling import deaot

        model, metadata = deaot.build(name), {"config": name, "classes": "1"}
    else:
        from ml.modeling import unets

        config, classes = unets.config_for(name, state)
        model = unets.build(name, config, classes)
        metadata = {"config": config, "classes": str(classes), "image_size": str(model.config.image_size)}
    check_keys(file.name, name, state, model.state_dict())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    save(path, {key: state[key] for key in model.state_dict()}, {"model": name, "source": source.homepage} | metadata)
    return path


def _read_official(name: str, file: Path) -> "dict[str, Tensor]":
    """The network's state in a pickle of tensors and nothing else, without what wraps it."""
    import torch

    if not file.is_file():
        raise WeightsError(f"{file} is no file. {_remedy(name)}")
    try:
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged or hostile pickle
        # Its message recommends to load without the check, which would run the pickle's code: it stays in the cause.
        raise WeightsError(
            f"{file.name} is no PyTorch checkpoint, is damaged, or holds more than tensors ({type(error).__name__}). "
            f"{_remedy(name)}"
        ) from error
    if isinstance(loaded, dict):
        wrapping = next((key for key in ("model", "model_state_dict", "state_dict") if key in loaded), None)
        loaded = loaded if wrapping is None else loaded[wrapping]
    if not isinstance(loaded, dict):
        raise WeightsError(f"{file.name} holds a {type(loaded).__name__}, not a network's state.")
    if foreign := [key for key, value in loaded.items() if not isinstance(value, torch.Tensor)]:
        raise WeightsError(f"{file.name} holds {foreign[0]!r}, which is no tensor; give the network's state alone.")
    # Training on several devices puts a prefix before every key.
    return {str(key).removeprefix("module."): value for key, value in loaded.items()}


def check_keys(file: str, name: str, given: "dict[str, Tensor]", wanted: "dict[str, Tensor]") -> None:
    """Refuse a state whose keys or shapes are not the network's, naming the first that differ."""
    missing, foreign = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    shapes = [key for key in wanted if key in given and given[key].shape != wanted[key].shape]
    if missing or foreign or shapes:
        parts = [
            f"{len(keys)} {what} (first: {keys[0]})"
            for keys, what in ((missing, "missing"), (foreign, "unknown"), (shapes, "of another shape"))
            if keys
        ]
        raise WeightsError(f"{file} is not {name}: its entries are {', '.join(parts)}.")


def save(path: Path, state: "dict[str, Tensor]", metadata: dict[str, str]) -> None:
    """Write safetensors atomically, so that a reader never sees half a file."""
    from safetensors.torch import save_file

    temporary = path.with_suffix(f".{os.getpid()}.partial")
    save_file({key: value.contiguous() for key, value in state.items()}, temporary, metadata)
    temporary.replace(path)


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise WeightsError(f"{name} has no official weights. There are: {', '.join(SOURCES)}.")
    return SOURCES[name]


def _remedy(name: str) -> str:
    if name in TRAINED_HERE:
        bring = f" A file that its official code saved comes in with `python -m ml weights pull {name} --from FILE`."
        own = f"None are published: train it, and keep the checkpoint as {name}.safetensors in the folder of weights."
        return own + (bring if name in SOURCES else "")
    if name not in SOURCES:
        return f"There are weights for: {', '.join(SOURCES)}."
    source = SOURCES[name]
    fetch = f"`python -m ml weights pull {name}`"
    if source.published:
        return f"Get them with {fetch}."
    return f"Fetch the official file from {source.homepage} and give it: {fetch[:-1]} --from FILE`."
