"""Reminders: when they come, whom they ping, and whom they leave alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from signoff.bot.service import Service
from signoff.store.changes import Topic
from signoff.store.outbox import cards
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.store.tables import notices
from signoff.store.tables import prompts as prompts_table
from signoff.testing import Emulator, VisibleMessage
from tests.integration.bot.asking import FLOWS, release_together
from tests.integration.bot.running_service import RunningService, set_clock, settings_for
from tests.support.waiting import until

HOUR = timedelta(hours=1)
ANA, BEN, CHLOE, DMITRI = "<@U0ANARUIZ1>", "<@U0BENOKAF1>", "<@U0CHLOEM01>", "<@U0DMITRIS1>"
MEI = "<@U0MEITANA1>"


def asked(service: RunningService, **policy: Any) -> tuple[Prompt, VisibleMessage]:
    """A prompt with a reminder after an hour, and its card, once it is known who its approvers are."""
    policy = {"reminders": ["PT1H"], "deadline": "P7D", **policy}
    prompt, _ = service.ask_in("#releases", release_together, policy=policy)
    named = len(prompt.approvers_to_come)
    until(service.db, lambda: len(prompts.get(service.db, prompt.id).found_approvers) == named, what="the approvers")
    return prompt, service.card(prompt)


def grow_older(service: RunningService, prompt: Prompt, age: timedelta) -> None:
    """Have the bot find a prompt as if it had been opened earlier by this much."""
    columns = prompts_table.c
    current = prompts.get(service.db, prompt.id)
    moments = {"opened_at": current.opened_at, "due_at": current.due_at, "deadline": current.deadline}
    earlier = {name: moment - age for name, moment in moments.items() if moment is not None}
    with service.db.write() as tx:
        tx.execute(update(prompts_table).where(columns.id == prompt.id).values(earlier))
        tx.touch(Topic.PROMPTS)


def reminder(service: RunningService, card: VisibleMessage, number: int = 1) -> VisibleMessage:
    """The reminder of this number in a card's thread, once it is there."""

    def found() -> VisibleMessage | None:
        reminders = [each for each in service.replies(card) if "Still waiting for" in each.full_text]
        return reminders[number - 1] if len(reminders) >= number else None

    return service.slack.person("mei").wait_until(found, what="the reminder")


def test_doubling_reminders_come_after_15_minutes_and_whenever_a_prompt_is_twice_as_old(
    service: RunningService,
) -> None:
    """The second one comes half an hour after the prompt opened, and the third one after an hour."""
    prompt, card = asked(service, approvers=["@ana"], reminders="doubling")
    quarter = timedelta(minutes=15)
    assert [after / quarter for after in prompt.policy.reminders[:5]] == [1, 2, 4, 8, 16]
    for number, minutes in enumerate((15, 15, 30), start=1):
        grow_older(service, prompt, timedelta(minutes=minutes))
        assert ANA in reminder(service, card, number).full_text
    current = prompts.get(service.db, prompt.id)
    assert (current.reminders_sent, current.due_at) == (3, current.opened_at + 8 * quarter)


def test_whoever_has_voted_is_not_pinged_again(service: RunningService) -> None:
    """Only those are who still have to answer, each once; nor does a mention of their group reach the others."""
    prompt, card = asked(service, approvers=["@release-leads", "@chloe", "@dmitri"], quorum=3)
    for name in ("ana", "chloe"):
        service.slack.person(name).press("Approve", message=card)
    until(service.db, lambda: len(prompts.get(service.db, prompt.id).votes) == 2, what="both votes")
    grow_older(service, prompt, HOUR)
    told = reminder(service, card).full_text
    assert f"Still waiting for @release-leads ({BEN}) or {DMITRI}. Open for 1 h, 2 of 3 agree, times out" in told
    assert not any(mention in told for mention in (ANA, CHLOE, "<!subteam"))


def test_a_group_of_which_everybody_has_to_answer_is_mentioned_as_such(service: RunningService) -> None:
    """That is shorter than all of its people."""
    prompt, card = asked(service, approvers=["@release-leads"], quorum=2)
    grow_older(service, prompt, HOUR)
    assert "Still waiting for <!subteam^S0RELEASE1>." in reminder(service, card).full_text


