"""A prompt whose policy this version cannot read does not keep Slack from showing, and answering, the others."""

from signoff.bot.surfaces import action_ids
from signoff.flows.approval.desk import Desk
from signoff.flows.names import now
from signoff.store.outbox import cards
from signoff.store.policy import policy_as_json
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from tests.integration.bot.asking import approve, secret, shirt
from tests.integration.bot.long_forms import pay
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_forged_payloads import TEAM, press
from tests.integration.bot.test_long_forms import chosen
from tests.integration.store.samples import store_policy

UNREADABLE = "This version of Signoff cannot read who may answer here"
LATER = {"channel": "#releases", "approvers": ["@ana"], "rota": 2}


def test_a_press_on_it_decides_nothing_and_the_person_is_told(service: RunningService) -> None:
    """Invariants 10 and 11; once the policy can be read, the same press counts."""
    prompt, _ = service.ask_in("#releases", approve)
    store_policy(service.db, prompt, LATER)
    ana = service.slack.person("ana")
    # It is acked: Slack would show an error of its own besides.
    ana.press("Approve", in_="#releases")
    told = ana.wait_for_message("#releases", "This version of Signoff cannot read who may answer here")
    assert told.is_ephemeral
    assert prompts.get(service.db, prompt.id).is_open
    assert "rota: Extra inputs are not permitted" in service.until_noted(prompt, "refused")["reason"]
    store_policy(service.db, prompt, policy_as_json(prompt.policy))
    ana.press("Approve", in_="#releases")
    assert service.over(prompt).result == "approved: True"


def test_a_form_that_is_open_says_so(service: RunningService) -> None:
    """Whether it is submitted, or another variant is chosen in it."""
    prompt, card = service.ask_in("#orders", pay)
    ben = service.slack.person("ben")
    ben.press("Edit…", message=card)
    ben.wait_for_modal()
    store_policy(service.db, prompt, LATER)
    ben.press("Pay by", value=chosen("Card", 0))
    assert UNREADABLE in ben.wait_for_modal("Nothing was decided").full_text
    assert prompts.get(service.db, prompt.id).is_open


def test_how_it_ended_is_shown_to_those_who_see_its_card(service: RunningService) -> None:
    """In full, too: nothing is left to be decided."""
    prompt, card = service.ask_in("#orders", secret, where="#orders")
    store_policy(service.db, prompt, LATER)
    Desk(service.db).cancel(prompt.run_id, Actor("@ben", "Ben"), "Its policy cannot be read.")
    mei = service.slack.person("mei")
    person = {"id": mei.id, "username": "mei", "name": "mei", "team_id": TEAM}
    assert service.post(press(service, card, action_ids.READ, prompt.id, user=person)).status_code == 200
    mei_sees, _ = Desk(service.db).visible_to(Actor(mei.id, "Mei"), [prompts.get(service.db, prompt.id)])
    assert [each.id for each in mei_sees] == [prompt.id]
    assert [each.full_text for each in mei.sees("@signoff")] == []


def test_the_other_cards_and_the_list_go_on(service: RunningService) -> None:
    """Invariants 7 and 11: its card fails by itself, and the list leaves it out."""
    prompt, _ = service.ask_in("#releases", approve)
    store_policy(service.db, prompt, LATER)
    cards.redraw(service.db, prompt.id, now=now())
    assert "rota: Extra inputs are not permitted" in service.until_noted(prompt, "card_failed")["error"]
    service.ask_in("#orders", shirt)
    ana = service.slack.person("ana")
    ana.command("/approvals")
    assert "Which one?" in ana.wait_for_message("#general", "1 prompt ").full_text


def test_a_run_that_is_cancelled_as_advised_is_shown_so(service: RunningService) -> None:
    """The card loses its buttons, although nobody can say any more who could have answered."""
    prompt, _ = service.ask_in("#releases", approve)
    store_policy(service.db, prompt, LATER)
    Desk(service.db).cancel(prompt.run_id, Actor("@ben", "Ben"), "Its policy cannot be read.")
    assert "Cancelled" in service.card(prompt, open_=False).full_text
