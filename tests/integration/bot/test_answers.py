"""A flow asks, a person answers in Slack, the run continues. With Socket Mode and with signed HTTP."""

import pytest

from signoff.bot.settings import Mode
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from tests.integration.bot.asking import approve, give_a_reason, shirt
from tests.integration.bot.running_service import RunningService

both_ways = pytest.mark.parametrize("service", list(Mode), indirect=True, ids=str)


@both_ways
def test_one_press_continues_the_run(service: RunningService) -> None:
    """The card then has no buttons, and says what was decided, by whom and when."""
    prompt, card = service.ask_in("#releases", approve)
    assert card.buttons == ["Approve", "Reject", "Edit…"]
    service.until_all_is_said()
    ana = service.slack.person("ana")
    ana.press("Approve", in_="#releases")
    run = service.over(prompt)
    assert (run.state, run.result) == (RunState.COMPLETED, "approved: True")
    shown = service.card(prompt, open_=False).full_text
    assert "Approved" in shown
    assert f"<@{ana.id}>" in shown
    assert "<!date^" in shown
    assert service.events(prompt)[:3] == ["opened", "card_posted", "submitted"]


@both_ways
def test_a_press_that_needs_more_opens_the_form_filled_in(service: RunningService) -> None:
    """The pressed choice is already filled in. Submitting the rest settles the prompt."""
    prompt, _ = service.ask_in("#releases", give_a_reason)
    ana = service.slack.person("ana")
    ana.press("Approve", in_="#releases")
    modal = ana.wait_for_modal("And why?")
    assert modal.values["Approved"]["text"]["text"] == "Yes"
    assert prompts.get(service.db, prompt.id).is_open
    ana.submit({"Reason": "It is Tuesday"})
    assert service.over(prompt).result == "approved: True because It is Tuesday"
    assert ana.modal is None


@both_ways
def test_an_error_is_shown_under_its_field_until_the_values_are_valid(service: RunningService) -> None:
    """The form stays open with everything that was typed, and valid values settle the prompt."""
    prompt, _ = service.ask_in("#releases", approve)
    ana = service.slack.person("ana")
    ana.press("Reject", in_="#releases")
    modal = ana.wait_for_modal()
    ana.submit({"Reason": "a far too long explanation of what has to change"})
    modal = ana.wait_for_modal(lambda seen: bool(seen.errors))
    assert modal.errors == {"Reason": "Say it in 40 characters."}
    assert prompts.get(service.db, prompt.id).is_open
    ana.submit({"Reason": "Tests are red"})
    assert service.over(prompt).result == "approved: False Tests are red"


def test_a_press_that_only_lacks_a_reason_asks_for_it(service: RunningService) -> None:
    """The model requires a reason for a "no". There is no other setting for that."""
    prompt, _ = service.ask_in("#releases", approve)
    ben = service.slack.person("ben")
    ben.press("Reject", in_="#releases")
    assert ben.wait_for_modal().values["Approved"]["text"]["text"] == "No"
    assert "invalid" not in service.events(prompt)


@both_ways
def test_a_rejection_comes_with_its_reason(service: RunningService) -> None:
    """It is on the card and in the database, and the run fails with it."""
    prompt, card = service.ask_in("#orders", shirt)
    assert "Reject…" in card.buttons
    mei = service.slack.person("mei")
    mei.press("Reject…", in_="#orders")
    mei.wait_for_modal("Reason")
    mei.submit({"Reason": "No money left"})
    run = service.over(prompt)
    assert run.state is RunState.FAILED
    assert "No money left" in str(run.error)
    shown = service.card(prompt, "#orders", open_=False).full_text
    assert "Rejected" in shown
    assert "No money left" in shown


