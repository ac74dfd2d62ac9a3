"""Waiting for changes within one process."""

from collections.abc import Callable, Iterable

import pytest

from signoff.store.changes import Changes, Stop, Topic


class Silence:
    """A watcher that hears of nothing."""

    def watch(self, announce: Callable[[Iterable[Topic]], None], stop: Stop) -> None:
        """Wait for the end."""
        stop.wait(None)


@pytest.fixture
def changes() -> Changes:
    return Changes(Silence())


def test_a_change_before_the_wait_ends_it_at_once(changes: Changes) -> None:
    """What changed between looking and waiting is not missed."""
    with changes.subscribe(Topic.RUNS) as subscription:
        changes.announce([Topic.RUNS])
        assert subscription.wait(0)
        assert not subscription.wait(0)
    changes.close()


def test_only_the_topics_asked_for_wake(changes: Changes) -> None:
    """A card's change does not wake who waits for runs."""
    with changes.subscribe(Topic.RUNS) as subscription:
        changes.announce([Topic.CARDS, Topic.PROMPTS])
        assert not subscription.wait(0)
    changes.close()


def test_a_closed_subscription_hears_nothing(changes: Changes) -> None:
    """What nobody waits for any more costs nothing."""
    with changes.subscribe(Topic.RUNS) as subscription:
        pass
    changes.announce([Topic.RUNS])
    assert not subscription.wait(0)
    changes.close()


def test_several_changes_are_one_wake_up(changes: Changes) -> None:
    """Who is woken looks at everything; it is not woken once for each change."""
    with changes.subscribe(*Topic) as subscription:
        for topic in Topic:
            changes.announce([topic])
        assert subscription.wait(0)
        assert not subscription.wait(0)
    changes.close()
