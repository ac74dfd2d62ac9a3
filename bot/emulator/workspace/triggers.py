"""Trigger ids, which allow the app to open a modal for the person who has just acted."""

import secrets
from dataclasses import dataclass, replace
from itertools import count

from signoff.bot.emulator.protocol import SlackError
from signoff.bot.emulator.workspace.timestamps import Clock

LIFETIME_SECONDS = 3.0
"""How long a trigger id is valid in Slack."""

RETENTION_SECONDS = 3600
"""How long an old trigger id is reported as expired or exchanged. Later it is reported as invalid."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Who acted and when, and in which view if it was in a view."""

    user: str
    issued_at: float
    view_id: str | None
    is_exchanged: bool = False


class Triggers:
    """Issues trigger ids. Each can be exchanged once, within `lifetime` seconds."""

    def __init__(self, clock: Clock, lifetime: float = LIFETIME_SECONDS) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._issued: dict[str, Trigger] = {}
        self._numbers = count(1)

    def issue(self, user: str, view_id: str | None = None) -> str:
        """A new trigger id for an interaction of this person."""
        self._discard_old()
        trigger_id = f"{next(self._numbers)}.{round(self._clock())}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = Trigger(user, self._clock(), view_id)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Exchange a trigger id.

        Raises `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id` (docs of `views.open`).
        """
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.is_exchanged:
            raise SlackError("exchanged_trigger_id")
        if self._clock() - trigger.issued_at > self._lifetime:
            raise SlackError("expired_trigger_id")
        self._issued[trigger_id] = replace(trigger, is_exchanged=True)
        return trigger

    def _discard_old(self) -> None:
        while self._issued:
            oldest = next(iter(self._issued))
            if self._clock() - self._issued[oldest].issued_at < RETENTION_SECONDS:
                break
            del self._issued[oldest]
