"""The only caller of the engine: asks over its socket and turns its errors into the domain's.

Cancelling the task that asks cancels the work in the engine. While the engine restarts, callers wait a bounded time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal
from uuid import uuid4
from weakref import WeakKeyDictionary

import httpx
from django.conf import settings

from backend.protocol.errors import DomainError, InvalidError
from backend.protocol.messages import Box, Candidate, MaskRle, PromptPoint

Priority = Literal["click", "job"]

PATIENCE_S: dict[Priority, float] = {"click": 10.0, "job": 60.0}  # how long a restart of the engine may take
CLICK_TIMEOUT_S = 60.0  # the first use of a model loads it
JOB_TIMEOUT_S = 900.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5
PROGRESS_EVERY_S = 0.3
MOST_CONNECTIONS = 512


class EngineError(DomainError):
    """The engine met an error of its own."""

    status = 502
    code = "engine_error"


class EngineUnavailableError(EngineError):
    """Nothing answers at the engine's address."""

    status = 503
    code = "engine_unavailable"


class EngineOverloadedError(EngineError):
    """Too many requests wait for the engine."""

    status = 503
    code = "engine_overloaded"


class EngineTimeoutError(EngineError):
    """The engine took longer than a request may wait."""

    status = 504
    code = "engine_timeout"


class SupersededError(DomainError):
    """A newer prompt of the same client took this one's place."""

    status = 409
    code = "superseded"


@dataclass(frozen=True)
class Frame:
    """One frame as the engine finds it: store (relative path), index, the series' input range, perhaps a channel."""

    store: str
    frame: int
    input_range: tuple[float, float]
    channel: int | None = None


@dataclass(frozen=True)
class Prediction:
    """Candidate masks for a prompt, best first."""

    candidates: list[Candidate]
    model_hash: str
    encode_ms: float
    decode_ms: float


@dataclass(frozen=True)
class Segmentation:
    """Every object that a model found on a frame; `model_hash` is that of the version's file where there is one."""

    instances: list[Candidate]
    model_hash: str


# ---- questions ----------------------------------------------------------------------------------------------


async def health() -> dict[str, Any]:
    """What the engine says of itself, or EngineUnavailableError at once."""
    return await _ask("GET", "/health", None, patience_s=0.0, timeout_s=5.0)


async def usual_weights() -> dict[str, dict[str, Any]]:
    """For every model that needs weights: the file in use, or why there is none; EngineUnavailableError at once.

    {reason, file: {sha256, size_bytes, card, metadata} or None} by the model's name.
    """
    # The first answer takes a while: networks are built to count their parameters.
    return await _ask("GET", "/weights", None, patience_s=0.0, timeout_s=CLICK_TIMEOUT_S)


async def check(path: str, *, name: str, model: str | None) -> dict[str, Any]:
    """What a file below the folder of model files holds: {model, metadata, parameters}.

    InvalidError `bad_checkpoint` where it can be no model's weights or settings, or none of `model`.
    """
    body = {"path": path, "name": name, "model": model}
    return await _ask("POST", "/check", body, patience_s=PATIENCE_S["click"], timeout_s=CLICK_TIMEOUT_S)


async def warm(frame: Frame, *, model: str, client: str, neighbours: int, weights: str | None = None) -> bool:
    """Have the frame's embedding computed, and its neighbours' while the engine has nothing else to do.

    Answers whether it was there already. A newer call of the same client takes this one's place: SupersededError.
    """
    asked = {"model": model, "weights": weights, "client": client, "neighbours": neighbours}
    body = asdict(frame) | asked
    answer = await _ask("POST", "/warm", body, patience_s=PATIENCE_S["click"], timeout_s=CLICK_TIMEOUT_S)
    return bool(answer["cached"])


async def predict(
    frame: Frame,
    *,
    model: str,
    points: Sequence[PromptPoint],
    box: Box | None,
    client: str,
    mask: MaskRle | None = None,
    weights: str | None = None,
    priority: Priority = "click",
) -> Prediction:
    """Candidate masks for one whole prompt; `mask` is one to refine.

    Of one client's clicks that wait only the newest counts; the others raise SupersededError.
    """
    body = _prompt_body(frame, points=points, box=box, mask=mask) | {"model": model, "weights": weights}
    body |= {"client": client, "priority": priority}
    timeout_s = CLICK_TIMEOUT_S if priority == "click" else JOB_TIMEOUT_S
    return _prediction(await _ask("POST", "/predict", body, patience_s=PATIENCE_S[priority], timeout_s=timeout_s))


