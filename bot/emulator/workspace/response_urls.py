"""`response_url`s: an app's way to answer an act without knowing the conversation."""

from dataclasses import dataclass

from signoff.bot.emulator.wire import SlackError, new_id
from signoff.bot.emulator.workspace.timestamps import Clock

MOST_USES = 5
LIFE_SECONDS = 30 * 60


@dataclass(slots=True)
class ResponseUrl:
    """Where an answer goes, and from which message the act came (None for a command)."""

    user: str
    channel: str
    issued_at: float
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


class ResponseUrls:
    """Hands out response URLs, each good for five uses within thirty minutes."""

    def __init__(self, clock: Clock, base_url: str) -> None:
        self._clock = clock
        self._base_url = base_url
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, user: str, channel: str, *, message_ts: str | None = None, thread_ts: str | None = None) -> str:
        """A fresh one for an act of this person there."""
        self._forget_old()
        token = new_id("") + new_id("")
        self._issued[token] = ResponseUrl(user, channel, self._clock(), message_ts, thread_ts)
        return f"{self._base_url}/respond/{token}"

    def use(self, token: str) -> ResponseUrl:
        """Count one use. Raises `invalid_url`, `expired_url` or `used_url`."""
        issued = self._issued.get(token)
        if issued is None:
            raise SlackError("invalid_url")
        if self._clock() - issued.issued_at > LIFE_SECONDS:
            raise SlackError("expired_url")
        if issued.uses >= MOST_USES:
            raise SlackError("used_url")
        issued.uses += 1
        return issued

    def _forget_old(self) -> None:
        while self._issued:
            oldest = next(iter(self._issued))
            if self._clock() - self._issued[oldest].issued_at < 2 * LIFE_SECONDS:
                break
            del self._issued[oldest]
