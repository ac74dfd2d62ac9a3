"""Fault injection: a test makes the next Web API calls fail."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from signoff.bot.emulator.protocol import Json, SlackError

RESPONSE_URL = "response_url"
"""Stands for a post to one, which is no method of the Web API."""


@dataclass(slots=True)
class Fault:
    """An injected fault for the next `times` calls of `method`, or of any method if it is `*`.

    `drop` executes the call and then loses the response. `hold` keeps the app waiting, before or after the call is
    executed, until the faults are cleared. `slow_by` executes the call that many seconds late. `retry_after` is sent
    as it is; Slack sends seconds, and proxies also dates. For posts to a `response_url`, `method` is `response_url`.
    """

    method: str
    error: str = "internal_error"
    status: int = 200
    retry_after: int | str | None = None
    drop: bool = False
    hold: Literal["", "before", "after"] = ""
    slow_by: float = 0.0
    times: int = 1

    @property
    def is_executed(self) -> bool:
        """Whether the call is executed in spite of the fault."""
        return self.drop or bool(self.hold) or self.slow_by > 0

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers of the response."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class Faults:
    """The injected faults that have not happened yet, oldest first."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self._held = asyncio.Event()
        self._released = asyncio.Event()

    def inject(self, fields: Json) -> Fault:
        """Add a fault. As in Slack, a rate limit has the status 429. Raises `invalid_arguments`."""
        rate_limit = {"status": 429, "retry_after": 1} if fields.get("error") == "ratelimited" else {}
        try:
            fault = Fault(**{"method": "*", **rate_limit, **fields})
        except TypeError as error:
            raise SlackError("invalid_arguments", message=str(error)) from error
        self._pending.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all faults, and release the calls that are held."""
        self._pending.clear()
        self._released.set()
        self._held, self._released = asyncio.Event(), asyncio.Event()

    async def hold(self) -> None:
        """Hold a call until the faults are cleared."""
        self._held.set()
        await self._released.wait()

    async def wait_until_held(self) -> None:
        """Return as soon as a call is held."""
        await self._held.wait()

    def next_for(self, method: str) -> Fault | None:
        """Take the fault for this call, if there is one."""
        matching = {method} if method == RESPONSE_URL else {method, "*"}
        for fault in self._pending:
            if fault.method in matching:
                fault.times -= 1
                if fault.times <= 0:
                    self._pending.remove(fault)
                return fault
        return None
