"""What the events of the ledger are called where people read them."""

from signoff.bot.surfaces.ledger_words import in_words


def test_an_event_has_words_that_a_person_understands() -> None:
    """One that this version does not know is shown as well as it can be."""
    assert in_words("card_failed") == "Slack did not take the message"
    assert in_words("stage_passed") == "A stage was passed"
    assert in_words("sent_by_pigeon") == "Sent by pigeon"
