"""Embeddings on disk, so that frames which were open before need no encoding, also after a restart.

Several engines that read the same pixels may share the folder. Each series has a folder of its own, which goes when its
pixels have gone.
"""

import contextlib
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Full, Queue
from threading import Thread
from typing import Any
from urllib.parse import quote, unquote
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ml.engine.embedding_cache import EmbeddingKey

logger = logging.getLogger(__name__)

Arrays = Mapping[str, NDArray[Any]]

SUFFIX, PARTIAL = ".embedding", ".partial"
DIGEST_BYTES = 32
MOST_WAITING = 16  # to be written; what comes on top is not kept
TALLY_EVERY = 256  # files written until the folder is looked through again: other engines write there too
ROOM = 0.95  # of the limit is left once it was reached, so that the folder is not looked through for every file
LEFT_BEHIND_S = 3600  # a half-written file this old is a killed engine's
LONGEST_NAME = 200


class EmbeddingStore:
    """A folder of embeddings, bounded in bytes; the least recently used go first.

    A file holds a SHA-256 and, in the format safetensors, the arrays whose it is. It appears whole or not at all. A
    damaged one is removed and counts as missing. `write` only hands over to a thread; `read` takes milliseconds.

    Parameters
    ----------
    folder
        Where they lie; whatever lies there may be deleted at any time.
    limit_bytes
        What all of them may have together.
    pixels
        Folder of the pixel stores.
    """

    def __init__(self, folder: Path, limit_bytes: int, pixels: Path) -> None:
        self.folder, self.limit_bytes, self.pixels = folder, limit_bytes, pixels
        self._waiting: Queue[tuple[EmbeddingKey, Arrays] | None] = Queue(MOST_WAITING)
        self._thread = Thread(target=self._work, name="embeddings", daemon=True)
        self._bytes = self._entries = self._since_tally = 0
        self._counts = {"hits": 0, "misses": 0, "written": 0, "dropped": 0, "damaged": 0}

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Write what waits, and end."""
        if not self._thread.is_alive():
            return
        with contextlib.suppress(Full):
            self._waiting.put(None, timeout=timeout_s)
            self._thread.join(timeout_s)

    def read(self, key: EmbeddingKey) -> Arrays | None:
        """The arrays that were written, or None."""
        path = self.path(key)
        arrays = self._read(path, key) if path is not None else None
        self._counts["misses" if arrays is None else "hits"] += 1
        return arrays

    def remove(self, key: EmbeddingKey) -> None:
        """Take away what cannot be used."""
        path = self.path(key)
        assert path is not None
        self._counts["damaged"] += 1
        logger.warning("The embedding %s is damaged; it is removed and computed again.", path)
        with contextlib.suppress(OSError):
            path.unlink()

    def write(self, key: EmbeddingKey, arrays: Arrays) -> None:
        """Keep the arrays soon, unless too many wait already. Nobody may change them any more."""
        try:
            self._waiting.put_nowait((key, arrays))
        except Full:
            self._counts["dropped"] += 1

    def stats(self) -> dict[str, int]:
        """Bytes and files held as far as this engine knows, the limit, and what it has read and written."""
        return {"bytes": self._bytes, "limit": self.limit_bytes, "entries": self._entries, **self._counts}

    def path(self, key: EmbeddingKey) -> Path | None:
        """Where the embedding lies; None where its series has too long a name to be a folder's."""
        folder = "=" + quote(key.pixels.rsplit(":", 2)[0], safe="")
        if len(folder) > LONGEST_NAME:
            return None
        return self.folder / folder / (hashlib.sha256(_text(key)).hexdigest() + SUFFIX)

    def _read(self, path: Path, key: EmbeddingKey) -> Arrays | None:
        try:
            content = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("Cannot read the embedding %s: %s", path, error)
            return None
        digest, packed = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if digest == _digest(key, packed):
            with contextlib.suppress(SafetensorError):
                return load(packed)
        self.remove(key)
        return None

    # ---- on its own thread --------------------------------------------------------------------------------------

    def _work(self) -> None:
        self._tally()
        while (waiting := self._waiting.get()) is not None:
            try:
                self._write(*waiting)
            except OSError as error:
                self._counts["dropped"] += 1
                logger.warning("Cannot keep an embedding in %s: %s", self.folder, error)
            except Exception:  # the next ones are to be kept
                self._counts["dropped"] += 1
                logger.exception("An embedding cannot be written")

    def _write(self, key: EmbeddingKey, arrays: Arrays) -> None:
        path = self.path(key)
        packed = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
        if path is None or DIGEST_BYTES + len(packed) > self.limit_bytes or not _finite(arrays):
            self._counts["dropped"] += 1
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(uuid4().hex + PARTIAL)
        try:
            partial.write_bytes(_digest(key, packed) + packed)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        self._counts["written"] += 1
        self._entries += 1
        self._bytes += DIGEST_BYTES + len(packed)
        self._since_tally += 1
        if self._bytes > self.limit_bytes or self._since_tally >= TALLY_EVERY:
            self._tally()

    def _tally(self) -> None:
        """Look through the folder: count, clear away, and make room where the limit is reached."""
        files = sorted(self._files(), key=lambda file: file[1])
        held = sum(size for *_, size in files)
        kept = len(files)
        if held > self.limit_bytes:
            for path, _, size in files:
                if held <= ROOM * self.limit_bytes:
                    break
                with contextlib.suppress(OSError):
                    path.unlink()
                held -= size
                kept -= 1
        self._bytes, self._entries, self._since_tally = held, kept, 0

    def _files(self) -> Iterator[tuple[Path, float, int]]:
        """Path, time of the last use and bytes of each embedding whose pixels are still there."""
        for folder in _listed(self.folder):
            if folder.name.startswith("=") and not (self.pixels / unquote(folder.name[1:])).exists():
                shutil.rmtree(folder.path, ignore_errors=True)
                continue
            for file in _listed(Path(folder.path)):
                try:
                    about = file.stat()
                    if file.name.endswith(SUFFIX):
                        yield Path(file.path), about.st_mtime, about.st_size
                    elif file.name.endswith(PARTIAL) and about.st_mtime < time.time() - LEFT_BEHIND_S:
                        Path(file.path).unlink()
                except OSError:  # another engine was quicker
                    continue


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _text(key: EmbeddingKey) -> bytes:
    return repr(tuple(key)).encode()


def _digest(key: EmbeddingKey, packed: bytes) -> bytes:
    """Of the content and of what it belongs to: a file under another's name is damaged too."""
    return hashlib.sha256(_text(key) + packed).digest()


def _finite(arrays: Arrays) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays.values())
