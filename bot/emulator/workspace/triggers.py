"""Trigger ids: the right to open a modal for the person who has just acted."""

import secrets
from dataclasses import dataclass, replace
from itertools import count

from signoff.bot.emulator.wire import SlackError
from signoff.bot.emulator.workspace.timestamps import Clock

LIFE_SECONDS = 3.0
REMEMBERED_SECONDS = 3600
"""For so long an old trigger id is known to be expired or exchanged, and then it is merely invalid."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Who acted, when, and in which view if it was in one."""

    user: str
    issued_at: float
    view_id: str | None
    is_exchanged: bool = False


class Triggers:
    """Hands out trigger ids and takes each back once, within three seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issued: dict[str, Trigger] = {}
        self._numbers = count(1)

    def issue(self, user: str, view_id: str | None = None) -> str:
        """A fresh trigger id for an act of this person."""
        self._forget_old()
        trigger_id = f"{next(self._numbers)}.{round(self._clock())}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = Trigger(user, self._clock(), view_id)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Use a trigger id up.

        Raises `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id` (docs of `views.open`).
        """
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.is_exchanged:
            raise SlackError("exchanged_trigger_id")
        if self._clock() - trigger.issued_at > LIFE_SECONDS:
            raise SlackError("expired_trigger_id")
        self._issued[trigger_id] = replace(trigger, is_exchanged=True)
        return trigger

    def _forget_old(self) -> None:
        while self._issued:
            oldest = next(iter(self._issued))
            if self._clock() - self._issued[oldest].issued_at < REMEMBERED_SECONDS:
                break
            del self._issued[oldest]
