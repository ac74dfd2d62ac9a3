"""How fast Slack is called, by a clock that the test sets."""

import pytest

from signoff.bot.delivery import rate_limits
from signoff.bot.delivery.rate_limits import (
    DEFAULT_PAUSE,
    EASING,
    MARGIN,
    POST,
    POST_BURST,
    POST_INTERVAL,
    PUBLISH,
    PUBLISH_BURST,
    SLOWED_FOR,
    UPDATE,
    RateLimits,
)

SLACK = "https://slack.com/api/"
EMULATOR = "http://127.0.0.1:8080/api/"


class Calls:
    """Makes calls at a time that it keeps."""

    def __init__(self, url: str = SLACK) -> None:
        self.now = 1000.0
        self.limits = RateLimits(url, lambda: self.now)

    def make(self, method: str = POST, channel: str = "C1") -> float:
        """Make a call as soon as it may be made. Returns how long it had to wait for that."""
        wait = max(self.limits.seconds_until(method, channel), 0.0)
        self.now += wait
        self.limits.called(method, channel)
        return wait

    def refuse(self, method: str = POST, channel: str = "C1", *, pause: float | None = 1.0) -> None:
        """Make a call that Slack refuses."""
        self.make(method, channel)
        self.limits.rate_limited(method, channel, pause, called_at=self.now)


def test_a_channel_gets_a_short_burst_and_then_a_post_a_second() -> None:
    """As Slack documents it for `chat.postMessage`."""
    calls = Calls()
    assert [calls.make() for _ in range(POST_BURST + 3)] == pytest.approx([0.0] * POST_BURST + [POST_INTERVAL] * 3)


def test_one_channel_does_not_delay_another() -> None:
    """Slack counts posts by channel."""
    calls = Calls()
    for _ in range(POST_BURST):
        calls.make(channel="C1")
    assert calls.limits.seconds_until(POST, "C1") == pytest.approx(POST_INTERVAL)
    assert calls.make(channel="C2") == 0.0


def test_a_channel_that_had_a_rest_gets_a_burst_again() -> None:
    """It need not remember more of the past than that."""
    calls = Calls()
    for _ in range(20):
        calls.make()
    calls.now += POST_BURST * POST_INTERVAL
    assert [calls.make() for _ in range(POST_BURST + 1)] == pytest.approx([0.0] * POST_BURST + [POST_INTERVAL])


def test_nothing_but_posts_is_slowed_down_before_slack_refuses_it() -> None:
    """Sporadic bursts of other methods are welcome, and nobody knows how long they may be."""
    calls = Calls()
    assert sum(calls.make(UPDATE) for _ in range(500)) == 0


@pytest.mark.parametrize("url", [EMULATOR, "http://localhost:3000/", "http://[::1]:3000/"])
def test_a_stand_in_on_this_machine_is_posted_to_without_delay_until_it_refuses_a_call(url: str) -> None:
    """Tests with the emulator are not slowed down, and one that limits as Slack does is given way to."""
    calls = Calls(url)
    assert sum(calls.make() for _ in range(500)) == 0
    calls.refuse(pause=2.0)
    assert [calls.make() for _ in range(3)] == pytest.approx([2.0, POST_INTERVAL, POST_INTERVAL])


def test_a_refusal_holds_for_all_posts_to_the_channel_and_for_no_other() -> None:
    """`Retry-After` is about the method and the channel, not about one card."""
    calls = Calls()
    calls.refuse(channel="C1", pause=30.0)
    assert calls.limits.seconds_until(POST, "C1") == 30.0
    assert calls.make(channel="C2") == 0.0
    assert calls.make(UPDATE, "C1") == 0.0


def test_a_refusal_of_another_method_holds_for_all_channels() -> None:
    """Then that method is called at the rate of its tier."""
    calls = Calls()
    calls.refuse(UPDATE, "C1", pause=10.0)
    assert [calls.make(UPDATE, channel) for channel in ("C2", "C1", "C3")] == pytest.approx(
        [10.0, 1.2 * MARGIN, 1.2 * MARGIN]
    )
    assert calls.make(POST, "C1") == 0.0


