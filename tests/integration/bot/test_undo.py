"""A decision that is held back: who can undo it, what everybody sees until then, and that nothing loses it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from signoff.bot.surfaces import action_ids
from signoff.store import ledger
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.rows import held_as_json
from signoff.store.runs import runs
from signoff.store.tables import prompts as table
from signoff.testing import Emulator, VisibleMessage
from tests.integration.bot.asking import publish, release_together
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_forged_payloads import TEAM, press
from tests.integration.bot.test_reminders import MONDAY, at

LONG, SHORT = 3600, 0.2
PEOPLE = ["@ana", "@ben", "@mei"]


def asked(service: RunningService, undo: float = LONG, **policy: Any) -> tuple[Prompt, VisibleMessage]:
    """A prompt whose decision is held back for that many seconds, and its card."""
    prompt, card = service.ask_in("#releases", publish, policy={"approvers": PEOPLE, "undo": undo, **policy})
    service.until_checked(prompt)
    return prompt, card


def decided(service: RunningService, prompt: Prompt, card: VisibleMessage, name: str = "ana") -> VisibleMessage:
    """The card once somebody has said yes, which can still be undone."""
    service.slack.person(name).press("Yes", message=card)
    shown = service.slack.person("mei").wait_for_message("#releases", lambda seen: "Undo" in seen.buttons)
    assert prompts.get(service.db, prompt.id).is_open
    return shown


def presses(service: RunningService, name: str, action: str, prompt: Prompt, card: VisibleMessage) -> None:
    """Press a button that the card had a moment ago."""
    user = {"id": service.slack.person(name).id, "username": name, "name": name, "team_id": TEAM}
    assert service.post(press(service, card, action, prompt.id, user=user)).status_code == 200


def told(service: RunningService, name: str, wanted: str) -> str:
    """What a person alone is told."""
    person = service.slack.person(name)
    return person.wait_for_message("#releases", lambda seen: seen.is_ephemeral and wanted in seen.text).text


def test_a_decision_is_held_back_and_then_counts(service: RunningService) -> None:
    """The ledger has both moments, and the flow gets the answer and whose it is."""
    prompt, card = asked(service, SHORT)
    service.slack.person("ana").press("Yes", message=card)
    assert service.over(prompt).result == {"value": True, "by": "Ana Ruiz"}
    lines = {line.event: line for line in ledger.lines(service.db, prompt.id)}
    assert lines["submitted"].at - lines["held"].at >= timedelta(seconds=SHORT)
    assert lines["submitted"].actor == lines["held"].actor == service.slack.person("ana").id
    settled = service.card(prompt, open_=False)
    assert "It takes effect" not in settled.full_text


def test_the_card_says_who_has_decided_and_until_when_that_can_be_undone(service: RunningService) -> None:
    """No other button is left, the run does not move, and others are told who was first."""
    prompt, card = asked(service)
    shown = decided(service, prompt, card)
    assert shown.buttons == ["Undo"]
    ana = service.slack.person("ana")
    assert f"by <@{ana.id}>" in shown.full_text
    assert "It takes effect <!date^" in shown.full_text
    assert "Until then Ana Ruiz can undo it." in shown.full_text
    assert runs.get(service.db, prompt.run_id).state is RunState.PAUSED
    presses(service, "ben", action_ids.choose(1), prompt, card)
    ben = service.slack.person("ben")
    ben.wait_for_message("@signoff", "Too late: Answered “Yes” by Ana Ruiz. It takes effect ")
    assert "submitted" not in service.events(prompt)
    ana.command("/approvals", in_="#releases")
    listed = ana.wait_for_message("#releases", lambda seen: seen.is_ephemeral and "approvals" in seen.full_text)
    assert "Publish 1.4?" not in listed.full_text


def test_the_one_who_decided_can_undo_it_and_nobody_else(service: RunningService) -> None:
    """The prompt is open again, with its buttons, and somebody else may decide it."""
    prompt, card = asked(service)
    shown = decided(service, prompt, card)
    ben, ana = service.slack.person("ben"), service.slack.person("ana")
    ben.press("Undo", message=shown)
    assert told(service, "ben", "can undo") == "Only Ana Ruiz can undo this."
    assert prompts.get(service.db, prompt.id).held is not None
    ana.press("Undo", message=shown)
    again = service.slack.person("mei").wait_for_message("#releases", lambda seen: "Yes" in seen.buttons)
    assert prompts.get(service.db, prompt.id).held is None
    assert service.events(prompt).count("undone") == 1
    presses(service, "ben", action_ids.UNDO, prompt, card)
    ben.wait_for_message("@signoff", "There is nothing that you could undo here.")
    shown = decided(service, prompt, again, "ben")
    assert f"by <@{ben.id}>" in shown.full_text


def test_only_the_vote_that_decides_is_held_back(service: RunningService) -> None:
    """Undone, the votes before it still count, and the one that is gone does not."""
    prompt, card = service.ask_in(
        "#releases", release_together, policy={"approvers": PEOPLE, "quorum": 2, "undo": LONG}
    )
    service.until_checked(prompt)
    ana, ben = service.slack.person("ana"), service.slack.person("ben")
    ana.press("Approve", message=card)
    ben.press("Approve", message=card)
    mei = service.slack.person("mei")
    mei.press("Undo", message=mei.wait_for_message("#releases", lambda seen: "Undo" in seen.buttons))
    assert told(service, "mei", "can undo") == "Only Ben Okafor can undo this."
    ben.press("Undo", message=mei.wait_for_message("#releases", lambda seen: "Undo" in seen.buttons))
    again = mei.wait_for_message("#releases", lambda seen: "Approve" in seen.buttons)
    assert "*1 of 2 agree*" in again.full_text
    (vote,) = prompts.get(service.db, prompt.id).votes
    assert vote.actor.name == "Ana Ruiz"


def test_a_decision_that_follows_because_somebody_has_left_can_be_undone(service: RunningService) -> None:
    """Nobody has pressed last. The one who cast the vote that decides has the button."""
    service.slack.client.set_user_group("dev", ["ana", "ben", "chloe"])
    policy = {"approvers": ["@dev"], "quorum": "all", "undo": LONG}
    prompt, card = service.ask_in("#releases", release_together, policy=policy)
    service.until_checked(prompt)
    service.slack.person("ana").press("Approve", message=card)
    service.slack.person("ben").press("Approve", message=card)
    service.slack.client.set_user_group("dev", ["ana", "ben"])
    mei = service.slack.person("mei")
    shown = mei.wait_for_message("#releases", lambda seen: "Undo" in seen.buttons)
    assert "Until then Ben Okafor can undo it." in shown.full_text
    assert runs.get(service.db, prompt.run_id).state is RunState.PAUSED
    service.slack.person("ben").press("Undo", message=shown)
    again = mei.wait_for_message("#releases", lambda seen: "Approve" in seen.buttons)
    assert "*1 of 2 agree*" in again.full_text


def test_a_deadline_that_comes_first_does_not_time_it_out(service: RunningService) -> None:
    """The decision came in time, and takes effect then."""
    prompt, card = asked(service, deadline=LONG)
    decided(service, prompt, card)
    found = prompts.get(service.db, prompt.id)
    assert found.held is not None
    assert found.held.until == found.deadline == found.due_at


def test_what_was_held_back_when_everything_stopped_takes_effect_at_the_next_start(
    slack: Emulator, sqlite_url: str
) -> None:
    """It is in the database, and not in somebody's memory."""
    with at(slack, sqlite_url, MONDAY) as service:
        prompt, card = asked(service)
        decided(service, prompt, card)
    with at(slack, sqlite_url, MONDAY + 2 * timedelta(seconds=LONG)) as service:
        assert service.over(prompt).result == {"value": True, "by": "Ana Ruiz"}
        assert prompts.get(service.db, prompt.id).outcome is Outcome.SUBMITTED


def test_an_undo_after_the_time_is_over_is_too_late(service: RunningService) -> None:
    """The decision counts from then on, also if nothing has noticed yet that its time is over."""
    prompt, card = asked(service)
    shown = decided(service, prompt, card)
    found = prompts.get(service.db, prompt.id).held
    assert found is not None
    over = held_as_json(replace(found, until=found.vote.at))
    with service.db.write() as tx:
        tx.execute(update(table).where(table.c.id == prompt.id).values(held=over))
    service.slack.person("ana").press("Undo", message=shown)
    assert "You have already answered: Answered “Yes” by Ana Ruiz." in told(service, "ana", "already")
    assert service.over(prompt).result == {"value": True, "by": "Ana Ruiz"}
    assert "undone" not in service.events(prompt)
