"""What is sent next."""

from datetime import UTC, datetime, timedelta

import pytest

from signoff.bot.delivery.lanes import SEARCH, Lanes
from signoff.bot.delivery.rate_limits import POST, POST_BURST, POST_INTERVAL, UPDATE, RateLimits
from signoff.store.places import Place, PlaceKind
from signoff.store.records.outbox import Waiting

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MANY = 100


class Clock:
    """Seconds, which a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> RateLimits:
    return RateLimits("https://slack.com/api/", clock)


@pytest.fixture
def lanes(limits: RateLimits) -> Lanes:
    return Lanes(limits)


def card(
    number: int, channel: str = "#a", *, posted: bool = False, settled: bool = False, doubt: bool = False
) -> Waiting:
    place = Place(PlaceKind.CHANNEL, channel)
    found = f"C{channel[1:]}" if posted else None
    return Waiting(number, False, place, found, posted, settled, doubt, NOON + timedelta(seconds=number))


def notice(number: int, channel: str = "Ca") -> Waiting:
    return Waiting(number, True, Place.thread(channel, "1.0"), channel, False, False, False, NOON)


def sent(lanes: Lanes, limits: RateLimits, most: int = MANY) -> list[int]:
    """Take what may be sent, and send it."""
    taken = lanes.take(most)
    for each in taken:
        key = lanes.key_of(each)
        limits.called(key.method, key.channel)
        lanes.sent(each)
    return [each.id for each in taken]


def test_one_of_each_lane_is_under_way_at_a_time(lanes: Lanes) -> None:
    """So the order within a channel is kept, and a slow channel delays itself only."""
    lanes.fill([card(1), card(2), card(3, "#b"), card(4, "#b")])
    first = lanes.take(MANY)
    assert [each.id for each in first] == [1, 3]
    assert lanes.take(MANY) == []
    lanes.sent(first[0])
    assert [each.id for each in lanes.take(MANY)] == [2]


def test_settled_cards_go_first_then_those_of_open_prompts_then_new_ones(lanes: Lanes) -> None:
    """A card that was answered elsewhere has buttons that do nothing."""
    lanes.fill(
        [
            card(1, "#a"),
            card(2, "#b", posted=True),
            card(3, "#c", posted=True, settled=True),
            card(4, "#d", settled=True),
        ]
    )
    assert [each.id for each in lanes.take(MANY)] == [3, 2, 1, 4]
    lanes.fill([card(5, "#e"), card(6, "#f", posted=True, settled=True)])
    assert [each.id for each in lanes.take(1)] == [6]


def test_notices_and_new_cards_of_a_channel_take_turns(lanes: Lanes, limits: RateLimits, clock: Clock) -> None:
    """A reminder does not wait for a hundred new cards, nor a card for a hundred notices."""
    lanes.learn(Place(PlaceKind.CHANNEL, "#a"), "Ca")
    found = [*(card(number) for number in range(10, 20)), *(notice(number) for number in range(20, 30))]
    lanes.fill(found)
    assert [sent(lanes, limits) for _ in range(3)] == [[20], [10], [21]]
    clock.now += POST_BURST * POST_INTERVAL
    lanes.fill(each for each in found if each.id not in (20, 10, 21))
    assert [sent(lanes, limits) for _ in range(2)] == [[11], [22]]


def test_a_channel_is_one_lane_by_whatever_name_it_goes(lanes: Lanes) -> None:
    """Slack counts by channel, and policies name it by its name or its id."""
    lanes.learn(Place(PlaceKind.CHANNEL, "#a"), "Ca")
    lanes.learn(Place(PlaceKind.PERSON, "U1"), "D1")
    lanes.fill([card(1, "#a"), card(2, "Ca"), notice(3, "Ca"), notice(4, "D1")])
    assert {lanes.key_of(each).channel for each in lanes.take(MANY)} == {"Ca", "D1"}


def test_what_is_known_of_a_channel_is_kept_when_its_id_is_learned(lanes: Lanes, limits: RateLimits) -> None:
    """A refusal holds, whichever name it was for."""
    lanes.fill([card(1), card(2)])
    (first,) = lanes.take(MANY)
    limits.rate_limited(POST, "#a", 60.0, called_at=limits.called(POST, "#a"))
    lanes.learn(first.place, "Ca")
    lanes.sent(first)
    assert lanes.take(MANY) == []
    assert lanes.seconds_to_next == 60.0
    lanes.fill([card(2), notice(3, "Ca")])
    assert lanes.take(MANY) == []


def test_a_limited_channel_waits_and_the_others_do_not(lanes: Lanes, limits: RateLimits, clock: Clock) -> None:
    """`seconds_to_next` says when it is worth to look again."""
    lanes.fill([card(number) for number in range(POST_BURST + 1)])
    for _ in range(POST_BURST):
        assert len(sent(lanes, limits)) == 1
    assert sent(lanes, limits) == []
    assert lanes.seconds_to_next == pytest.approx(POST_INTERVAL)
    lanes.fill([card(50), card(51, "#b")])
    assert sent(lanes, limits) == [51]
    clock.now += POST_INTERVAL
    assert sent(lanes, limits) == [50]


def test_what_may_be_in_slack_already_is_searched_for_in_a_lane_of_its_own(lanes: Lanes, limits: RateLimits) -> None:
    """A limit of the search does not keep new cards of the channel from being posted, nor updates."""
    lanes.fill([card(1, doubt=True), card(2), card(3, posted=True, doubt=True)])
    taken = lanes.take(MANY)
    assert {each.id: lanes.key_of(each).method for each in taken} == {1: SEARCH, 2: POST, 3: UPDATE}
    for each in taken:
        lanes.sent(each)
    limits.rate_limited(SEARCH, "#a", 10.0, called_at=clock_of(limits))
    lanes.fill([card(1, doubt=True), card(2)])
    assert [each.id for each in lanes.take(MANY)] == [2]


def clock_of(limits: RateLimits) -> float:
    return limits.called(SEARCH, "#a")


def test_what_is_being_sent_is_not_taken_again(lanes: Lanes) -> None:
    """The database says that it is due until its result is recorded."""
    lanes.fill([card(1), notice(1)])
    first, second = lanes.take(MANY)
    lanes.fill([card(1), notice(1)])
    assert lanes.take(MANY) == []
    assert not lanes.is_idle
    lanes.sent(first)
    lanes.sent(second)
    assert lanes.is_idle
