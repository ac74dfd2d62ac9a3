"""Retries of a task or nested flow, and the time limit for each try."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from signoff.flows.durable.async_bridge import in_thread, to_thread
from signoff.flows.durable.timeouts import ActiveTimeout
from signoff.flows.errors import FlowPauseTimeout, FlowTimeout, InvalidFlow, NobodyToAsk, PromptRejected, StepTimeout

_FINAL = (PromptRejected, NobodyToAsk, FlowPauseTimeout, FlowTimeout)
"""Errors that a retry would only repeat: a rejection, a deadline, a flow that ran out of time."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a function is retried, and how long each try may take.

    Attributes:
        name: Whose function it is, for messages and thread names.
        retries: How many tries may follow the first one.
        delay: Seconds before each retry. Of a sequence, the last item holds for all further retries.
        timeout: Seconds of active time for one try; `None` for no limit.

    Raises:
        InvalidFlow: If there are no such numbers.
    """

    name: str
    retries: int = 0
    delay: float | Sequence[float] = 0
    timeout: float | None = None

    def __post_init__(self) -> None:
        # Decorators may be given anything.
        retries: Any = self.retries
        if not isinstance(retries, int) or retries < 0:
            raise InvalidFlow(f"{self.name}: retries={retries!r} is not a number of retries. Give 0 or more.")
        delay: Any = self.delay
        delays = delay if isinstance(delay, Sequence) and not isinstance(delay, str) else [delay]
        if any(not isinstance(each, int | float) or not 0 <= each < math.inf for each in delays):
            raise InvalidFlow(
                f"{self.name}: retry_delay_seconds={delay!r} is not a number of seconds, nor a list of them. Give 0 or "
                "more."
            )
        timeout: Any = self.timeout
        if timeout is not None and (not isinstance(timeout, int | float) or not timeout > 0):
            raise InvalidFlow(
                f"{self.name}: timeout_seconds={timeout!r} is not a number of seconds above zero. Give one, or leave "
                "it out for no limit."
            )

    def delay_before(self, retry: int) -> float:
        """Seconds to wait before a retry; they are numbered from 1."""
        if isinstance(self.delay, (int, float)):
            return float(self.delay)
        return float(self.delay[min(retry, len(self.delay)) - 1]) if self.delay else 0.0

    def call(self, function: Callable[[], Any], *, failed: Callable[[Exception, int], None]) -> Any:
        """Call a function until it returns, or raise its last error.

        Args:
            failed: Called before each retry with the error and the number of the retry.
        """
        for retry in range(1, self.retries + 1):
            try:
                return self._within_time(function)
            except _FINAL:
                raise
            except Exception as error:  # noqa: BLE001 - any failure may be retried
                failed(error, retry)
            time.sleep(self.delay_before(retry))
        return self._within_time(function)

    async def call_async(
        self, function: Callable[[], Awaitable[Any]], *, failed: Callable[[Exception, int], None]
    ) -> Any:
        """`call` for an async function."""
        for retry in range(1, self.retries + 1):
            try:
                return await self._within_time_async(function)
            except _FINAL:
                raise
            except Exception as error:  # noqa: BLE001 - any failure may be retried
                await to_thread(partial(failed, error, retry))
            await asyncio.sleep(self.delay_before(retry))
        return await self._within_time_async(function)

    def _within_time(self, function: Callable[[], Any]) -> Any:
        if self.timeout is None:
            return function()
        timeout = self._new_timeout()
        with timeout.applied():
            done = in_thread(function, name=f"{self.name}-timed")
        timeout.wait(done)
        return done.result()

    async def _within_time_async(self, function: Callable[[], Awaitable[Any]]) -> Any:
        if self.timeout is None:
            return await function()
        timeout = self._new_timeout()
        with timeout.applied():
            async with timeout.cancelling():
                return await function()

    def _new_timeout(self) -> ActiveTimeout:
        return ActiveTimeout(self.name, self.timeout, StepTimeout)