def test_the_first_refusal_ends_the_burst_and_each_further_one_halves_the_rate_for_a_while() -> None:
    """One refusal may be a whim of the network; after that somebody else posts to the channel, too."""
    calls = Calls()
    calls.refuse(pause=2.0)
    assert [calls.make() for _ in range(3)] == pytest.approx([2.0, POST_INTERVAL, POST_INTERVAL])
    calls.refuse(pause=None)
    assert POST_INTERVAL > DEFAULT_PAUSE
    assert [calls.make() for _ in range(3)] == pytest.approx(
        [POST_INTERVAL, 2 * POST_INTERVAL, EASING * 2 * POST_INTERVAL]
    )
    calls.now += SLOWED_FOR + 1
    assert [calls.make() for _ in range(POST_BURST + 1)] == pytest.approx([0.0] * POST_BURST + [POST_INTERVAL])


def test_a_rate_that_was_halved_rises_again_to_the_documented_one() -> None:
    """Otherwise one refusal by chance would halve it for ten minutes."""
    calls = Calls()
    calls.refuse()
    calls.refuse()
    waits = [calls.make() for _ in range(200)]
    assert waits[1:] == sorted(waits[1:], reverse=True)
    assert waits[-1] == pytest.approx(POST_INTERVAL)


def test_a_channel_that_has_refused_a_post_gets_no_burst_after_a_rest() -> None:
    """With the same interval, since perhaps only the bursts were too long."""
    calls = Calls()
    calls.refuse()
    calls.now += POST_BURST * POST_INTERVAL
    assert [calls.make() for _ in range(3)] == pytest.approx([0.0, POST_INTERVAL, POST_INTERVAL])


def test_calls_that_were_under_way_at_a_refusal_slow_nothing_down_again() -> None:
    """They were made at the rate of before."""
    calls = Calls()
    made = [calls.limits.called(UPDATE, f"C{number}") for number in range(30)]
    calls.now += 0.1
    for number, called_at in enumerate(made):
        calls.limits.rate_limited(UPDATE, f"C{number}", 5.0, called_at=called_at)
    assert [calls.make(UPDATE) for _ in range(3)] == pytest.approx([5.0, 1.2 * MARGIN, 1.2 * MARGIN])


def test_refused_bursts_of_several_channels_say_nothing_of_the_workspace() -> None:
    """A bot that is started again amid a backlog does not know that the channels have had their bursts."""
    calls = Calls()
    for channel in ("C1", "C2", "C3", "C4"):
        calls.make(channel=channel)
        calls.refuse(channel=channel)
    assert calls.make(channel="C5") == 0.0
    calls.now += POST_INTERVAL
    assert sum(calls.make(channel=channel) for channel in ("C1", "C2", "C3", "C4")) == 0.0


def test_refusals_of_several_channels_are_those_of_the_workspace() -> None:
    """Its limit is lower than that of all channels together. Nobody is refused who has not posted yet."""
    calls = Calls()
    for channel in ("C1", "C2", "C3"):
        calls.refuse(channel=channel, pause=4.0)
    assert [calls.make(channel=f"C{number}") for number in range(4, 7)] == pytest.approx(
        [4.0, 0.2 * MARGIN, 0.2 * MARGIN]
    )


def test_a_rate_is_not_halved_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sooner or later somebody mends what is wrong."""
    monkeypatch.setattr(rate_limits, "MAX_INTERVAL", 3.0)
    calls = Calls()
    for _ in range(10):
        calls.refuse()
    assert calls.make() == 3.0


def test_channels_that_had_a_rest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the number of channels that were ever posted to."""
    monkeypatch.setattr(rate_limits, "PRUNE_ABOVE", 10)
    calls = Calls()
    calls.refuse(channel="refused")
    for number in range(100):
        calls.now += 2
        calls.make(channel=f"C{number}")
    assert len(calls.limits._channels) <= 11
    assert calls.limits.seconds_until(POST, "refused") <= 0
    assert "refused" in calls.limits._channels


def test_a_crowd_that_opens_its_app_homes_is_served_at_the_documented_rate() -> None:
    """From the start, and after a refusal has been forgotten: five thousand people take fifty minutes and more."""
    calls = Calls()
    waits = [calls.make(PUBLISH, "") for _ in range(PUBLISH_BURST + 100)]
    assert waits[:PUBLISH_BURST] == pytest.approx([0.0] * PUBLISH_BURST, abs=1e-6)
    assert sum(waits) == pytest.approx(100 * MARGIN * 60 / 100)
    calls.refuse(PUBLISH, "")
    calls.now += 2 * SLOWED_FOR
    again = [calls.make(PUBLISH, "") for _ in range(PUBLISH_BURST + 1)]
    assert again[-1] == pytest.approx(MARGIN * 60 / 100)
    assert Calls(EMULATOR).limits.seconds_until(PUBLISH, "") <= 0
