"""Waiting for changes within one process."""

from collections.abc import Callable, Iterable

import pytest

from signoff.store.changes import Changes, Stop, Topic


class IdleWatcher:
    """A watcher that never announces anything."""

    def watch(self, announce: Callable[[Iterable[Topic]], None], stop: Stop) -> None:
        """Wait until it has to stop."""
        stop.wait(None)


@pytest.fixture
def changes() -> Changes:
    return Changes(IdleWatcher())


def test_a_change_before_the_wait_ends_it_at_once(changes: Changes) -> None:
    """A change between a query and the wait is not missed."""
    with changes.subscribe(Topic.RUNS) as subscription:
        changes.announce([Topic.RUNS])
        assert subscription.wait(0)
        assert not subscription.wait(0)
    changes.close()


def test_only_the_subscribed_topics_wake(changes: Changes) -> None:
    """A changed card does not wake a subscriber of runs."""
    with changes.subscribe(Topic.RUNS) as subscription:
        changes.announce([Topic.CARDS, Topic.PROMPTS])
        assert not subscription.wait(0)
    changes.close()


def test_a_closed_subscription_is_not_woken(changes: Changes) -> None:
    """It is forgotten, so it costs nothing."""
    with changes.subscribe(Topic.RUNS) as subscription:
        pass
    changes.announce([Topic.RUNS])
    assert not subscription.wait(0)
    changes.close()


def test_several_changes_are_one_wake_up(changes: Changes) -> None:
    """A subscriber is not woken once for each change, since it looks for everything at once."""
    with changes.subscribe(*Topic) as subscription:
        for topic in Topic:
            changes.announce([topic])
        assert subscription.wait(0)
        assert not subscription.wait(0)
    changes.close()
