"""The Events API: subscriptions, envelopes and retries.

An event that is not acked within three seconds is sent again up to three times, with the same `event_id`
(docs.slack.dev/apis/events-api).
"""

import asyncio
import base64
import json
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from signoff.bot.emulator.delivery.delivery import MAX_LOG_ENTRIES, Ack, Delivery, Retry
from signoff.bot.emulator.events.inner_events import SCOPES, InnerEvent, inner_events
from signoff.bot.emulator.protocol import Json, new_id
from signoff.bot.emulator.workspace.changes import AppUninstalled, Change
from signoff.bot.emulator.workspace.directory import APP_ID, BOT_USER_ID, TEAM_ID, VERIFICATION_TOKEN
from signoff.bot.emulator.workspace.workspace import Workspace

RETRY_DELAYS = (0.0, 60.0, 300.0)
"""Seconds before each retry: immediately, after a minute, after five minutes."""

GRACE_SECONDS = 1.0
"""Seconds that attempts in progress have to finish when the workspace stops."""

REASONS = {
    "http": {
        "operation_timeout": "http_timeout",
        "app_unreachable": "connection_failed",
        "dispatch_failed": "http_error",
    },
    "socket": {},
}
"""Slack's names for the reasons of a retry. Over Socket Mode, apps have logged only `timeout`."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to send an event, and its outcome."""

    event_id: str
    event: Json
    retry: Retry
    ack: Ack

    def matches(self, kind: str) -> bool:
        """Whether the event has this type or subtype. The empty string matches every event."""
        return kind in {"", self.event["type"], self.event.get("subtype")}

    def control_json(self) -> Json:
        """The form in which the control API returns it."""
        return self.ack.control_json() | {
            "event_id": self.event_id,
            "event": self.event,
            "retry_attempt": self.retry.attempt,
            "retry_reason": self.retry.reason,
        }


class EventsApi:
    """Sends the app the events that it subscribes to and may see. Each event has its own task.

    `retry_delays` are the seconds before each retry. Tests shorten them.
    """

    def __init__(self, workspace: Workspace, delivery: Delivery, retry_delays: Sequence[float] = RETRY_DELAYS) -> None:
        self.retry_delays = retry_delays
        self._log: deque[Attempt] = deque(maxlen=MAX_LOG_ENTRIES)
        self._workspace = workspace
        self._delivery = delivery
        self._sending: set[asyncio.Task[None]] = set()
        self._attempted = asyncio.Condition()
        self._stopping = asyncio.Event()
        workspace.listeners.append(self._changed)

    async def attempts(self, kind: str = "", at_least: int = 0) -> list[Attempt]:
        """The attempts to send events of that type or subtype. Waits until there are `at_least` that many."""
        async with self._attempted:
            while len(found := [attempt for attempt in self._log if attempt.matches(kind)]) < at_least:
                await self._attempted.wait()
        return found

    def stop(self) -> None:
        """Send no further events, and retry none."""
        self._stopping.set()

    async def wait_until_sent(self) -> None:
        """Wait for the attempts in progress, for a moment. One that is cut off while it connects leaks its socket."""
        for wait in (GRACE_SECONDS, None):
            if self._sending:
                await asyncio.wait(self._sending, timeout=wait)
            for task in self._sending:
                task.cancel()

    def is_subscribed(self, event: InnerEvent) -> bool:
        """Whether the app's manifest subscribes to this event and has a scope for it."""
        manifest = self._workspace.manifest
        scopes = SCOPES[event.subscription]
        return event.subscription in manifest.events and (not scopes or bool(scopes & manifest.scopes))

    def _changed(self, change: Change) -> None:
        is_installed = self._workspace.is_installed or isinstance(change, AppUninstalled)
        if not self._workspace.manifest.events or not is_installed or self._stopping.is_set():
            return
        for event in inner_events(change, self._workspace, self._workspace.timestamps.next):
            if self.is_subscribed(event):
                task = asyncio.get_running_loop().create_task(self._send(event.body))
                # The event loop keeps only weak references to its tasks.
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _send(self, event: Json) -> None:
        envelope = self._envelope(event)
        retry = Retry()
        for delay in (*self.retry_delays, None):
            ack = await self._delivery.attempt("event_callback", envelope, retry=retry)
            self._log.append(Attempt(envelope["event_id"], event, retry, ack))
            async with self._attempted:
                self._attempted.notify_all()
            if ack.error is None or ack.no_retry or delay is None:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)
            if self._stopping.is_set():
                return
            retry = Retry(retry.attempt + 1, REASONS[ack.via].get(ack.error, "timeout"))

    def _envelope(self, event: Json) -> Json:
        context = {"et": event["type"], "tid": TEAM_ID, "aid": APP_ID}
        if "channel" in event:
            context["cid"] = event["channel"]
        encoded = base64.urlsafe_b64encode(json.dumps(context).encode()).decode().rstrip("=")
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": TEAM_ID,
            "context_team_id": TEAM_ID,
            "context_enterprise_id": None,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": new_id("Ev"),
            "event_time": int(self._workspace.clock()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM_ID,
                    "user_id": BOT_USER_ID,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{encoded}",
        }
