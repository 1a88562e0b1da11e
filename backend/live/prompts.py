"""What one socket asks of the engine. Each runs as a task, because a consumer must never wait for a model."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal
from uuid import UUID, uuid4

from django.conf import settings

from backend.inference import gateway
from backend.inference.choices import Choice, choose
from backend.inference.frames import frame_of
from backend.live.database import in_thread
from backend.protocol.errors import DomainError, InvalidError
from backend.protocol.messages import (
    ErrorMessage,
    FrameOpen,
    FrameReady,
    FrameSegment,
    FrameSegmented,
    FrameSegmenting,
    MaskRle,
    PromptPredict,
    PromptPredicted,
    PromptSuperseded,
    ServerMessage,
)
from backend.series.models import Series
from ml import rle

logger = logging.getLogger(__name__)

Kind = Literal["warm", "prompt", "segment"]
Send = Callable[[ServerMessage], Awaitable[None]]
Work = Callable[[], Awaitable[ServerMessage | None]]


@dataclass(frozen=True)
class _Running:
    request_id: UUID | None
    task: asyncio.Task[None]


class Prompts:
    """Of each kind the newest counts: an older one that still runs is cancelled, here and in the engine."""

    def __init__(self, *, series: Series, send: Send) -> None:
        self._pixels = series.pixels
        self._project_id = series.project_id
        self._send = send
        self._client = uuid4().hex
        self._running: dict[Kind, _Running] = {}
        self._weights: dict[tuple[str, UUID], str | None] = {}

    async def warm(self, message: FrameOpen) -> None:
        await self._start("warm", None, partial(self._warm, message))

    async def predict(self, message: PromptPredict) -> None:
        if not message.points and message.box is None:
            raise InvalidError("A prompt without points and box. Give one of them.")
        await self._start("prompt", message.request_id, partial(self._predict, message))

    async def segment(self, message: FrameSegment) -> None:
        await self._start("segment", message.request_id, partial(self._segment, message))

    async def cancel(self, request_id: UUID) -> None:
        """Nothing happens where it is answered already."""
        for kind, running in list(self._running.items()):
            if running.request_id == request_id:
                await self._stop(kind)

    def close(self) -> None:
        for running in self._running.values():
            running.task.cancel()
        self._running.clear()

    async def _start(self, kind: Kind, request_id: UUID | None, work: Work) -> None:
        await self._stop(kind)
        task = asyncio.get_running_loop().create_task(self._answer(kind, request_id, work))
        self._running[kind] = _Running(request_id, task)

    async def _stop(self, kind: Kind) -> None:
        running = self._running.pop(kind, None)
        if running is None:
            return
        running.task.cancel()
        if running.request_id is not None:
            await self._send(PromptSuperseded(request_id=running.request_id))

    async def _answer(self, kind: Kind, request_id: UUID | None, work: Work) -> None:
        answer: ServerMessage | None
        try:
            answer = await work()
        except gateway.SupersededError:
            answer = PromptSuperseded(request_id=request_id) if request_id else None
        except DomainError as error:
            answer = ErrorMessage(code=error.code, message=error.message, request_id=request_id)
        except Exception:
            logger.exception("Cannot answer %s %s", kind, request_id)
            message = "Something went wrong on the server. Its log has the cause."
            answer = ErrorMessage(code="internal", message=message, request_id=request_id)
        # From here on nobody else answers this request.
        running = self._running.get(kind)
        if running is not None and running.task is asyncio.current_task():
            del self._running[kind]
        if answer is not None:
            await self._send(answer)

    async def _warm(self, message: FrameOpen) -> FrameReady | None:
        frame = frame_of(self._pixels, message.frame)
        try:
            weights = await self._weights_of(message)
            await gateway.warm(
                frame,
                model=message.model,
                weights=weights,
                client=self._client,
                neighbours=settings.GRATICULE_NEIGHBOURS,
            )
        except DomainError as error:
            # Only a hint: the person has asked for nothing yet, and the click itself will tell.
            logger.info("Cannot warm frame %d: %s", message.frame, error)
            return None
        return FrameReady(frame=message.frame, model=message.model)

    async def _predict(self, message: PromptPredict) -> PromptPredicted:
        frame = frame_of(self._pixels, message.frame)
        found = await gateway.predict(
            frame,
            model=message.model,
            weights=await self._weights_of(message),
            points=message.points,
            box=message.box,
            mask=message.mask and await asyncio.to_thread(self._checked, message.mask),
            client=self._client,
        )
        return PromptPredicted(
            request_id=message.request_id,
            frame=message.frame,
            model=message.model,
            model_hash=found.model_hash,
            candidates=found.candidates,
            encode_ms=found.encode_ms,
            decode_ms=found.decode_ms,
        )

    def _checked(self, mask: MaskRle) -> MaskRle:
        """The mask to refine, which is well formed, of the frame's size and not empty."""
        height, width = self._pixels.height, self._pixels.width
        if mask.size != (height, width):
            raise InvalidError(
                f"The mask to refine has {' × '.join(map(str, mask.size))} px, the frame {height} × {width}. "
                "Send a mask of this frame."
            )
        try:
            checked = rle.validate(mask.size, mask.counts)
        except rle.InvalidRleError as error:
            raise InvalidError(f"The mask to refine is malformed: {error}") from error
        if not rle.area(checked):
            raise InvalidError("The mask to refine is empty. Leave it out.")
        return mask

    async def _segment(self, message: FrameSegment) -> FrameSegmented:
        frame = frame_of(self._pixels, message.frame)

        async def tell(fraction: float) -> None:
            await self._send(FrameSegmenting(request_id=message.request_id, fraction=fraction))

        choice = await self._choice(message) if message.version else None
        found = await gateway.segment(
            frame,
            model=message.model,
            weights=choice.weights if choice else None,
            parameters=message.parameters,
            client=self._client,
            on_progress=tell,
        )
        return FrameSegmented(
            request_id=message.request_id,
            frame=message.frame,
            model=message.model,
            model_hash=found.model_hash,
            instances=found.instances,
            phases=list(choice.phases) if choice else [],
        )

    async def _choice(self, message: FrameOpen | PromptPredict | FrameSegment) -> Choice:
        return await in_thread(choose, self._project_id, message.model, message.version)

    async def _weights_of(self, message: FrameOpen | PromptPredict) -> str | None:
        """Remembered, because a version never gets other weights: a click shall not wait for the database."""
        if message.version is None:
            return None
        key = message.model, message.version
        if key not in self._weights:
            self._weights[key] = (await self._choice(message)).weights
        return self._weights[key]
