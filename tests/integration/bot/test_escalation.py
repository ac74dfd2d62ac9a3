"""Escalation: more people may answer once a prompt has been open for a while, and are told then."""

from datetime import timedelta
from typing import Any

import pytest

from signoff import Escalation, Policy
from signoff.flows.approval.admission import REQUESTED
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.testing import Emulator, VisibleMessage
from tests.integration.bot.asking import release_together
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_reminders import ANA, BEN, CHLOE, HOUR, MONDAY, at, grow_older, reminder
from tests.support.waiting import until, until_over

BOSS: dict[str, Any] = {"escalation": [{"after": "PT4H", "to": ["@chloe"]}]}


def asked(service: RunningService, **policy: Any) -> tuple[Prompt, VisibleMessage]:
    """A prompt to the release leads that goes to Chloé after four hours, once it is known who all of them are."""
    policy = {"approvers": ["@release-leads"], "deadline": "P7D", **BOSS, **policy}
    run = release_together.create_run({"policy": policy}, db=service.db, requester="@ana")
    prompt = until(service.db, lambda: next(iter(prompts.of_run(service.db, run.id)), None), what="the prompt")
    card = service.card(prompt)
    service.until_noted(prompt, "card_posted")
    named = len(prompt.approvers_to_come)
    until(service.db, lambda: len(prompts.get(service.db, prompt.id).found_approvers) == named, what="the approvers")
    return prompts.get(service.db, prompt.id), card


def said(service: RunningService, card: VisibleMessage, text: str) -> VisibleMessage:
    """The message in the thread that says this, once it is there."""

    def found() -> VisibleMessage | None:
        return next((each for each in service.replies(card) if text in each.full_text), None)

    return service.slack.person("mei").wait_until(found, what=text)


def shown(service: RunningService, text: str, channel: str = "#releases") -> VisibleMessage:
    """The open card that says this."""
    return service.slack.person("mei").wait_for_message(
        channel, lambda seen: bool(seen.buttons) and text in seen.full_text
    )


def test_two_people_of_a_group_not_the_requester_with_a_reminder_after_an_hour_and_the_boss_after_four(
    service: RunningService,
) -> None:
    """The recipe of the docs. Whoever is in charge is one more approver, so one of the others is enough with them."""
    policy = {"quorum": 2, "requester_may_answer": False, "reminders": ["PT1H"]}
    service.slack.client.set_user_group("release-leads", ["ana", "ben", "dmitri"])
    prompt, card = asked(service, **policy)
    assert prompt.policy == Policy(
        channel="#releases",
        approvers=["@release-leads"],
        quorum=2,
        requester_may_answer=False,
        reminders=[HOUR],
        escalation=[Escalation(after=4 * HOUR, to=["@chloe"])],
        deadline=timedelta(days=7),
    )
    chloe = service.slack.person("chloe")
    chloe.press("Approve", message=card)
    chloe.wait_for_message("#releases", lambda seen: seen.is_ephemeral and "You may not answer" in seen.text)
    grow_older(service, prompt, HOUR)
    reminded = reminder(service, card).full_text
    assert BEN in reminded
    assert not any(mention in reminded for mention in (ANA, CHLOE, "<!subteam"))
    grow_older(service, prompt, 3 * HOUR)
    told = said(service, card, "Escalated to").full_text
    assert f"Escalated to {CHLOE} after 4 h, who may answer now, 0 of 2 agree, times out" in told
    assert f"Escalated to {CHLOE} after 4 h." in shown(service, "Escalated to").full_text
    assert service.until_noted(prompt, "escalated") == {"to": ["@chloe"], "after": 14400.0}
    chloe.press("Approve", message=card)
    until(service.db, lambda: prompts.get(service.db, prompt.id).votes, what="the vote")
    ana = service.slack.person("ana")
    ana.press("Approve", message=card)
    ana.wait_for_message("#releases", lambda seen: seen.is_ephemeral and REQUESTED in seen.text)
    service.slack.person("ben").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True by Chloé Martin (slack), Ben Okafor (slack)"


def test_whoever_is_not_in_the_channel_gets_a_card_of_their_own(service: RunningService) -> None:
    """It pings nobody who was told before, and follows the prompt as every card does."""
    prompt, _ = asked(service, escalation=[{"after": "PT4H", "to": ["@chloe"], "channel": "@chloe"}])
    grow_older(service, prompt, 4 * HOUR)
    chloe = service.slack.person("chloe")
    card = chloe.wait_for_message("@signoff", lambda seen: bool(seen.buttons))
    first = next(
        call["arguments"]
        for call in service.slack.client.calls("chat.postMessage")
        if call["arguments"]["channel"] == card.channel
    )
    assert CHLOE in str(first["blocks"])
    assert "<!subteam" not in str(first["blocks"])
    chloe.press("Approve", message=card)
    assert service.over(prompt).result == "approved: True by Chloé Martin (slack)"
    chloe.wait_for_message("@signoff", lambda seen: seen.ts == card.ts and not seen.buttons)