def test_a_rejection_needs_a_reason(service: RunningService) -> None:
    """Whitespace is not a reason."""
    prompt, _ = service.ask_in("#orders", shirt)
    mei = service.slack.person("mei")
    mei.press("Reject…", in_="#orders")
    mei.wait_for_modal("Reason")
    mei.submit({"Reason": "   "})
    assert mei.wait_for_modal(lambda seen: bool(seen.errors)).errors == {"Reason": "Say why, in a few words."}
    assert prompts.get(service.db, prompt.id).is_open


@both_ways
def test_the_list_of_approvals_opens_their_forms(service: RunningService) -> None:
    """`/approvals` lists the prompts, each with a button that opens its form."""
    prompt, _ = service.ask_in("#releases", approve)
    ana = service.slack.person("ana")
    ana.command("/approvals")
    listed = ana.wait_for_message("#general", "1 prompt is waiting")
    assert listed.is_ephemeral
    assert prompt.run_name in listed.full_text
    ana.press("Open", message=listed)
    ana.wait_for_modal("May it go out?")
    ana.submit({"Approved": "Yes"})
    assert service.over(prompt).result == "approved: True"


def test_an_empty_list_of_approvals_says_so(service: RunningService) -> None:
    """It is a sentence, not an empty message."""
    ana = service.slack.person("ana")
    ana.command("/approvals")
    ana.wait_for_message("#general", "Nothing is waiting for your answer.")


@both_ways
def test_somebody_else_is_told_who_may_answer(service: RunningService) -> None:
    """Only they see the message, nothing changes, and it is in the ledger."""
    prompt, card = service.ask_in("#releases", approve)
    mei = service.slack.person("mei")
    for button in card.buttons:
        mei.press(button, in_="#releases")
        told = mei.wait_for_message("#releases", "You may not answer")
        assert told.is_ephemeral
        assert f"<@{service.slack.person('ana').id}> or <@{service.slack.person('ben').id}>" in told.text
    assert not any("You may not" in seen.text for seen in service.slack.person("ana").sees("#releases"))
    assert prompts.get(service.db, prompt.id).is_open
    assert mei.modal is None
    assert service.events(prompt).count("refused") == len(card.buttons)


def test_a_form_that_slack_does_not_open_is_explained(service: RunningService) -> None:
    """The person is told to press again."""
    prompt, _ = service.ask_in("#releases", give_a_reason)
    service.slack.client.inject_fault("views.open", error="expired_trigger_id")
    ana = service.slack.person("ana")
    ana.press("Approve", in_="#releases")
    ana.wait_for_message("#releases", "Slack could not open this. Press the button again.")
    ana.press("Approve", in_="#releases")
    ana.wait_for_modal()
    assert prompts.get(service.db, prompt.id).is_open


@pytest.mark.usefixtures("real_limits")
def test_a_slow_lookup_of_a_person_does_not_delay_their_press(service: RunningService) -> None:
    """The press is acked in time and counts, because Slack sent the handle that the policy names."""
    prompt, _ = service.ask_in("#releases", approve)
    service.slack.client.inject_fault("users.info", hold="before")
    ana = service.slack.person("ana")
    ana.press("Approve", in_="#releases")
    service.slack.client.clear_faults()
    assert service.over(prompt).state is RunState.COMPLETED


def test_nobody_is_refused_because_slack_does_not_answer(
    service: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    """If the policy names an address and Slack does not say whose it is, the person is asked to try again."""
    # Before the prompt opens: once the check of its approvers has found whose address it is, Slack is not asked again.
    for method in ("users.lookupByEmail", "users.info"):
        service.slack.client.inject_fault(method, error="fatal_error", times=1000)
    prompt, _ = service.ask_in("#releases", approve)
    ben = service.slack.person("ben")
    ben.press("Approve", in_="#releases")
    ben.wait_for_message("#releases", "Slack could not confirm that you may answer, so nothing was decided.")
    service.until_logged(caplog, "Could not look up U0BENOKAF1 in Slack: fatal_error\n")
    assert "refused" not in service.events(prompt)
    assert prompts.get(service.db, prompt.id).is_open
