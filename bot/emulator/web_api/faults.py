"""Fault injection: a test makes the next Web API calls fail."""

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from signoff.bot.emulator.protocol import Json, SlackError

RESPONSE_URL = "response_url"
"""Stands for a post to one, which is no method of the Web API."""


@dataclass(slots=True)
class Fault:
    """An injected fault for the next `times` calls of `method`, or of any method if it is `*`.

    `drop` executes the call and then loses the response. `hold` keeps the app waiting, before or after the call is
    executed, until the faults are cleared. `slow_by` executes the call that many seconds late. `retry_after` is sent
    as it is; Slack sends seconds, and proxies also dates. For posts to a `response_url`, `method` is `response_url`,
    and the status is 404 unless another one is given, as for a URL that Slack does not take any more.
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


@dataclass(slots=True)
class RateLimit:
    """How many calls of a method are taken in any 60 seconds, as Slack's tiers have it."""

    per_minute: int
    taken: deque[float] = field(default_factory=deque)

    def refusal(self, at: float) -> Fault | None:
        """What becomes of a call at this moment, in seconds since the epoch; `None` if it is taken."""
        while self.taken and self.taken[0] <= at - 60:
            self.taken.popleft()
        if len(self.taken) < self.per_minute:
            self.taken.append(at)
            return None
        left = max(1, math.ceil(self.taken[0] + 60 - at))
        return Fault("*", error="ratelimited", status=429, retry_after=left)


class Faults:
    """The injected faults that have not happened yet, oldest first, and the rate limits."""

    def __init__(self) -> None:
        self._limits: dict[str, RateLimit] = {}
        self._pending: list[Fault] = []
        self._held = asyncio.Event()
        self._released = asyncio.Event()

    def inject(self, fields: Json) -> None:
        """Add a fault or a rate limit. As in Slack, a refusal for its rate has the status 429, and a bad URL 404.

        Raises `invalid_arguments`.
        """
        if fields.keys() == {"method", "per_minute"}:
            self._limits[fields["method"]] = RateLimit(fields["per_minute"])
            return
        usual: Json = {"status": 404} if fields.get("method") == RESPONSE_URL else {}
        if fields.get("error") == "ratelimited":
            usual = {"status": 429, "retry_after": 1}
        try:
            fault = Fault(**{"method": "*", **usual, **fields})
        except TypeError as error:
            raise SlackError("invalid_arguments", message=str(error)) from error
        self._pending.append(fault)

    def clear(self) -> None:
        """Remove all faults and rate limits, and release the calls that are held."""
        self._limits.clear()
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

    def next_for(self, method: str, *, at: float) -> Fault | None:
        """Take the fault for this call, if there is one."""
        if (limit := self._limits.get(method)) is not None and (refusal := limit.refusal(at)) is not None:
            return refusal
        matching = {method} if method == RESPONSE_URL else {method, "*"}
        for fault in self._pending:
            if fault.method in matching:
                fault.times -= 1
                if fault.times <= 0:
                    self._pending.remove(fault)
                return fault
        return None
