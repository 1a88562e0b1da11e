"""Runs what touches the database in threads of its own, so that one long commit delays nobody else's messages."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar, cast

from channels.db import database_sync_to_async

# Each thread in use holds one database connection.
_threads = ThreadPoolExecutor(16, thread_name_prefix="live")

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


async def in_thread(
    function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    call = database_sync_to_async(function, thread_sensitive=False, executor=_threads)
    return cast(Result, await call(*args, **kwargs))
