"""Somebody is out of office: who is asked instead, who may answer in their place, and how it ends."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.prompts import absences, prompts
from signoff.store.records.absence import Absence
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.tables import absences as table
from signoff.testing import VisibleMessage
from tests.integration.bot.asking import release_together
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_assignment import ANA, BEN, remind, shows
from tests.support.waiting import until, until_asked

DMITRI, MEI = "U0DMITRIS1", "U0MEITANA1"
DAY = timedelta(days=1)


def says(service: RunningService, name: str, typed: str) -> str:
    """What a person is told when they type this."""
    person = service.slack.person(name)
    before = len(person.sees("#general"))
    person.command(f"/approvals {typed}")
    return person.wait_until(lambda: person.sees("#general")[before:])[-1].text


def away(service: RunningService, name: str, cover: str = "@dmitri") -> None:
    assert "You are away until " in says(service, name, f"away for 2 days, {cover} covers")


def asked(service: RunningService, **policy: Any) -> tuple[Prompt, VisibleMessage]:
    """A prompt that may be delegated, and its card, once it is known who its approvers are."""
    policy = {"approvers": ["@ana"], "may_delegate": True, **policy}
    prompt, _ = service.ask_in("#releases", release_together, policy=policy)
    service.until_checked(prompt)
    return prompt, service.card(prompt)


def test_somebody_who_is_away_is_told_until_when_in_full(service: RunningService) -> None:
    """In their own time zone, and with who covers; and they can ask, and come back."""
    assert says(service, "ana", "away").startswith("You are not away.")
    told = says(service, "ana", "away until Monday, @ben covers")
    moment = absences.current(service.db, now=service.db.now())[0].until
    assert told.startswith(f"You are away until Monday, {moment + timedelta(hours=2):%b} ")
    assert ", 00:00 (Europe/Madrid)." in told
    assert f"<@{BEN}> covers: reminders go to them" in told
    assert says(service, "ana", "away").startswith("You are away until Monday, ")
    assert says(service, "ben", "away") == f"You are not away. You cover for <@{ANA}>."
    assert says(service, "ana", "back") == "Welcome back. You are asked again from now on."
    assert says(service, "ana", "back") == "You are not away."


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("away whenever, @ben covers", "Nothing has changed. Say until when, for instance `until Monday`"),
        ("away until 2020-01-01", "Nothing has changed. That is over already."),
        ("away until Monday, @ana covers", "Nothing has changed. You cannot cover for yourself."),
        ("away until Monday, @signoff covers", "Nothing has changed. @signoff cannot cover. This is an app"),
        ("away until Monday, @buyers covers", "Nothing has changed. @buyers is not a person."),
        ("away until Monday, @chloe covers", "Nothing has changed. @chloe cannot cover. This account is deactivated."),
        ("away until Monday, @nobody covers", "Nothing has changed. @nobody cannot cover. No person or user group has"),
        ("away until Monday, <!channel> covers", "Nothing has changed. &lt;!channel&gt; cannot cover."),
        ("away until Monday, U0ZOE00001 covers", "Nothing has changed. U0ZOE00001 cannot cover. There is no user"),
        ("away until Monday, @mei covers", "Nothing has changed. Mei Tanaka is away until "),
    ],
)
def test_what_cannot_be_is_said(service: RunningService, typed: str, told: str) -> None:
    """With what to do, and nothing has changed."""
    service.slack.client.change_person("chloe", deleted=True)
    away(service, "mei")
    assert says(service, "ana", typed).startswith(told)
    assert says(service, "ana", "away").startswith("You are not away.")


def test_who_covers_is_asked_and_answers_in_their_place(service: RunningService) -> None:
    """The card, the reminder, the ledger and the outcome say for whom; and it is one vote."""
    away(service, "ana")
    prompt, card = asked(service, approvers=["@ana", "@ben"], quorum="all", reminders=["PT1H"])
    assert f"<@{DMITRI}> for Ana Ruiz (away until " in card.full_text
    assert f"<@{ANA}>" not in card.full_text
    noted = service.until_noted(prompt, "away")
    assert (noted["name"], noted["cover"], noted["cover_id"]) == ("Ana Ruiz", "Dmitri Sokolov", DMITRI)
    dmitri = service.slack.person("dmitri")
    direct = dmitri.wait_for_message("@signoff", "May it go out?")
    assert f"<@{DMITRI}> for Ana Ruiz" in remind(service, prompt).full_text
    dmitri.press("Approve", message=direct)
    card = shows(service, f"Approved: <@{DMITRI}> for <@{ANA}>")
    assert "*1 of 2 agree*" in card.full_text
    service.slack.person("ben").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True by Dmitri Sokolov (slack), Ben Okafor (slack)"
    (line,) = (line for line in ledger.lines(service.db, prompt.id) if line.event == "voted")
    assert (line.actor, line.detail["for"]) == (DMITRI, "Ana Ruiz")


def test_open_prompts_are_told_when_somebody_goes_away_and_comes_back(service: RunningService) -> None:
    """Their cards change, and whoever covers gets one; afterwards they may not answer any more."""
    prompt, card = asked(service)
    assert "1 open prompt asks for you by name." in says(service, "ana", "away for 2 days, @dmitri covers")
    shows(service, f"<@{DMITRI}> for Ana Ruiz (away until ")
    dmitri = service.slack.person("dmitri")
    direct = dmitri.wait_for_message("@signoff", "May it go out?")
    says(service, "ana", "back")
    shows(service, f"<@{ANA}> may answer.")
    assert [event for event in service.events(prompt) if event in ("away", "back")] == ["away", "back"]
    dmitri.press("Approve", message=direct)
    assert prompts.get(service.db, prompt.id).is_open
    service.slack.person("ana").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True by Ana Ruiz (slack)"


def test_a_card_that_is_being_drawn_when_somebody_comes_back_is_drawn_again(service: RunningService) -> None:
    """Otherwise it would say that they are away until something else happens."""
    asked(service)
    service.until_all_is_said()
    service.slack.client.inject_fault("chat.update", hold="after")
    away(service, "ana")
    service.slack.client.wait_until_held()
    says(service, "ana", "back")
    service.slack.client.clear_faults()
    shows(service, f"<@{ANA}> may answer.")


def test_an_absence_ends_by_itself(service: RunningService) -> None:
    """When its moment has come, and then the prompts say so."""
    away(service, "ana")
    prompt, _ = asked(service)
    service.until_noted(prompt, "away")
    with service.db.write() as tx:
        tx.execute(update(table).values(until=service.db.now()))
        tx.touch(Topic.PROMPTS, Topic.ABSENCES)
    service.until_noted(prompt, "back")
    shows(service, f"<@{ANA}> may answer.")
    assert absences.next_end(service.db) is None


def test_nobody_gets_a_right_that_the_policy_does_not_let_be_delegated(service: RunningService) -> None:
    """By default a cover who may not answer is only not asked, and neither is a requester who may not."""
    away(service, "ana")
    prompt, card = asked(service, may_delegate=False)
    assert f"<@{ANA}> (away until " in card.full_text
    service.slack.person("dmitri").press("Approve", message=card)
    assert prompts.get(service.db, prompt.id).is_open

    policy = {"approvers": ["@ana"], "may_delegate": True, "requester_may_answer": False}
    run = release_together.create_run({"policy": policy}, db=service.db, requester=DMITRI)
    prompt = until_asked(service.db, run.id)
    service.until_checked(prompt)
    card = service.card(prompt)
    assert f"<@{ANA}> (away until " in card.full_text
    service.slack.person("dmitri").press("Approve", message=card)
    assert prompts.get(service.db, prompt.id).is_open


def test_a_cover_who_goes_away_is_covered_too_and_a_circle_covers_nobody(service: RunningService) -> None:
    """Whoever covers for the cover covers for both."""
    away(service, "ana", "@ben")
    told = says(service, "ben", "away for 1 day, @dmitri covers")
    assert f"You cover for <@{ANA}>." not in told
    assert says(service, "dmitri", "away").endswith(f"You cover for <@{ANA}> and <@{BEN}>.")
    prompt, card = asked(service)
    assert f"<@{DMITRI}> for Ana Ruiz" in card.full_text
    # What two people say at the same moment, each before the other is away.
    later = service.db.now() + DAY
    circle = Absence(Actor(DMITRI, "Dmitri Sokolov"), later, Actor(ANA, "Ana Ruiz"))
    absences.begin(service.db, circle, now=service.db.now())
    assert "is away, too, so nobody covers for you." in says(service, "ana", "away")
    service.slack.person("dmitri").press("Approve", message=card)
    assert prompts.get(service.db, prompt.id).is_open
    service.slack.person("ana").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True by Ana Ruiz (slack)"


def test_a_cover_who_may_answer_anyhow_has_one_vote(service: RunningService) -> None:
    """Their own, so somebody else has to cast the other."""
    away(service, "ana", "@ben")
    prompt, card = asked(service, approvers=["@ana", "@ben"], quorum="all")
    service.slack.person("ben").press("Approve", message=card)
    until(service.db, lambda: prompts.get(service.db, prompt.id).votes, what="the vote")
    assert [vote.seat.id for vote in prompts.get(service.db, prompt.id).votes] == [BEN]
    service.slack.person("ana").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True by Ben Okafor (slack), Ana Ruiz (slack)"


def test_a_cover_who_is_deactivated_covers_nobody(service: RunningService) -> None:
    """Whoever is away is asked themselves again, so that somebody is; and nobody else's cover changes."""
    away(service, "mei", "@ben")
    away(service, "ana")
    prompt, _ = asked(service)
    shows(service, f"<@{DMITRI}> for Ana Ruiz (away until ")
    service.slack.client.change_person("dmitri", deleted=True)
    shows(service, f"<@{ANA}> (away until ")
    assert service.events(prompt).count("away") == 2
    assert says(service, "mei", "away").startswith("You are away until ")
    assert f"<@{BEN}> covers" in says(service, "mei", "away")