async def segment(
    frame: Frame,
    *,
    model: str,
    parameters: Mapping[str, Any],
    client: str,
    weights: str | None = None,
    on_progress: Callable[[float], Awaitable[None]] | None = None,
    patience: Priority = "click",
) -> Segmentation:
    """Every object of the frame; `on_progress` hears of the fraction that is done, where the model knows it.

    It queues as a job does even where a person waits for it: everybody's clicks go between its steps. `patience` says
    for how long a restart of the engine is waited for.
    """
    asked = {"model": model, "weights": weights, "parameters": dict(parameters)}
    body = asdict(frame) | asked | {"client": client, "priority": "job", "ticket": uuid4().hex}
    question = _ask("POST", "/segment", body, patience_s=PATIENCE_S[patience], timeout_s=JOB_TIMEOUT_S)
    answer = asyncio.ensure_future(question)
    try:
        if on_progress is not None:
            await _follow(answer, body["ticket"], on_progress)
        return _segmentation(await answer, weights)
    finally:
        answer.cancel()


async def track_begin(
    frame: Frame,
    *,
    ticket: str,
    model: str,
    weights: str | None,
    parameters: Mapping[str, Any],
    tracker: str,
    client: str,
    frames: int,
    highest: int,
    alive_until: Mapping[int, int],
    before: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Begins a tracking of so many frames, which the engine knows by `ticket`: {segmenter_hash, tracker_hash}.

    See `ml.engine.tracking` for what the rest means.
    """
    place = {key: value for key, value in asdict(frame).items() if key != "frame"}
    asked = {"ticket": ticket, "segmenter": model, "weights": weights, "parameters": dict(parameters)}
    way = {"frames": frames, "highest": highest, "alive_until": dict(alive_until), "before": before}
    body = place | asked | way | {"tracker": tracker, "client": client}
    return await _ask("POST", "/track/begin", body, patience_s=PATIENCE_S["job"], timeout_s=JOB_TIMEOUT_S)


async def track_frame(
    ticket: str, *, index: int, frame: int, known: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Gives the engine the next frame; returns those that it has confirmed by now.

    InvalidError `no_tracking` where it has forgotten the tracking: begin anew.
    """
    body = {"index": index, "frame": frame, "known": list(known)}
    answer = await _ask("POST", f"/track/{ticket}/frame", body, patience_s=PATIENCE_S["job"], timeout_s=JOB_TIMEOUT_S)
    return list(answer["confirmed"])


async def track_finish(ticket: str) -> list[dict[str, Any]]:
    """There are no more frames: the rest of them."""
    answer = await _ask("POST", f"/track/{ticket}/finish", {}, patience_s=PATIENCE_S["job"], timeout_s=JOB_TIMEOUT_S)
    return list(answer["confirmed"])


async def track_end(ticket: str) -> None:
    """Lets the engine forget the tracking."""
    await _ask("DELETE", f"/track/{ticket}", None, patience_s=0.0, timeout_s=10.0)


async def _follow(answer: asyncio.Future[Any], ticket: str, on_progress: Callable[[float], Awaitable[None]]) -> None:
    """Tell of the progress until the answer is there."""
    told = 0.0
    while not (await asyncio.wait((answer,), timeout=PROGRESS_EVERY_S))[0]:
        with suppress(DomainError):  # the answer will tell what is wrong
            said = await _ask("GET", f"/segment/{ticket}/progress", None, patience_s=0.0, timeout_s=10.0)
            if said["progress"] is not None and said["progress"] > told:
                told = said["progress"]
                await on_progress(told)


# ---- bodies and answers -------------------------------------------------------------------------------------


def _prompt_body(
    frame: Frame, *, points: Sequence[PromptPoint], box: Box | None, mask: MaskRle | None
) -> dict[str, Any]:
    places = [(point.x, point.y, point.label) for point in points]
    return asdict(frame) | {"points": places, "box": box, "mask": mask and mask.model_dump()}


def _candidate(item: Mapping[str, Any]) -> Candidate:
    return Candidate(
        mask=MaskRle(**item["rle"]),
        score=item["score"],
        area_px=item["area_px"],
        box=item["box"],
        phase=item["phase"],
    )


def _prediction(answer: Mapping[str, Any]) -> Prediction:
    candidates = [_candidate(item) for item in answer["candidates"]]
    return Prediction(candidates, answer["model_hash"], answer["encode_ms"], answer["decode_ms"])


def _segmentation(answer: Mapping[str, Any], weights: str | None) -> Segmentation:
    # The engine knows settings by what they say, and would call two files of the same settings alike.
    return Segmentation([_candidate(item) for item in answer["instances"]], weights or answer["model_hash"])


# ---- asking -------------------------------------------------------------------------------------------------

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[str, httpx.AsyncClient]] = WeakKeyDictionary()


