"""What an app may use once, or for a while: trigger ids, response URLs, timestamps."""

import pytest

from signoff.bot.emulator.protocol import SlackError
from signoff.bot.emulator.workspace.response_urls import ResponseUrls
from signoff.bot.emulator.workspace.timestamps import Timestamps
from signoff.bot.emulator.workspace.triggers import Triggers
from tests.unit.bot.emulator.clock import Clock


def test_a_trigger_id_works_for_its_person() -> None:
    """Exchanging a trigger id says who acted and where."""
    triggers = Triggers(Clock())
    trigger = triggers.exchange(triggers.issue("U1", "V1"))
    assert (trigger.user, trigger.view_id) == ("U1", "V1")


def test_a_trigger_id_works_once() -> None:
    """The second use is `exchanged_trigger_id`."""
    triggers = Triggers(Clock())
    trigger_id = triggers.issue("U1")
    triggers.exchange(trigger_id)
    with pytest.raises(SlackError, match="exchanged_trigger_id"):
        triggers.exchange(trigger_id)


def test_a_trigger_id_lives_three_seconds() -> None:
    """At three seconds it still works, after them it is `expired_trigger_id`."""
    clock = Clock()
    triggers = Triggers(clock)
    in_time, too_late = triggers.issue("U1"), triggers.issue("U1")
    clock.move(3.0)
    triggers.exchange(in_time)
    clock.move(0.01)
    with pytest.raises(SlackError, match="expired_trigger_id"):
        triggers.exchange(too_late)


def test_an_invented_trigger_id_is_invalid() -> None:
    """Only what was handed out is taken."""
    with pytest.raises(SlackError, match="invalid_trigger_id"):
        Triggers(Clock()).exchange("1.2.abc")


def test_a_response_url_works_five_times() -> None:
    """The sixth use is `used_url`."""
    urls = ResponseUrls(Clock(), "http://localhost")
    token = urls.issue("U1", "C1").rpartition("/")[2]
    for _ in range(5):
        assert urls.use(token).channel == "C1"
    with pytest.raises(SlackError, match="used_url"):
        urls.use(token)


def test_a_response_url_works_for_thirty_minutes() -> None:
    """After that it is `expired_url`."""
    clock = Clock()
    urls = ResponseUrls(clock, "http://localhost")
    token = urls.issue("U1", "C1").rpartition("/")[2]
    clock.move(30 * 60)
    urls.use(token)
    clock.move(1)
    with pytest.raises(SlackError, match="expired_url"):
        urls.use(token)


def test_timestamps_are_unique_and_rise() -> None:
    """Two messages of one instant are still told apart, and in order."""
    timestamps = Timestamps(Clock(1_790_000_000.25))
    given = [timestamps.next() for _ in range(3)]
    assert given == ["1790000000.250000", "1790000000.250001", "1790000000.250002"]


def test_timestamps_go_on_after_those_in_use() -> None:
    """A clock that was set back gives no timestamp twice."""
    timestamps = Timestamps(Clock(1_790_000_000.0))
    timestamps.advance_past("1790000500.000007")
    assert timestamps.next() == "1790000500.000008"