def test_somebody_to_escalate_to_who_does_not_exist_is_reported_when_the_prompt_opens(service: RunningService) -> None:
    """And not when it is too late. The others can answer meanwhile."""
    prompt, _ = asked(service, escalation=[{"after": "PT4H", "to": ["@chloé"]}])
    assert service.until_noted(prompt, "approver_missing")["approver"] == "@chloé"
    card = shown(service, "cannot answer").full_text
    assert "@chloé cannot answer. No person or user group has this handle." in card
    assert "Nobody can answer this" not in card


def test_escalations_that_were_missed_all_come_and_survive_a_second_process(service: RunningService) -> None:
    """Each is meant for others, so none is left out; and whichever process is first does it."""
    several = [{"after": "PT1H", "to": ["@chloe"]}, {"after": "PT2H", "to": ["@dmitri"]}]
    prompt, card = asked(service, escalation=several, reminders=["PT3H"])
    other = DeadlineEnforcer(service.db)
    grow_older(service, prompt, 9 * HOUR)
    other.do_due()
    said(service, card, "Escalated to <@U0DMITRIS1> after 2 h")
    reminder(service, card)
    service.until_all_is_said()
    events = [event for event in service.events(prompt) if event in ("escalated", "reminded")]
    assert events == ["escalated", "escalated", "reminded"]
    assert prompts.get(service.db, prompt.id).escalations == 2
    service.slack.person("dmitri").press("Approve", message=card)
    service.over(prompt)


def test_whoever_is_in_charge_is_pinged_when_they_are_at_work_and_may_answer_before(
    slack: Emulator, sqlite_url: str
) -> None:
    """It is late in the evening where Mei is."""
    policy = {"escalation": [{"after": "PT1H", "to": ["@mei"]}], "working_hours": "Mon-Fri 9-17"}
    with at(slack, sqlite_url, MONDAY) as service:
        prompt, card = asked(service, **policy)
    with at(slack, sqlite_url, MONDAY + 1.1 * HOUR) as service:
        assert list(service.until_noted(prompt, "put_off")["until"]) == ["U0MEITANA1"]
        shown(service, "Escalated to <@U0MEITANA1> after 1 h.")
        assert not [each for each in service.replies(card) if "Escalated" in each.full_text]
        service.slack.person("mei").press("Approve", message=card)
        assert service.over(prompt).result == "approved: True by Mei Tanaka (slack)"


def test_of_a_channel_somebody_who_is_not_in_it_may_answer_once_it_was_escalated(service: RunningService) -> None:
    """The members still may."""
    service.slack.client.remove("chloe", "#releases")
    prompt, _ = asked(service, approvers=[], escalation=[{"after": "PT4H", "to": ["@chloe"], "channel": "@chloe"}])
    grow_older(service, prompt, 4 * HOUR)
    shown(service, f"Anyone in this channel from this workspace or {CHLOE} may answer.")
    service.slack.person("chloe").wait_for_message("@signoff", lambda seen: bool(seen.buttons))
    service.slack.person("chloe").press("Approve", in_="@signoff")
    assert service.over(prompt).result == "approved: True by Chloé Martin (slack)"


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ({"quorum": "all"}, "escalation: quorum='all' does not say"),
        ({"approvers": [], "each_of": ["@ana", "@ben"]}, "escalation: each_of does not say"),
        ({"deadline": "PT4H"}, "escalation: it comes after 4:00:00, and the prompt times out after 4:00:00"),
        ({"deadline": None}, "escalation: it comes after 4:00:00, and the prompt times out after 1:00:00"),
        (
            {"approvers": [], "escalation": [{"after": 60, "to": ["@chloe"], "channel": "#orders"}]},
            "escalation: without approvers everybody in #orders could answer",
        ),
        ({"escalation": [{"after": 60, "to": []}]}, "escalation.0.to"),
    ],
)
def test_an_escalation_that_makes_no_sense_is_refused_at_the_pause(
    service: RunningService, policy: dict[str, Any], problem: str
) -> None:
    """With the field's name."""

    run = release_together.create_run(
        {"policy": {"approvers": ["@ana"], "deadline": "P1D", **BOSS, **policy}}, db=service.db
    )
    ended = until_over(service.db, run.id)
    assert ended.state is RunState.FAILED
    assert problem in (ended.error or "")