async def _ask(
    method: str, path: str, body: Mapping[str, Any] | None, *, patience_s: float, timeout_s: float
) -> dict[str, Any]:
    client = _async_client(settings.GRATICULE_ENGINE)
    attempts = _Attempts(patience_s)
    while True:
        try:
            response = await client.request(method, path, json=body, timeout=timeout_s)
        except httpx.TransportError as error:
            pause_s = attempts.pause_after(error, timeout_s)
        else:
            if not _is_stopping(response):
                return _read(response)
            pause_s = attempts.pause_after(None, timeout_s)
        await asyncio.sleep(pause_s)


class _Attempts:
    """Decides after a failed attempt how long to wait for the next one, or that there is none."""

    def __init__(self, patience_s: float) -> None:
        self._until = time.monotonic() + patience_s
        self._pauses = _pauses()
        self._broken = 0

    def pause_after(self, error: httpx.TransportError | None, timeout_s: float) -> float:
        """Seconds to pause. `error` None: the engine said that it is shutting down."""
        if isinstance(error, httpx.TimeoutException):
            raise EngineTimeoutError(
                f"The engine did not answer within {timeout_s:g} s. Try again when it is less busy."
            ) from error
        if error is not None and not isinstance(error, httpx.ConnectError):
            # It died while it worked on this. Once more is safe (nothing is stored); but a request that kills
            # the engine must not kill it for ever.
            self._broken += 1
            if self._broken > 1:
                raise EngineError(
                    "The engine broke off twice while it worked on this request. Its log says why; "
                    "memory may have run out."
                ) from error
        pause_s = next(self._pauses)
        if time.monotonic() + pause_s > self._until:
            raise EngineUnavailableError(
                f"The engine does not answer at {settings.GRATICULE_ENGINE}. `python manage.py serve` starts it again "
                "by itself: try again in a few seconds, and look at its log if that does not help."
            ) from error
        return pause_s


def _pauses() -> Iterator[float]:
    pause_s = FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _is_stopping(response: httpx.Response) -> bool:
    return response.status_code == 503 and _problem(response)[0] == "stopping"


def _read(response: httpx.Response) -> dict[str, Any]:
    if response.status_code == 200:
        answer: dict[str, Any] = response.json()
        return answer
    code, message = _problem(response)
    if code == "superseded":
        raise SupersededError(message)
    if code == "overloaded":
        raise EngineOverloadedError(message)
    if response.status_code == 400:
        raise InvalidError(message, code=code)
    raise EngineError(f"The engine failed: {message}")


def _problem(response: httpx.Response) -> tuple[str, str]:
    """The engine's code and message; whatever else answers at its address has neither."""
    try:
        body = response.json()
        return str(body["code"]), str(body["message"])
    except (ValueError, KeyError, TypeError):
        return "", f"status {response.status_code} from {settings.GRATICULE_ENGINE}"


def _async_client(address: str) -> httpx.AsyncClient:
    """One pool of connections per event loop."""
    loop = asyncio.get_running_loop()
    known = _clients.get(loop)
    if known is None or known[0] != address:
        uds, base_url = _split(address)
        transport = httpx.AsyncHTTPTransport(uds=uds, limits=_limits(), trust_env=False)
        known = _clients[loop] = (address, httpx.AsyncClient(transport=transport, base_url=base_url, trust_env=False))
    return known[1]


def _split(address: str) -> tuple[str | None, str]:
    """Socket path (None: over TCP) and base URL."""
    if address.startswith(("http://", "https://")):
        return None, address
    return address, "http://engine"


def _limits() -> httpx.Limits:
    # Every request that waits in the engine's queue holds a connection.
    return httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=32)
