"""Handing payloads to the app, by whichever way it is connected, within Slack's time limit."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from signoff.bot.emulator.wire import Json, SlackError
from signoff.bot.emulator.workspace.timestamps import Clock

ACK_LIMIT_SECONDS = 3.0
MOST_REMEMBERED = 10_000


Take = Callable[[Json], None]


class NotDelivered(Exception):
    """The app could not be reached (`app_unreachable`) or refused the payload (`dispatch_failed`).

    `no_retry` is set when the app asked not to be sent an event again.
    """

    def __init__(self, error: str, status: int | None = None, *, no_retry: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.no_retry = no_retry


@dataclass(frozen=True, slots=True)
class Retry:
    """Which retry of an event this is, and why: 0 for the first attempt."""

    attempt: int = 0
    reason: str = ""


class Transport(Protocol):
    """A way to the app."""

    via: str

    @property
    def is_connected(self) -> bool:
        """Whether the app can be reached this way at all."""
        ...

    async def send(self, kind: str, payload: Json, retry: Retry) -> Json | None:
        """Hand a payload over and wait for the ack; gives its body, or None. Raises `NotDelivered`."""
        ...


@dataclass(frozen=True, slots=True)
class Ack:
    """How the app took a payload. `error` is None when it acked in time; `status` is the HTTP status of a refusal.

    `at` is when it was sent, in seconds since the epoch.
    """

    kind: str
    via: str
    at: float
    ack_ms: float
    response: Json | None = None
    error: str | None = None
    status: int | None = None
    no_retry: bool = False

    def shown(self) -> Json:
        """As the control API lists it."""
        return {
            "kind": self.kind,
            "via": self.via,
            "at": self.at,
            "ack_ms": self.ack_ms,
            "status": self.status or (None if self.error else 200),
            "response": self.response,
            "error": self.error,
        }


class Delivery:
    """Delivers one payload after another and remembers how each was taken."""

    def __init__(self, transport: Transport, ack_limit_seconds: float, clock: Clock = time.time) -> None:
        self.transport = transport
        self.log: deque[Ack] = deque(maxlen=MOST_REMEMBERED)
        self._ack_limit = ack_limit_seconds
        self._acks_to_lose: Counter[str] = Counter()
        self._clock = clock

    def lose_acks(self, kind: str, times: int) -> None:
        """Lose the acks of the next payloads of that kind: the app has done its work, and is not believed."""
        self._acks_to_lose[kind] += times

    async def deliver(self, kind: str, payload: Json, take: Take = lambda _answer: None) -> Ack:
        """Deliver an interaction of that kind, `block_actions` or `slash_command` say. Never raises: the ack tells.

        `take` does what the app answered. When it raises `SlackError`, that is how the delivery failed.
        """
        ack = await self.attempt(kind, payload, take)
        self.log.append(ack)
        return ack

    async def attempt(
        self, kind: str, payload: Json, take: Take = lambda _answer: None, *, retry: Retry | None = None
    ) -> Ack:
        """The same without noting it in the log. Events are sent this way, the first time and again."""
        transport = self.transport
        at, started = self._clock(), time.perf_counter()
        response, error, status, no_retry = None, None, None, False
        try:
            async with asyncio.timeout(self._ack_limit):
                response = await transport.send(kind, payload, retry or Retry())
            if self._acks_to_lose[kind] > 0:
                self._acks_to_lose[kind] -= 1
                raise TimeoutError
            take(response or {})
        except SlackError as refusal:
            error = refusal.error
        except TimeoutError:
            error = "operation_timeout"
        except NotDelivered as failure:
            error, status, no_retry = failure.error, failure.status, failure.no_retry
        ack_ms = round((time.perf_counter() - started) * 1000, 3)
        return Ack(kind, transport.via, at, ack_ms, response, error, status, no_retry)
