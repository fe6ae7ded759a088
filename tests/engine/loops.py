"""Both event loops that the agent may find itself on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
import uvloop

T = TypeVar("T")
EITHER_LOOP = pytest.mark.parametrize(
    "factory", [pytest.param(asyncio.new_event_loop, id="asyncio"), pytest.param(uvloop.new_event_loop, id="uvloop")]
)


def run_on(factory: Callable[[], asyncio.AbstractEventLoop], coroutine: Coroutine[Any, Any, T]) -> T:
    """Run *coroutine* on a loop of *factory*."""
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(coroutine)
