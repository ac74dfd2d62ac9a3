"""Which modals are open: what is heard of one may come in any order."""

import pytest

from signoff.bot.interactions import open_views
from signoff.bot.interactions.open_views import OpenViews

MEI = {"user": {"id": "U1"}, "trigger_id": "1.2.3"}


def test_the_modals_of_a_prompt_are_taken_once() -> None:
    """With who has each of them open."""
    views = OpenViews()
    views.add("V1", "p1", MEI)
    views.add("V2", "p2", MEI)
    assert views.take("p1") == [("V1", {"user": {"id": "U1"}})]
    assert views.take("p1") == []


def test_a_modal_that_was_closed_before_slack_said_that_it_is_open_is_not_taken() -> None:
    """Slack's response to the call that opens it, and the closing of it, come over two connections."""
    views = OpenViews()
    views.forget("V1")
    views.add("V1", "p1", MEI)
    assert views.take("p1") == []


def test_a_bounded_number_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that are open, and of those that were closed."""
    monkeypatch.setattr(open_views, "MAX_VIEWS", 2)
    views = OpenViews()
    for number in range(3):
        views.add(f"V{number}", "p1", MEI)
    assert [view_id for view_id, _ in views.take("p1")] == ["V1", "V2"]
    for number in range(3):
        views.forget(f"V{number}")
    for number in range(3):
        views.add(f"V{number}", "p1", MEI)
    assert [view_id for view_id, _ in views.take("p1")] == ["V0"]
