"""Delivers payloads to the app, over its current transport and within Slack's time limit."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.workspace.timestamps import Clock

ACK_LIMIT_SECONDS = 3.0
MAX_LOG_ENTRIES = 10_000


ApplyResponse = Callable[[Json], None]


class NotDelivered(Exception):
    """The app was unreachable (`app_unreachable`) or rejected the payload (`dispatch_failed`).

    `no_retry` is set if the app asked Slack not to send the event again.
    """

    def __init__(self, error: str, status: int | None = None, *, no_retry: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.no_retry = no_retry


@dataclass(frozen=True, slots=True)
class Retry:
    """The number of a retry of an event, and its reason. The first attempt is number 0."""

    attempt: int = 0
    reason: str = ""


class Transport(Protocol):
    """A connection to the app."""

    via: str

    @property
    def is_connected(self) -> bool:
        """Whether the app is connected."""
        ...

    async def send(self, kind: str, payload: Json, retry: Retry) -> Json | None:
        """Send a payload and wait for the ack; returns its body, or None. Raises `NotDelivered`."""
        ...


@dataclass(frozen=True, slots=True)
class Ack:
    """The outcome of a delivery. `error` is None if the app acked in time. `status` is the HTTP status of a rejection.

    `at` is when the payload was sent, in seconds since the epoch.
    """

    kind: str
    via: str
    at: float
    ack_ms: float
    response: Json | None = None
    error: str | None = None
    status: int | None = None
    no_retry: bool = False

    def control_json(self) -> Json:
        """The form in which the control API returns it."""
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
    """Delivers payloads, and keeps a log of the outcomes."""

    def __init__(self, transport: Transport, ack_limit_seconds: float, clock: Clock = time.time) -> None:
        self.transport = transport
        self.log: deque[Ack] = deque(maxlen=MAX_LOG_ENTRIES)
        self._ack_limit = ack_limit_seconds
        self._acks_to_lose: Counter[str | None] = Counter()
        self._clock = clock

    def lose_acks(self, kind: str, times: int) -> None:
        """Discard the acks of the next payloads of that kind. The app processes them, but Slack sees a timeout.

        An event is also known by its type and its subtype: acks of earlier events may still be under way.
        """
        self._acks_to_lose[kind] += times

    async def deliver(self, kind: str, payload: Json, apply_response: ApplyResponse = lambda _response: None) -> Ack:
        """Deliver an interaction, of the kind `block_actions` for example. Never raises: the `Ack` has the error.

        `apply_response` applies the app's response. If it raises `SlackError`, the delivery failed with that error.
        """
        ack = await self.attempt(kind, payload, apply_response)
        self.log.append(ack)
        return ack

    async def attempt(
        self,
        kind: str,
        payload: Json,
        apply_response: ApplyResponse = lambda _response: None,
        *,
        retry: Retry | None = None,
    ) -> Ack:
        """The same without a log entry. The Events API uses it, because it has its own log."""
        transport = self.transport
        at, started = self._clock(), time.perf_counter()
        response, error, status, no_retry = None, None, None, False
        try:
            async with asyncio.timeout(self._ack_limit):
                response = await transport.send(kind, payload, retry or Retry())
            if self._is_lost(kind, payload):
                raise TimeoutError
            apply_response(response or {})
        except SlackError as invalid:
            error = invalid.error
        except TimeoutError:
            error = "operation_timeout"
        except NotDelivered as failure:
            error, status, no_retry = failure.error, failure.status, failure.no_retry
        ack_ms = round((time.perf_counter() - started) * 1000, 3)
        return Ack(kind, transport.via, at, ack_ms, response, error, status, no_retry)

    def _is_lost(self, kind: str, payload: Json) -> bool:
        event = payload.get("event", {})
        for each in (kind, event.get("type"), event.get("subtype")):
            if self._acks_to_lose[each] > 0:
                self._acks_to_lose[each] -= 1
                return True
        return False
