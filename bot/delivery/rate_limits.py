"""When Slack will take the next call, as far as this process knows.

Slack counts `chat.postMessage` by channel, one a second with short bursts, and every other method as a whole. It does
not say how much a whole workspace takes ("several hundred messages a minute"), nor how long a burst of another method
may be. So posts are spaced by channel from the start, and everything else only once Slack has rate-limited a call: then
at the documented rate, for a while. See https://docs.slack.dev/apis/web-api/rate-limits.

What listens on this machine in Slack's place, such as the emulator in tests, is given no such start: its posts are
spaced only once it has refused one, too.

The limits are those of the app, but each process knows only its own calls. Where several post to the same channel,
Slack refuses some of their calls. The first refusal ends the bursts of the process that it hits, and each further one
halves its rate, which then rises again slowly, so a few of them suffice.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from math import inf
from urllib.parse import urlsplit

POST = "chat.postMessage"
UPDATE = "chat.update"

MARGIN = 1.03
"""How much longer intervals are than Slack's, because calls do not arrive as regularly as they are made."""

POST_INTERVAL = 1.0 * MARGIN
"""Seconds between two posts to one channel."""

POST_BURST = 4
"""How many posts a channel gets at once after a rest. Slack's own SDK for Java slows down from six on."""

PUBLISH = "views.publish"

PUBLISH_BURST = 20
"""How many App Homes are published at once after a rest. From then on they keep to the documented rate from the start,
because thousands of people may open theirs in the same minute.
"""

RATES = {POST: 300, "conversations.list": 20, PUBLISH: 100}
"""How many calls of a method a workspace takes in a minute: its tier, and the least that "several hundred" can mean."""

RATE_OTHERWISE = 50
"""The same for all other methods that are used here: tier 3."""

SLOWED_FOR = 600.0
"""Seconds for which calls are made more slowly after a refusal. The limit is lower than documented, or shared."""

SEVERAL_CHANNELS = 3
WITHIN = 10.0
"""If so many channels refuse a post within so many seconds, it is the workspace that has reached its limit.

Refusals of bursts do not count. After a restart amid a backlog, for instance, the channels have had theirs.
"""

EASING = 0.995
"""What an interval that was doubled is multiplied by at each call, until it is the documented one again. So a limit
below the documented one refuses about one call in 140, and a refusal by chance slows nothing down for long."""

MAX_INTERVAL = 30.0
"""The longest time between two calls, in seconds, however often they are rate-limited."""

DEFAULT_PAUSE = 1.0
"""Seconds to wait after a refusal that does not say how long."""

PRUNE_ABOVE = 1000
"""How many channels are remembered before those that had a rest are forgotten."""


@dataclass(slots=True)
class _Limit:
    """One limit. It is a generic cell rate algorithm, which needs to know one moment of the past only.

    Attributes:
        interval: Seconds between two calls; 0 for no limit.
        shortest: What the interval returns to if no more calls are rate-limited.
        burst: How many calls may be made at once after a rest.
        rested_at: When a whole burst may be made again.
        limited_at: When Slack last rate-limited a call; `None` if it did not.
        limited_apart_at: When it last rate-limited one that was no part of a burst; `None` if it did not.
        called_at: When the last call was made.
        is_in_burst: Whether that was soon after the one before.
    """

    interval: float
    burst: int = 1
    shortest: float = 0.0
    rested_at: float = 0.0
    limited_at: float | None = None
    limited_apart_at: float | None = None
    called_at: float = -inf
    is_in_burst: bool = False

    @property
    def ready_at(self) -> float:
        """When the next call may be made."""
        return self.rested_at - (self.burst - 1) * self.interval

    def call(self, now: float) -> None:
        """Note a call."""
        self.rested_at = max(self.rested_at, now) + self.interval
        if self.interval > self.shortest > 0:
            self.interval = max(self.shortest, EASING * self.interval)
        self.is_in_burst = now - self.called_at < POST_INTERVAL / 2
        self.called_at = now

    def slow_down(self, now: float, until: float, *, called_at: float, documented: float) -> None:
        """Note that Slack has rate-limited a call that was made at `called_at`, and takes the next one at `until`.

        Args:
            documented: The interval in seconds that Slack's documentation gives.
        """
        ready_at = self.ready_at
        if self.limited_at is None:
            # Perhaps only the bursts are too long, so they end first.
            self.burst = 1
            self.interval = self.shortest = max(self.interval, documented)
        elif called_at > self.limited_at:
            # It was not under way already when the one before was rate-limited, so the interval is too short.
            self.interval = min(2 * self.interval, MAX_INTERVAL)
        self.limited_at = now
        self.rested_at = max(ready_at, until) + (self.burst - 1) * self.interval

    def was_limited_since(self, moment: float) -> bool:
        """Whether Slack has rate-limited a call since then."""
        return self.limited_at is not None and self.limited_at >= moment


