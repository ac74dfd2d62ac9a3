"""`response_url`s, by which an app responds to an interaction without being in the conversation."""

from dataclasses import dataclass

from signoff.bot.emulator.protocol import SlackError, new_id
from signoff.bot.emulator.workspace.timestamps import Clock

MAX_USES = 5
LIFETIME_SECONDS = 30 * 60


@dataclass(slots=True)
class ResponseUrl:
    """Where a response goes. `message_ts` is the message of the interaction, None for a command."""

    user: str
    channel: str
    issued_at: float
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


class ResponseUrls:
    """Issues response URLs. Each can be used five times within thirty minutes."""

    def __init__(self, clock: Clock, base_url: str) -> None:
        self._clock = clock
        self._base_url = base_url
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, user: str, channel: str, *, message_ts: str | None = None, thread_ts: str | None = None) -> str:
        """A new response URL for an interaction of this person in this channel."""
        self._discard_old()
        token = new_id("") + new_id("")
        self._issued[token] = ResponseUrl(user, channel, self._clock(), message_ts, thread_ts)
        return f"{self._base_url}/respond/{token}"

    def use(self, token: str) -> ResponseUrl:
        """Use a response URL once. Raises `invalid_url`, `expired_url` or `used_url`."""
        issued = self._issued.get(token)
        if issued is None:
            raise SlackError("invalid_url")
        if self._clock() - issued.issued_at > LIFETIME_SECONDS:
            raise SlackError("expired_url")
        if issued.uses >= MAX_USES:
            raise SlackError("used_url")
        issued.uses += 1
        return issued

    def _discard_old(self) -> None:
        while self._issued:
            oldest = next(iter(self._issued))
            if self._clock() - self._issued[oldest].issued_at < 2 * LIFETIME_SECONDS:
                break
            del self._issued[oldest]
