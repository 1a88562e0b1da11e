"""A file of ours as a download."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

from django.http import StreamingHttpResponse

CHUNK_BYTES = 1 << 20
_NOT_IN_FILE_NAMES = re.compile(r"[^\w.-]+")


def file_stem(name: str, *, otherwise: str) -> str:
    """What people call a thing, as the beginning of a file's name on any system."""
    return _NOT_IN_FILE_NAMES.sub("-", name).strip("-.") or otherwise


def attachment(path: Path, name: str, content_type: str) -> StreamingHttpResponse:
    """Streams the file; it is whoever asks for it that may have it, so nobody between keeps a copy."""
    headers = {
        "Content-Length": str(path.stat().st_size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(_read(path), content_type=content_type, headers=headers)


async def _read(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
    finally:
        file.close()
