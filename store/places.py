"""Where cards and notices go."""

from dataclasses import dataclass
from enum import StrEnum


class PlaceKind(StrEnum):
    """How a target is addressed. Each kind has its own delivery in `bot/delivery`."""

    CHANNEL = "channel"
    THREAD = "thread"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Place:
    """A place where people read messages. A prompt has one card in each of its places.

    Attributes:
        target: For a channel `#name` or an id, or empty for the default channel of the settings; for a thread
            `CHANNEL-ID/TIMESTAMP`; for a person a user id, whose direct messages are meant.
    """

    kind: PlaceKind
    target: str

    @classmethod
    def thread(cls, channel: str, ts: str) -> "Place":
        """The thread of a message."""
        return cls(PlaceKind.THREAD, f"{channel}/{ts}")

    @property
    def message(self) -> tuple[str, str]:
        """The channel id and the timestamp of the message that a thread belongs to."""
        channel, _, ts = self.target.partition("/")
        return channel, ts

    @property
    def label(self) -> str:
        """What it is called, for logs: its target, or the setting that names the default channel."""
        return self.target or "SIGNOFF_CHANNEL"

    def __str__(self) -> str:
        return f"{self.kind}:{self.target}"


DEFAULT_CHANNEL = Place(PlaceKind.CHANNEL, "")
