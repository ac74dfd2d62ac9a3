"""Slack's events reach those who registered for them, and are acked when their work is done."""

import pytest

from signoff.bot.interactions.events import Event, Events, NotYet
from signoff.store.errors import StoreError

BODY = {
    "type": "event_callback",
    "api_app_id": "A1",
    "event": {"type": "message", "subtype": "message_deleted", "channel": "C1"},
}


def test_an_event_reaches_every_handler_of_its_type() -> None:
    """And none of another type's."""
    events, heard = Events(), list[Event]()
    for kind in ("message", "message", "user_change"):
        events.on(kind, heard.append)
    assert events.handle(BODY).status == 200
    assert [(event.type, event.subtype, event.app_id, event.fields["channel"]) for event in heard] == [
        ("message", "message_deleted", "A1", "C1")
    ] * 2


def test_an_event_that_nobody_registered_for_is_acked() -> None:
    """Slack would send it again, and for nothing."""
    assert Events().handle(BODY).status == 200


@pytest.mark.parametrize(
    ("error", "level"),
    [(NotYet("a card is being posted"), "INFO"), (StoreError("away"), "WARNING"), (KeyError("ts"), "ERROR")],
    ids=["not yet", "database away", "bug"],
)
def test_an_event_that_a_handler_could_not_take_is_not_acked(
    error: Exception, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Slack sends it again. The other handlers hear of it all the same, and the log says why."""
    events, heard = Events(), list[Event]()

    def fail(event: Event) -> None:
        raise error

    events.on("message", fail)
    events.on("message", heard.append)
    with caplog.at_level("INFO"):
        assert events.handle(BODY).status == 503
    assert len(heard) == 1
    assert [record.levelname for record in caplog.records] == [level]
