"""What people get in response to what they do, besides the ack: a form, or a word."""

import logging

import pytest

from signoff.testing import Person
from tests.integration.bot.asking import approve, shirt
from tests.integration.bot.running_service import RunningService, opened

OWN = "Your earlier entries are still here."


def settled_by_ana(service: RunningService) -> None:
    """Ana answers the one prompt in #orders, whose form somebody else may have open."""
    ana = service.slack.person("ana")
    ana.press("Edit…", in_="#orders")
    ana.wait_for_modal()
    ana.submit({"Size": "small", "Color": "red"})


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged that an operator has to look at."""
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


@pytest.mark.parametrize("fault", [{"drop": True}, {"error": "used_url"}, {"error": "<html>", "status": 502}], ids=str)
def test_who_cannot_be_told_where_they_acted_gets_a_direct_message(
    service: RunningService, fault: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    """A `response_url` that cannot be reached is no reason to leave somebody without an answer."""
    service.ask_in("#releases", approve)
    service.slack.client.inject_fault("response_url", **fault)
    mei = service.slack.person("mei")
    mei.press("Approve", in_="#releases")
    mei.wait_for_message("@signoff", "You may not answer")
    assert warnings(caplog) == []


@pytest.mark.parametrize("fault", [{"drop": True}, {"error": "expired_trigger_id"}], ids=str)
def test_a_form_that_does_not_open_is_said(service: RunningService, fault: dict[str, object]) -> None:
    """Whether Slack refused it or could not be reached."""
    service.ask_in("#orders", shirt)
    service.slack.client.inject_fault("views.open", **fault)
    mei = service.slack.person("mei")
    mei.press("Edit…", in_="#orders")
    mei.wait_for_message("#orders", "Slack could not open this. Press the button again.")


def rejects(person: Person) -> None:
    """A person opens the modal that asks for the reason of a no."""
    person.press("Reject…", in_="#orders")
    person.wait_for_modal("Reason")


def test_a_rejection_that_was_closed_is_not_drawn_again(
    service: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    """Slack says that it was closed, so the next answer calls for no update of it."""
    prompt, _ = service.ask_in("#orders", shirt)
    mei = service.slack.person("mei")
    rejects(mei)
    mei.close()
    settled_by_ana(service)
    service.over(prompt)
    service.until_all_is_said()
    assert service.slack.client.calls("views.update") == []
    assert warnings(caplog) == []


def test_a_rejection_leaves_no_modal_to_draw_again(service: RunningService, caplog: pytest.LogCaptureFixture) -> None:
    """Its own modal closes with it."""
    prompt, _ = service.ask_in("#orders", shirt)
    mei = service.slack.person("mei")
    rejects(mei)
    mei.submit({"Reason": "Too late."})
    service.over(prompt)
    service.until_all_is_said()
    assert service.slack.client.calls("views.update") == []
    assert warnings(caplog) == []


def test_a_modal_of_which_nobody_heard_that_it_is_closed_is_no_warning(
    service: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody may quit Slack, or the event is lost."""
    prompt = opened(service, shirt, "Edit…")
    service.slack.client.inject_fault("views.update", error="not_found")
    settled_by_ana(service)
    service.over(prompt)
    service.slack.person("ana").wait_until(
        lambda: service.slack.client.calls("views.update"), what="the update of Mei's form"
    )
    service.until_all_is_said()
    assert warnings(caplog) == []


def test_a_form_that_opens_while_somebody_answers_says_so(service: RunningService) -> None:
    """Whichever of the two is heard of first."""
    prompt, card = service.ask_in("#releases", approve)
    service.slack.client.inject_fault("views.open", hold="after")
    ana, ben = service.slack.person("ana"), service.slack.person("ben")
    ben.press("Edit…", message=card)
    ben.wait_for_modal("May it go out?")
    ana.press("Approve", message=card)
    service.over(prompt)
    service.until_all_is_said()
    service.slack.client.clear_faults()
    assert f"<@{ana.id}>" in ben.wait_for_modal("Already settled").full_text


def test_a_press_is_taken_back_with_the_form_that_it_opened(service: RunningService) -> None:
    """Somebody who cancels a *Reject* has not filled in anything."""
    service.ask_in("#releases", approve)
    ana = service.slack.person("ana")
    ana.press("Reject", in_="#releases")
    first = ana.wait_for_modal()
    ana.close()
    ana.press("Edit…", in_="#releases")
    again = ana.wait_for_modal(lambda seen: seen.id != first.id)
    assert OWN not in again.full_text
    assert again.values["Approved"] != first.values["Approved"]


def test_what_was_typed_after_a_press_is_kept_without_the_press(service: RunningService) -> None:
    """The text is an entry of this person; the verdict was a press that they have closed."""
    service.ask_in("#releases", approve)
    ana = service.slack.person("ana")
    ana.press("Reject", in_="#releases")
    first = ana.wait_for_modal()
    ana.press("Reason", value={"type": "plain_text_input", "value": "Not on a Friday."})
    ana.close()
    ana.press("Edit…", in_="#releases")
    again = ana.wait_for_modal(lambda seen: seen.id != first.id)
    assert OWN in again.full_text
    assert again.values["Reason"] == "Not on a Friday."
    assert again.values["Approved"] != first.values["Approved"]


def test_a_verdict_that_was_changed_in_the_form_is_an_entry(service: RunningService) -> None:
    """It is what the person chose last, and not what they pressed."""
    prompt, _ = service.ask_in("#releases", approve)
    ana = service.slack.person("ana")
    ana.press("Reject", in_="#releases")
    first = ana.wait_for_modal()
    ana.submit({"Reason": "Not on a Friday."})
    assert first.values["Approved"] is not None
    assert service.over(prompt).result == "approved: False Not on a Friday."