def test_of_several_groups_only_that_is_pinged_whose_vote_is_missing(service: RunningService) -> None:
    """Somebody else of a group that has agreed need not answer any more."""
    prompt, card = asked(service, each_of=["@release-leads", "@buyers"])
    service.slack.person("ana").press("Approve", message=card)
    until(service.db, lambda: prompts.get(service.db, prompt.id).votes, what="the vote")
    grow_older(service, prompt, HOUR)
    assert "Still waiting for <!subteam^S0BUYERS01>." in reminder(service, card).full_text


def test_neither_the_requester_who_may_not_answer_nor_somebody_deactivated_is_pinged(service: RunningService) -> None:
    """Neither of them can do anything about it."""
    policy = {
        "approvers": ["@release-leads", "@chloe"],
        "requester_may_answer": False,
        "reminders": ["PT1H"],
        "deadline": "P7D",
    }
    run = release_together.create_run({"policy": policy}, db=service.db, requester="@ana")
    prompt = until(service.db, lambda: next(iter(prompts.of_run(service.db, run.id)), None), what="the prompt")
    card = service.card(prompt)
    until(service.db, lambda: len(prompts.get(service.db, prompt.id).found_approvers) == 2, what="the approvers")
    service.slack.client.change_person("chloe", deleted=True)
    service.slack.client.events("user_change", at_least=1)
    grow_older(service, prompt, HOUR)
    told = reminder(service, card).full_text
    assert BEN in told
    assert not any(mention in told for mention in (ANA, CHLOE, "<!subteam"))


def test_no_reminder_is_posted_for_what_was_settled_while_slack_was_away(service: RunningService) -> None:
    """It would ping people who have nothing to do any more."""
    prompt, card = asked(service, approvers=["@ana"])
    service.until_all_is_said()
    service.slack.client.inject_fault("chat.postMessage", error="internal_error", times=1000)
    grow_older(service, prompt, HOUR)
    until(service.db, lambda: "reminded" in service.events(prompt), what="the reminder to come due")
    service.slack.person("ana").press("Approve", message=card)
    service.over(prompt)
    service.slack.client.clear_faults()
    service.until_all_is_said()
    assert [each.full_text for each in service.replies(card) if "Still waiting" in each.full_text] == []


