"""Faults on demand: what a test wants the Web API to do wrong next."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from signoff.bot.emulator.wire import Json, SlackError


@dataclass(slots=True)
class Fault:
    """One wish. `method` may be `*`; `times` counts down; `drop` does the work and then loses the answer.

    `hold` keeps the app waiting, before the work is done or after it, until the faults are cleared.
    """

    method: str
    error: str = "internal_error"
    status: int = 200
    retry_after: int | None = None
    drop: bool = False
    hold: Literal["", "before", "after"] = ""
    times: int = 1

    @property
    def is_harmless(self) -> bool:
        """Whether the work is done all the same."""
        return self.drop or bool(self.hold)

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers of the answer."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class Faults:
    """The wishes that are still to be met, oldest first."""

    def __init__(self) -> None:
        self._wanted: list[Fault] = []
        self._holding = asyncio.Event()
        self._released = asyncio.Event()

    def want(self, wish: Json) -> Fault:
        """Add a wish. A rate limit is answered with 429, as Slack does. Raises `invalid_arguments`."""
        rate_limit = {"status": 429, "retry_after": 1} if wish.get("error") == "ratelimited" else {}
        try:
            fault = Fault(**{"method": "*", **rate_limit, **wish})
        except TypeError as error:
            raise SlackError("invalid_arguments", message=str(error)) from error
        self._wanted.append(fault)
        return fault

    def clear(self) -> None:
        """Forget every wish, and let the calls go that are held."""
        self._wanted.clear()
        self._released.set()
        self._holding, self._released = asyncio.Event(), asyncio.Event()

    async def hold(self) -> None:
        """Keep a call until the faults are cleared."""
        self._holding.set()
        await self._released.wait()

    async def until_held(self) -> None:
        """Returns as soon as a call is held."""
        await self._holding.wait()

    def next_for(self, method: str) -> Fault | None:
        """The fault that this call meets, if any."""
        for fault in self._wanted:
            if fault.method in {method, "*"}:
                fault.times -= 1
                if fault.times <= 0:
                    self._wanted.remove(fault)
                return fault
        return None
