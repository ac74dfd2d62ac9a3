"""Faults on demand: what a test wants the Web API to do wrong next."""

from dataclasses import dataclass

from bot.emulator.wire import Json, SlackError


@dataclass(slots=True)
class Fault:
    """One wish. `method` may be `*`; `times` counts down; `drop` does the work and then loses the answer."""

    method: str
    error: str = "internal_error"
    status: int = 200
    retry_after: int | None = None
    drop: bool = False
    times: int = 1

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers of the answer."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class Faults:
    """The wishes that are still to be met, oldest first."""

    def __init__(self) -> None:
        self._wanted: list[Fault] = []

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
        """Forget every wish."""
        self._wanted.clear()

    def next_for(self, method: str) -> Fault | None:
        """The fault that this call meets, if any."""
        for fault in self._wanted:
            if fault.method in {method, "*"}:
                fault.times -= 1
                if fault.times <= 0:
                    self._wanted.remove(fault)
                return fault
        return None
