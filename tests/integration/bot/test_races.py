"""Several people act in several ways, with one outcome. Later ones are told what the first one decided."""

from concurrent.futures import ThreadPoolExecutor

from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Settled
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import RunState
from tests.integration.bot.asking import approve, give_a_reason
from tests.integration.bot.running_service import RunningService
from tests.support.waiting import until_over


def test_of_two_who_press_at_once_one_wins_and_the_other_is_told(service: RunningService) -> None:
    """Invariant 2: the loser is told the winner's name and answer."""
    prompt, card = service.ask_in("#releases", approve)
    with service.cards_as_they_are():
        both = [service.slack.person(name) for name in ("ana", "ben")]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda person: person.press("Approve", message=card), both))
        settled = prompts.get(service.db, prompt.id)
        assert settled.settled_by is not None
        (loser,) = (person for person in both if person.id != settled.settled_by.id)
        told = loser.wait_for_message("#releases", "Too late")
        assert told.is_ephemeral
        assert told.text == f"Too late: Approved by {settled.settled_by.name}."
        assert service.over(prompt).state is RunState.COMPLETED
        assert service.events(prompt).count("submitted") == 1
        assert service.events(prompt).count("too_late") == 1


def test_a_double_click_counts_once(service: RunningService) -> None:
    """The second press is told that the first one counted."""
    prompt, card = service.ask_in("#releases", approve)
    with service.cards_as_they_are():
        ana = service.slack.person("ana")
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: ana.press("Approve", message=card), range(2)))
        assert ana.wait_for_message("#releases", "already").text == "You have already answered: Approved by Ana Ruiz."
        service.over(prompt)
        assert service.events(prompt).count("submitted") == 1
    service.card(prompt, open_=False)


def test_a_form_that_is_submitted_too_late_says_how_the_prompt_was_settled(service: RunningService) -> None:
    """It says who decided and what. Nothing else happens."""
    prompt, card = service.ask_in("#releases", approve)
    with service.cards_as_they_are():
        ana, ben = service.slack.person("ana"), service.slack.person("ben")
        ben.press("Edit…", message=card)
        ben.wait_for_modal("May it go out?")
        ana.press("Approve", message=card)
        ben.submit({"Approved": "No", "Reason": "Wait"})
        statement = ben.wait_for_modal("Already settled")
        assert f"<@{ana.id}>" in statement.full_text
        assert "Approved" in statement.full_text
        assert statement.submit is None
        assert service.over(prompt).result == "approved: True"


def test_a_late_form_with_invalid_values_says_so_too(service: RunningService) -> None:
    """Nobody is made to correct values that no longer count."""
    prompt, card = service.ask_in("#releases", give_a_reason)
    with service.cards_as_they_are():
        ana, ben = service.slack.person("ana"), service.slack.person("ben")
        for person in (ana, ben):
            person.press("Approve", message=card)
            person.wait_for_modal("And why?")
        ana.submit({"Reason": "Fine"})
        ben.submit({"Reason": "Also fine"})
        ben.wait_for_modal("Already settled")
        service.over(prompt)


def test_a_rejection_that_comes_too_late_settles_nothing(service: RunningService) -> None:
    """Its modal says how the prompt was settled."""
    prompt = service.ask(approve)
    card = service.card(prompt)
    with service.cards_as_they_are():
        ana, ben = service.slack.person("ana"), service.slack.person("ben")
        ben.press("Reject", message=card)
        ben.wait_for_modal()
        ana.press("Approve", message=card)
        ben.submit({"Reason": "No"})
        ben.wait_for_modal("Already settled")
        assert service.over(prompt).result == "approved: True"


def test_a_stale_button_says_what_was_decided_elsewhere(service: RunningService) -> None:
    """If the prompt was settled on the command line, a press on the stale card says so, and the card is redrawn."""
    prompt, card = service.ask_in("#releases", approve)
    with service.cards_as_they_are():
        reply = Desk(service.db).submit(
            prompt.id, Actor("@ben", "ben", frozenset({"ben@example.com"})), _YES, via="cli"
        )
        assert isinstance(reply, Settled)
        ana = service.slack.person("ana")
        ana.press("Approve", message=card)
        assert ana.wait_for_message("#releases", "Too late").text == "Too late: Approved by ben."
    assert "Approved" in service.card(prompt, open_=False).full_text


def test_a_deadline_settles_and_the_card_says_that_nobody_did(service: RunningService) -> None:
    """A timeout is never a "no", and nobody's decision."""
    run = until_over(service.db, approve.create_run({"deadline": 0.2}, db=service.db).id)
    assert run.state is RunState.TIMED_OUT
    (prompt,) = prompts.of_run(service.db, run.id)
    assert prompt.outcome is Outcome.TIMED_OUT
    card = service.card(prompt, open_=False)
    assert "Timed out" in card.full_text
    assert "Rejected" not in card.full_text


def test_the_card_of_a_cancelled_run_loses_its_buttons(service: RunningService) -> None:
    """The card says who cancelled the run and why."""
    prompt, _ = service.ask_in("#releases", approve)
    Desk(service.db).cancel(prompt.run_id, Actor("@mei", "mei"), "Not needed any more")
    card = service.card(prompt, open_=False)
    assert "Cancelled" in card.full_text
    assert "Not needed any more" in card.full_text


_YES = {"approved": True}
