"""The engine's ASGI app: parses requests, queues work for the device thread, turns errors into answers.

Every error is `{code, message}`: 400 for what the caller can mend, 409 `superseded`, 503 `overloaded` or `stopping`,
500 `failed` for what a model raised. A caller that hangs up cancels its work.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ml.engine import checking, tracking, work
from ml.engine.checking import CheckpointError
from ml.engine.embedding_cache import EmbeddingCache
from ml.engine.embedding_store import EmbeddingStore
from ml.engine.models import Models, NotPromptableError
from ml.engine.pixels import PixelsError, PixelStores
from ml.engine.queue import DeviceQueue, Priority, QueueFullError, QueueStoppedError, Steps, SupersededError, Task
from ml.engine.requests import (
    BeginTrackingRequest,
    CheckRequest,
    PredictRequest,
    SegmentRequest,
    TrackFrameRequest,
    WarmRequest,
)
from ml.engine.tracking import NoTrackingError, Sessions, TrackingError
from ml.registry import UnknownModelError
from ml.segmenters.parameters import ParameterError
from ml.tracking.objects import HiddenMaskError
from ml.weights import WeightsError

logger = logging.getLogger(__name__)

TIDY_EVERY_S = 60
PRIORITIES = {"click": Priority.CLICK, "job": Priority.JOB}


class CallerGoneError(Exception):
    """The caller hung up before the answer was there."""


class WorkFailedError(Exception):
    """A model raised something that the caller cannot mend."""


class Engine:
    """The endpoints, and what they share."""

    def __init__(self, device: work.Device, queue: DeviceQueue) -> None:
        self.device = device
        self.queue = queue
        self.segmenting: dict[str, Task[dict[str, Any]]] = {}
        self.sessions = Sessions()

    async def health(self, request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "status": "ok",
                "device": self.device.models.device,
                "models_loaded": self.device.models.loaded(),
                "cache": self.device.cache.stats(),
                "disk": self.device.kept and self.device.kept.stats(),
                "queue": self.queue.depth(),
            }
        )

    async def weights(self, request: Request) -> JSONResponse:
        return JSONResponse(await asyncio.to_thread(self.device.models.usual_weights))

    async def check(self, request: Request) -> JSONResponse:
        body = CheckRequest.model_validate_json(await request.body())
        # On the device thread: libraries that build networks change settings of the process while they load.
        steps = checking.check(self.device.models.files, body.path, body.name, body.model)
        return await self._answer(request, self.queue.submit(steps, Priority.WARM))

    async def warm(self, request: Request) -> JSONResponse:
        body = WarmRequest.model_validate_json(await request.body())
        self.device.models.check_promptable(body.model)
        task = self.queue.submit(work.warm(self.device, body), Priority.WARM, f"warm {body.client}")
        # Queued now, so that they also take the place of the neighbours of the frame that was open before.
        with contextlib.suppress(QueueFullError):
            self.queue.submit(work.warm_neighbours(self.device, body), Priority.AHEAD, f"ahead {body.client}")
        return await self._answer(request, task)

    async def predict(self, request: Request) -> JSONResponse:
        body = PredictRequest.model_validate_json(await request.body())
        self.device.models.check_promptable(body.model)
        slot = f"click {body.client}" if body.priority == "click" else None  # a job wants all its answers
        task = self.queue.submit(work.predict(self.device, body), PRIORITIES[body.priority], slot)
        return await self._answer(request, task)

    async def segment(self, request: Request) -> JSONResponse:
        body = SegmentRequest.model_validate_json(await request.body())
        self.device.models.info(body.model)
        task = self.queue.submit(work.segment(self.device, body), PRIORITIES[body.priority])
        if body.ticket is None:
            return await self._answer(request, task)
        self.segmenting[body.ticket] = task
        try:
            return await self._answer(request, task)
        finally:
            del self.segmenting[body.ticket]

    async def progress(self, request: Request) -> JSONResponse:
        """How far the request with this ticket is, 0 to 1; null where that is not known."""
        task = self.segmenting.get(request.path_params["ticket"])
        return JSONResponse({"progress": task and task.progress})

    async def begin_tracking(self, request: Request) -> JSONResponse:
        body = BeginTrackingRequest.model_validate_json(await request.body())
        tracking.check(self.device, body)
        return await self._job(request, tracking.begin(self.device, self.sessions, body))

    async def track_frame(self, request: Request) -> JSONResponse:
        body = TrackFrameRequest.model_validate_json(await request.body())
        return await self._job(request, tracking.feed(self.device, self.sessions, request.path_params["ticket"], body))

    async def finish_tracking(self, request: Request) -> JSONResponse:
        await request.body()
        return await self._job(request, tracking.finish(self.sessions, request.path_params["ticket"]))

    async def end_tracking(self, request: Request) -> JSONResponse:
        await request.body()
        return await self._job(request, tracking.end(self.sessions, request.path_params["ticket"]))

    async def tidy(self) -> None:
        """Now and then let go what nobody uses any more."""
        while True:
            await asyncio.sleep(TIDY_EVERY_S)
            with contextlib.suppress(QueueFullError):
                self.queue.submit(tracking.tidy(self.sessions), Priority.JOB, "tidy")

    async def _job(self, request: Request, steps: Steps[dict[str, Any]]) -> JSONResponse:
        return await self._answer(request, self.queue.submit(steps, Priority.JOB))

    async def _answer(self, request: Request, task: Task[dict[str, Any]]) -> JSONResponse:
        """Wait for the task, or drop it when the caller hangs up."""
        answer = asyncio.wrap_future(task.future)
        hung_up = asyncio.ensure_future(request.receive())  # the body is read: all that can come is the end
        try:
            await asyncio.wait((answer, hung_up), return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise CallerGoneError
            return JSONResponse(answer.result())
        except tuple(EXCEPTION_HANDLERS):
            raise
        except Exception as error:
            logger.exception("%s failed", request.url.path)
            raise WorkFailedError(f"{type(error).__name__}: {error}") from error
        finally:
            task.cancel()
            hung_up.cancel()


def create_app(
    root: Path,
    weights_folder: Path,
    *,
    device: str = "cpu",
    cache_bytes: int = 256 * 1024**2,
    queue_limit: int = 256,
    most_models: int = 2,
    preload: str | None = None,
    test_models: bool = False,
    model_files: Path | None = None,
    embeddings: Path | None = None,
    embeddings_bytes: int = 4 * 1024**3,
) -> Starlette:
    """The ASGI app with its device thread, which lives from the app's start-up to its shutdown.

    Parameters
    ----------
    root
        Folder of the pixel stores.
    weights_folder
        Where weights are looked for before the bundled ones.
    device
        "cpu", "cuda" …: what the models' loaders get.
    cache_bytes, queue_limit, most_models
        Bounds of the embedding cache, of the requests that wait, and of the models kept in memory.
    preload
        Model to load at start-up.
    test_models
        Also offer the model `fake`.
    model_files
        Folder of the files that requests name by their hash; None: there are none.
    embeddings, embeddings_bytes
        Folder where embeddings outlive the process, and its bound; None or 0: they do not.
    """
    models = Models(weights_folder, device, most_models, test_models=test_models, files=model_files)
    if preload is not None:
        models.info(preload)
    queue = DeviceQueue(queue_limit)
    kept = EmbeddingStore(embeddings, embeddings_bytes, root) if embeddings and embeddings_bytes else None
    engine = Engine(work.Device(PixelStores(root), models, EmbeddingCache(cache_bytes), kept), queue)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        queue.start()
        if kept is not None:
            kept.start()
        if preload is not None:
            loading = queue.submit(work.load(engine.device, preload), Priority.WARM)
            loading.future.add_done_callback(lambda future: _log_failure(preload, future.exception()))
        tidying = asyncio.create_task(engine.tidy())
        yield
        tidying.cancel()
        await asyncio.to_thread(queue.stop)
        if kept is not None:
            await asyncio.to_thread(kept.stop)

    return Starlette(
        routes=[
            Route("/health", engine.health),
            Route("/weights", engine.weights),
            Route("/check", engine.check, methods=["POST"]),
            Route("/warm", engine.warm, methods=["POST"]),
            Route("/predict", engine.predict, methods=["POST"]),
            Route("/segment", engine.segment, methods=["POST"]),
            Route("/segment/{ticket}/progress", engine.progress),
            Route("/track/begin", engine.begin_tracking, methods=["POST"]),
            Route("/track/{ticket}/frame", engine.track_frame, methods=["POST"]),
            Route("/track/{ticket}/finish", engine.finish_tracking, methods=["POST"]),
            Route("/track/{ticket}", engine.end_tracking, methods=["DELETE"]),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=lifespan,
    )


def _log_failure(model: str, error: BaseException | None) -> None:
    if error is not None and not isinstance(error, QueueStoppedError):
        logger.error("The model %s could not be loaded: %s", model, error)


def _error(status: int, code: str) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, error: Exception) -> Response:
        return JSONResponse({"code": code, "message": str(error)}, status)

    return handle


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, ValidationError)
    lines = [f"{'.'.join(map(str, item['loc'])) or 'request'}: {item['msg']}" for item in error.errors()]
    return JSONResponse({"code": "invalid", "message": "; ".join(lines)}, 400)


def _hung_up(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # nginx's code for it; nobody reads it


EXCEPTION_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    ValidationError: _invalid,
    UnknownModelError: _error(400, "unknown_model"),
    ParameterError: _error(400, "invalid"),
    CheckpointError: _error(400, "bad_checkpoint"),
    WeightsError: _error(400, "no_weights"),
    NotPromptableError: _error(400, "not_promptable"),
    PixelsError: _error(400, "pixels"),
    NoTrackingError: _error(400, "no_tracking"),
    TrackingError: _error(400, "invalid"),
    work.PromptError: _error(400, "invalid"),
    HiddenMaskError: _error(400, "invalid"),
    SupersededError: _error(409, "superseded"),
    QueueFullError: _error(503, "overloaded"),
    QueueStoppedError: _error(503, "stopping"),
    CallerGoneError: _hung_up,
    WorkFailedError: _error(500, "failed"),
}