@contextmanager
def at(slack: Emulator, url: str, moment: datetime) -> Iterator[RunningService]:
    """Signoff, started at this moment."""
    set_clock(url, moment)
    with Service(settings_for(slack.api_url, url), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def until_put_off(service: RunningService, prompt: Prompt, number: int = 1) -> None:
    """Wait until so many reminders were put off, and nothing else is due before they are."""

    def is_put_off() -> bool:
        due_at = cards.next_due_at(service.db)
        was_noted = service.events(prompt).count("put_off") == number
        return was_noted and due_at is not None and due_at > service.db.now()

    until(service.db, is_put_off, what="the reminder to be put off")


WORKING_HOURS = {"approvers": ["@ana", "@mei"], "working_hours": "Mon-Fri 9:00-17:00", "deadline": "P3D"}
MONDAY = datetime(2031, 5, 5, 11, 30, tzinfo=UTC)
"""In the early afternoon in Madrid, where Ana is, and late in the evening in Tokyo, where Mei is."""


def test_a_reminder_outside_of_somebodys_working_hours_waits_for_them(slack: Emulator, sqlite_url: str) -> None:
    """Others are pinged now. The deadline stays as it is."""
    with at(slack, sqlite_url, MONDAY) as service:
        prompt, card = asked(service, quorum=2, **WORKING_HOURS)
    with at(slack, sqlite_url, MONDAY + 1.1 * HOUR) as service:
        told = reminder(service, card).full_text
        assert f"Still waiting for {ANA} or @mei." in told
        tuesday = datetime(2031, 5, 6, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
        until_when = service.until_noted(prompt, "put_off")["until"]
        assert until_when == {service.slack.person("mei").id: tuesday.astimezone(UTC).isoformat()}
        until(service.db, lambda: cards.next_due_at(service.db) == tuesday, what="the reminder to be all that is due")
    with at(slack, sqlite_url, tuesday + timedelta(seconds=1)) as service:
        assert f"Still waiting for @ana or {MEI}." in reminder(service, card, 2).full_text
        service.until_all_is_said()
        assert len([each for each in service.replies(card) if "Still waiting" in each.full_text]) == 2
        assert prompts.get(service.db, prompt.id).deadline == prompt.opened_at + timedelta(days=3)


def test_a_reminder_that_comes_at_the_weekend_is_posted_on_monday(slack: Emulator, sqlite_url: str) -> None:
    """Once, however many came in the meantime, and it is Monday at another time for each."""
    saturday = MONDAY + timedelta(days=5)
    several = {**WORKING_HOURS, "reminders": ["PT1H", "PT4H", "PT8H"]}
    with at(slack, sqlite_url, saturday) as service:
        prompt, card = asked(service, **several)
    for number, hours in enumerate((1, 4, 8), start=1):
        with at(slack, sqlite_url, saturday + (hours + 0.1) * HOUR) as service:
            until_put_off(service, prompt, number)
            assert not [each for each in service.replies(card) if "Still waiting" in each.full_text]
    with at(slack, sqlite_url, datetime(2031, 5, 12, 9, 1, tzinfo=ZoneInfo("Europe/Madrid"))) as service:
        told = [reminder(service, card, number).full_text for number in (1, 2)]
        service.until_all_is_said()
        assert sorted(ANA in each for each in told) == sorted(MEI in each for each in told) == [False, True]
        assert len([each for each in service.replies(card) if "Still waiting" in each.full_text]) == 2


def test_nobody_is_pinged_more_often_in_a_day_than_the_policy_says(slack: Emulator, sqlite_url: str) -> None:
    """Counted over all prompts. What would be too much comes a day later, as one."""
    policy = {"approvers": ["@ana"], "reminders": ["PT1H", "PT2H"], "max_pings_a_day": 1}

    def pings(service: RunningService, threads: list[VisibleMessage]) -> int:
        service.until_nothing_is_under_way()
        found = [each for card in threads for each in service.replies(card) if "Still waiting" in each.full_text]
        assert all(f"Still waiting for {ANA}." in each.full_text for each in found)
        return len(found)

    with at(slack, sqlite_url, MONDAY) as service:
        both = [asked(service, **policy) for _ in range(2)]
        cards_of_both = [service.card(prompt) for prompt, _ in both]
    with at(slack, sqlite_url, MONDAY + 1.1 * HOUR) as service:
        until(service.db, lambda: sum(service.events(prompt).count("put_off") for prompt, _ in both) == 1)
        assert pings(service, cards_of_both) == 1
    with at(slack, sqlite_url, MONDAY + 2.1 * HOUR) as service:
        until(service.db, lambda: sum(service.events(prompt).count("put_off") for prompt, _ in both) == 3)
        assert pings(service, cards_of_both) == 1
    with at(slack, sqlite_url, MONDAY + 25.2 * HOUR) as service:
        until(service.db, lambda: sum(service.events(prompt).count("put_off") for prompt, _ in both) == 4)
        assert pings(service, cards_of_both) == 2


def was_attempted(service: RunningService) -> bool:
    with service.db.read() as reading:
        return reading.execute(select(notices.c.error).where(notices.c.error.is_not(None))).first() is not None


def test_a_reminder_that_slack_takes_late_goes_by_the_time_when_it_does(slack: Emulator, sqlite_url: str) -> None:
    """Slack was away for the afternoon, and comes back at night."""
    with at(slack, sqlite_url, MONDAY) as service:
        prompt, card = asked(service, **{**WORKING_HOURS, "approvers": ["@ana"]})
    slack.client.inject_fault("chat.postMessage", error="internal_error", times=1000)
    with at(slack, sqlite_url, MONDAY + 1.1 * HOUR) as service:
        until(service.db, lambda: was_attempted(service), what="an attempt to post it")
    slack.client.clear_faults()
    with at(slack, sqlite_url, MONDAY + 10 * HOUR) as service:
        until_put_off(service, prompt)
        assert not [each for each in service.replies(card) if "Still waiting" in each.full_text]