class RateLimits:
    """The limits of one app in one workspace. Not for use by several threads.

    Args:
        api_url: The URL of the Web API.
        clock: Returns seconds, and never goes back.
    """

    def __init__(self, api_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        is_slack = not _is_this_machine(api_url)
        self._post_interval = POST_INTERVAL if is_slack else 0.0
        self._publish_interval = MARGIN * 60 / RATES[PUBLISH] if is_slack else 0.0
        self._clock = clock
        self._methods: dict[str, _Limit] = {}
        self._channels: dict[str, _Limit] = {}

    def seconds_until(self, method: str, channel: str) -> float:
        """Seconds until this call may be made; 0 or less if it may be made now."""
        now = self._clock()
        return max((limit.ready_at - now for limit in self._limits(method, channel, now)), default=0.0)

    def called(self, method: str, channel: str) -> float:
        """Note that this call is made now. Returns the moment, which `rate_limited` needs."""
        now = self._clock()
        for limit in self._limits(method, channel, now):
            limit.call(now)
        return now

    def rate_limited(self, method: str, channel: str, pause: float | None, *, called_at: float) -> None:
        """Note that Slack has rate-limited a call.

        Args:
            pause: Seconds for which Slack takes no more calls of this kind; `None` if it does not say.
            called_at: What `called` returned for this call.
        """
        now = self._clock()
        until = now + (DEFAULT_PAUSE if pause is None else pause)
        if method == POST:
            of_channel = self._channel(channel, now)
            if not of_channel.is_in_burst:
                of_channel.limited_apart_at = now
            if of_channel.is_in_burst or not self._is_workspace_full(channel, now):
                of_channel.slow_down(now, until, called_at=called_at, documented=POST_INTERVAL)
                return
            of_channel.limited_at = now
        of_method = self._method(method, now) or _Limit(0.0)
        self._methods[method] = of_method
        documented = MARGIN * 60 / RATES.get(method, RATE_OTHERWISE)
        of_method.slow_down(now, until, called_at=called_at, documented=documented)

    def rename(self, channel: str, name: str) -> None:
        """Know the limit of a channel by another name from now on, unless there is one of that name."""
        if (limit := self._channels.pop(channel, None)) is not None:
            self._channels.setdefault(name, limit)

    def _limits(self, method: str, channel: str, now: float) -> list[_Limit]:
        """The limits that a call has to keep to."""
        found = [self._channel(channel, now)] if method == POST else []
        of_method = self._method(method, now)
        return found if of_method is None else [*found, of_method]

    def _method(self, method: str, now: float) -> _Limit | None:
        """The limit of a method as a whole, if Slack has limited it lately, or if it has one from the start."""
        limit = self._methods.get(method)
        if limit is not None and (limit.limited_at is None or limit.was_limited_since(now - SLOWED_FOR)):
            return limit
        if method != PUBLISH:
            return None
        limit = self._methods[method] = _Limit(self._publish_interval, PUBLISH_BURST)
        return limit

    def _channel(self, channel: str, now: float) -> _Limit:
        limit = self._channels.get(channel)
        if limit is None or (limit.limited_at is not None and not limit.was_limited_since(now - SLOWED_FOR)):
            if len(self._channels) >= PRUNE_ABOVE:
                self._channels = {
                    name: each
                    for name, each in self._channels.items()
                    if each.rested_at > now or each.was_limited_since(now - SLOWED_FOR)
                }
            limit = self._channels[channel] = _Limit(self._post_interval, POST_BURST)
        return limit

    def _is_workspace_full(self, channel: str, now: float) -> bool:
        """Whether a refusal of a post to this channel means that the whole workspace has reached its limit."""
        if self._method(POST, now) is not None:
            return True
        limited_at = (each.limited_apart_at for name, each in self._channels.items() if name != channel)
        return sum(at is not None and at >= now - WITHIN for at in limited_at) + 1 >= SEVERAL_CHANNELS


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
