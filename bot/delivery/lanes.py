"""What waits for Slack, in lanes that do not delay each other.

What is in one lane is sent one after the other: posts to one channel, updates of messages in one channel, and searches
of one channel for a message that may be there already. So the order within a thread is kept, and a channel that is slow
or limited delays nothing but itself.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from signoff.bot.delivery.rate_limits import POST, UPDATE, RateLimits
from signoff.store.places import Place, PlaceKind
from signoff.store.records.outbox import Waiting

SEARCH = "conversations.history"


@dataclass(frozen=True, slots=True)
class LaneKey:
    """Which lane it is.

    Attributes:
        method: The Web API method that is called first.
        channel: The channel's id, or how the place names it as long as nothing was posted there.
    """

    method: str
    channel: str


class Lanes:
    """All lanes. Not for use by several threads."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._waiting: dict[LaneKey, _Queues] = {}
        self._sending: dict[Waiting, LaneKey] = {}
        self._busy: set[LaneKey] = set()
        # Lanes of which a notice was taken last.
        self._after_notice: set[LaneKey] = set()
        self._channels: dict[str, str] = {}
        self.seconds_to_next: float | None = None
        """Seconds until `take` may have more; `None` if nothing waits, or only for what is being sent."""

    def __len__(self) -> int:
        """In how many lanes something waits."""
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is being sent."""
        return not self._waiting and not self._sending

    def learn(self, place: Place, channel: str) -> None:
        """Note the id of the channel of a place, which may be a name or a person. Slack counts by channel."""
        target = place.target
        if place.kind is PlaceKind.THREAD or self._channels.get(target, target) == channel:
            return
        self._channels[target] = channel
        self._limits.rename(target, channel)
        for key in [key for key in self._waiting if key.channel == target]:
            # If something waits under the other name, too, this joins it when the lanes are filled next.
            self._waiting.setdefault(LaneKey(key.method, channel), self._waiting.pop(key))

    def fill(self, found: Iterable[Waiting]) -> None:
        """Replace what waits by this, apart from what is being sent."""
        sending = {(each.is_notice, each.id) for each in self._sending}
        self._waiting = {}
        for each in found:
            if (each.is_notice, each.id) not in sending:
                queues = self._waiting.setdefault(self._key(each), _Queues())
                (queues.notices if each.is_notice else queues.cards).append(each)
        self._after_notice &= self._waiting.keys()

    def take(self, most: int) -> list[Waiting]:
        """Take what may be sent now, one of each lane: settled cards, updates of others, notices, new cards.

        The lane is closed until `sent` says what has become of it.
        """
        ready, waits = [], []
        for key, queues in self._waiting.items():
            if key in self._busy:
                continue
            if (seconds := self._limits.seconds_until(key.method, key.channel)) > 0:
                waits.append(seconds)
            else:
                ready.append((key, queues, queues.next(key in self._after_notice)))
        self.seconds_to_next = 0.0 if len(ready) > most else min(waits, default=None)
        ready.sort(key=lambda each: _urgency(each[2][0]))
        taken = []
        for key, queues, queue in ready[:most]:
            each = queue.popleft()
            if not queues.cards and not queues.notices:
                del self._waiting[key]
            (self._after_notice.add if each.is_notice else self._after_notice.discard)(key)
            self._busy.add(key)
            self._sending[each] = key
            taken.append(each)
        return taken

    def key_of(self, sending: Waiting) -> LaneKey:
        """The lane from which this was taken."""
        return self._sending[sending]

    def sent(self, sending: Waiting) -> None:
        """Open the lane again from which this was taken."""
        self._busy.discard(self._sending.pop(sending))
        self.seconds_to_next = 0.0

    def _key(self, waiting: Waiting) -> LaneKey:
        if waiting.place.kind is PlaceKind.THREAD:
            channel = waiting.place.message[0]
        else:
            channel = waiting.channel or self._channels.get(waiting.place.target, waiting.place.target)
        return LaneKey(UPDATE if waiting.is_update else SEARCH if waiting.in_doubt else POST, channel)


@dataclass(frozen=True, slots=True)
class _Queues:
    """What waits in one lane, in order."""

    cards: deque[Waiting] = field(default_factory=deque)
    notices: deque[Waiting] = field(default_factory=deque)

    def next(self, after_notice: bool) -> deque[Waiting]:
        """The one whose turn it is: they take turns, so that neither waits for all of the other."""
        return self.notices if self.notices and not (after_notice and self.cards) else self.cards


def _urgency(waiting: Waiting) -> tuple[int, datetime]:
    if waiting.is_update:
        return (0 if waiting.is_settled else 1, waiting.due_at)
    return (2 if waiting.is_notice else 3, waiting.due_at)
