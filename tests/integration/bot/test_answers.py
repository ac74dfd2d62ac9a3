"""The main job: a flow asks, a person answers in Slack, the run goes on. By Socket Mode and by signed HTTP."""

import pytest

from signoff.bot.settings import Mode
from signoff.store.prompts import prompts
from signoff.store.records import RunState
from signoff.testing import ActFailed
from tests.integration.bot.asking import approve, give_a_reason, shirt
from tests.integration.bot.running_service import House

both_ways = pytest.mark.parametrize("house", list(Mode), indirect=True, ids=str)


@both_ways
def test_one_press_lets_the_run_go_on(house: House) -> None:
    """The card then has no buttons, and says what was decided, who did, and when."""
    prompt, card = house.ask_in("#releases", approve)
    assert card.buttons == ["Approve", "Reject", "Edit…"]
    ana = house.slack.person("ana")
    ana.press("Approve", in_="#releases")
    run = house.over(prompt)
    assert (run.state, run.result) == (RunState.COMPLETED, "approved: True")
    shown = house.card(prompt, open_=False).full_text
    assert "Approved" in shown
    assert f"<@{ana.id}>" in shown
    assert "<!date^" in shown
    assert house.events(prompt)[:3] == ["opened", "card_posted", "submitted"]


@both_ways
def test_a_press_that_needs_more_opens_the_form_filled_in(house: House) -> None:
    """What was pressed stands in the form already; submitting the rest settles."""
    prompt, _ = house.ask_in("#releases", give_a_reason)
    ana = house.slack.person("ana")
    ana.press("Approve", in_="#releases")
    modal = ana.wait_for_modal("And why?")
    assert modal.values["Approved"]["text"]["text"] == "Yes"
    assert prompts.get(house.db, prompt.id).is_open
    ana.submit({"Reason": "It is Tuesday"})
    assert house.over(prompt).result == "approved: True because It is Tuesday"
    assert ana.modal is None


@both_ways
def test_an_error_stands_under_its_field_until_the_values_are_right(house: House) -> None:
    """The form stays open, with what was typed, and correct values settle."""
    prompt, _ = house.ask_in("#releases", approve)
    ana = house.slack.person("ana")
    ana.press("Reject", in_="#releases")
    modal = ana.wait_for_modal()
    ana.submit({"Reason": "a far too long explanation of what has to change"})
    modal = ana.wait_for_modal(lambda seen: bool(seen.errors))
    assert modal.errors == {"Reason": "Say it in 40 characters."}
    assert prompts.get(house.db, prompt.id).is_open
    ana.submit({"Reason": "Tests are red"})
    assert house.over(prompt).result == "approved: False Tests are red"


def test_a_press_that_only_lacks_a_reason_asks_for_it(house: House) -> None:
    """The model says that a "no" needs one; no other setting does."""
    prompt, _ = house.ask_in("#releases", approve)
    ben = house.slack.person("ben")
    ben.press("Reject", in_="#releases")
    assert ben.wait_for_modal().values["Approved"]["text"]["text"] == "No"
    assert "invalid" not in house.events(prompt)


@both_ways
def test_a_rejection_comes_with_its_reason(house: House) -> None:
    """It is on the card, in the record, and the run fails with it."""
    prompt, card = house.ask_in("#orders", shirt)
    assert "Reject…" in card.buttons
    mei = house.slack.person("mei")
    mei.press("Reject…", in_="#orders")
    mei.wait_for_modal("Reason")
    mei.submit({"Reason": "No money left"})
    run = house.over(prompt)
    assert run.state is RunState.FAILED
    assert "No money left" in str(run.error)
    shown = house.card(prompt, "#orders", open_=False).full_text
    assert "Rejected" in shown
    assert "No money left" in shown


def test_a_rejection_without_a_reason_is_asked_for_one(house: House) -> None:
    """Blanks are no reason."""
    prompt, _ = house.ask_in("#orders", shirt)
    mei = house.slack.person("mei")
    mei.press("Reject…", in_="#orders")
    mei.wait_for_modal("Reason")
    mei.submit({"Reason": "   "})
    assert mei.wait_for_modal(lambda seen: bool(seen.errors)).errors == {"Reason": "Say why, in a few words."}
    assert prompts.get(house.db, prompt.id).is_open


@both_ways
def test_the_list_of_approvals_opens_each_of_them(house: House) -> None:
    """`/approvals` says what waits, and its button opens the form."""
    prompt, _ = house.ask_in("#releases", approve)
    ana = house.slack.person("ana")
    ana.command("/approvals")
    listed = ana.wait_for_message("#general", "1 prompt waits")
    assert listed.is_ephemeral
    assert prompt.run_name in listed.full_text
    ana.press("Open", message=listed)
    ana.wait_for_modal("May it go out?")
    ana.submit({"Approved": "Yes"})
    assert house.over(prompt).result == "approved: True"


def test_nothing_that_waits_is_said_to_be_nothing(house: House) -> None:
    """An empty list is a sentence."""
    ana = house.slack.person("ana")
    ana.command("/approvals")
    ana.wait_for_message("#general", "Nothing waits for an answer.")


@both_ways
def test_somebody_else_is_told_who_may_answer(house: House) -> None:
    """Only they see it; nothing changes; the ledger knows."""
    prompt, card = house.ask_in("#releases", approve)
    mei = house.slack.person("mei")
    for button in card.buttons:
        mei.press(button, in_="#releases")
        told = mei.wait_for_message("#releases", "You may not answer")
        assert told.is_ephemeral
        assert f"<@{house.slack.person('ana').id}> or <@{house.slack.person('ben').id}>" in told.text
    assert not any("You may not" in seen.text for seen in house.slack.person("ana").sees("#releases"))
    assert prompts.get(house.db, prompt.id).is_open
    assert mei.modal is None
    assert house.events(prompt).count("refused") == len(card.buttons)


def test_a_press_in_a_form_that_slack_refuses_is_explained(house: House) -> None:
    """Where the form does not open, the person is told to press again."""
    prompt, _ = house.ask_in("#releases", give_a_reason)
    house.slack.client.want_fault("views.open", error="expired_trigger_id")
    ana = house.slack.person("ana")
    ana.press("Approve", in_="#releases")
    ana.wait_for_message("#releases", "Slack did not open the form. Press again.")
    ana.press("Approve", in_="#releases")
    ana.wait_for_modal()
    assert prompts.get(house.db, prompt.id).is_open


def test_slack_being_slow_to_say_who_somebody_is_holds_up_nobody(house: House) -> None:
    """The press is acked in time, and counts: the policy names the person by the handle that Slack has sent."""
    prompt, _ = house.ask_in("#releases", approve)
    house.slack.client.want_fault("users.info", hold="before")
    ana = house.slack.person("ana")
    ana.press("Approve", in_="#releases")
    house.slack.client.clear_faults()
    assert house.over(prompt).state is RunState.COMPLETED


def test_somebody_whom_slack_does_not_describe_is_not_called_a_stranger(house: House) -> None:
    """Where the policy names an address and Slack does not say whose it is, nobody is told that they may not answer."""
    prompt, _ = house.ask_in("#releases", approve)
    house.slack.client.want_fault("users.info", error="fatal_error")
    ben = house.slack.person("ben")
    with pytest.raises(ActFailed):
        ben.press("Approve", in_="#releases")
    ben.wait_for_message("#releases", "Slack does not say who you are right now, so nothing was decided.")
    assert "refused" not in house.events(prompt)
    assert prompts.get(house.db, prompt.id).is_open
