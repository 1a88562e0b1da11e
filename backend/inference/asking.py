"""How a job asks the engine: from one event loop, and with an eye on whether the job is still wanted."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from backend.jobs.registry import JobContext

LOOK_S = 1.0  # how often it is looked whether the job was cancelled while the engine works

Answer = TypeVar("Answer")


class Ask(Protocol):
    """Waits for the engine's answer; the fraction and the step are told meanwhile."""

    def __call__(self, question: Awaitable[Answer], fraction: float, step: str) -> Answer: ...


@contextmanager
def asking(context: JobContext) -> Iterator[Ask]:
    with asyncio.Runner() as runner:

        def ask(question: Awaitable[Answer], fraction: float, step: str) -> Answer:
            task = runner.get_loop().create_task(_waited_for(question))
            try:
                while not runner.run(_done(task)):
                    context.progress(fraction, step)
                return task.result()
            finally:
                task.cancel()

        yield ask


async def _waited_for(question: Awaitable[Answer]) -> Answer:
    return await question


async def _done(task: "asyncio.Task[Answer]") -> bool:
    done, _ = await asyncio.wait((task,), timeout=LOOK_S)
    return bool(done)
