"""People put off their own reminders, and those who may give a prompt more time."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from signoff.store import ledger
from signoff.store.outbox import cards
from signoff.store.prompts import prompts
from signoff.testing import Emulator
from tests.integration.bot.asking import release_together
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_reminders import ANA, BEN, HOUR, MONDAY, asked, at, grow_older, reminder
from tests.support.waiting import until

TWO = {"approvers": ["@ana", "@ben"], "quorum": 2}


def test_a_person_puts_off_their_own_reminders_and_nobody_elses(slack: Emulator, sqlite_url: str) -> None:
    """The press is in the ledger, and only they see what they are told."""
    several = {"reminders": ["PT1H", "PT90M"]}
    with at(slack, sqlite_url, MONDAY) as service:
        prompt, card = asked(service, **TWO, **several)
    with at(slack, sqlite_url, MONDAY + 1.1 * HOUR) as service:
        first = reminder(service, card)
        ana = service.slack.person("ana")
        ana.press("Remind me in an hour", message=first)
        ana.wait_for_message(
            "#releases", lambda seen: seen.is_ephemeral and "You will be reminded of this" in seen.text
        )
        (line,) = (line for line in ledger.lines(service.db, prompt.id) if line.event == "snoozed")
        assert line.actor == ana.id
        wanted = prompts.get(service.db, prompt.id).snoozed[ana.id]
    with at(slack, sqlite_url, MONDAY + 1.6 * HOUR) as service:
        second = reminder(service, card, 2).full_text
        assert f"Still waiting for @ana or {BEN}." in second
        until(service.db, lambda: cards.next_due_at(service.db) == wanted, what="her reminder to be all that is due")
    with at(slack, sqlite_url, wanted + timedelta(seconds=1)) as service:
        assert f"Still waiting for {ANA} or @ben." in reminder(service, card, 3).full_text
        service.until_all_is_said()
        assert len([each for each in service.replies(card) if "Still waiting" in each.full_text]) == 3


def test_tomorrow_is_the_next_morning_where_the_person_is(slack: Emulator, sqlite_url: str) -> None:
    """Somebody else's morning is another moment. Whoever is not asked has nothing to put off."""
    with at(slack, sqlite_url, MONDAY) as service:
        prompt, card = asked(service, approvers=["@ana", "@mei"], reminders=["PT1H"])
    with at(slack, sqlite_url, MONDAY + 1.1 * HOUR) as service:
        message = reminder(service, card)
        for name in ("ana", "mei"):
            service.slack.person(name).press("Remind me tomorrow", message=message)
        snoozed = until(
            service.db, lambda: found if len(found := prompts.get(service.db, prompt.id).snoozed) == 2 else None
        )
        for name, zone in (("ana", "Europe/Madrid"), ("mei", "Asia/Tokyo")):
            local = snoozed[service.slack.person(name).id].astimezone(ZoneInfo(zone))
            assert (local.day, local.hour, local.minute) == (6, 9, 0)
        chloe = service.slack.person("chloe")
        chloe.press("Remind me tomorrow", message=message)
        chloe.wait_for_message("#releases", lambda seen: seen.is_ephemeral and "You are not asked here" in seen.text)
        assert service.events(prompt).count("snoozed") == 2


def test_whoever_may_gives_a_prompt_more_time(service: RunningService) -> None:
    """The card, the thread and the ledger say so, and the deadline is kept at its new moment."""
    prompt, card = asked(service, approvers=["@ana"], deadline="PT2H", reminders=[], may_extend=["@ben", "approvers"])
    ben = service.slack.person("ben")
    ben.press("More time…", message=card)
    ben.wait_for_modal("More time")
    ben.submit({"How much more": "4 hours"})
    detail = service.until_noted(prompt, "extended")
    changed = prompts.get(service.db, prompt.id)
    assert prompt.deadline is not None
    assert changed.deadline is not None
    assert changed.deadline == changed.due_at == prompt.deadline + 4 * HOUR
    assert detail == {"until": changed.deadline.isoformat(), "seconds": 14400.0, "via": "slack", "name": "Ben Okafor"}
    service.slack.person("mei").wait_for_message(
        "#releases", lambda seen: "Ben Okafor has given this more time, until" in seen.full_text
    )
    shown = f"<!date^{int(changed.deadline.timestamp())}^"
    service.slack.person("mei").wait_for_message(
        "#releases", lambda seen: "Approve" in seen.buttons and shown in seen.full_text
    )
    grow_older(service, prompt, 3 * HOUR)
    ana = service.slack.person("ana")
    ana.press("More time…", message=card)
    ana.wait_for_modal("More time")
    ana.submit({"How much more": "1 hour"})
    until(service.db, lambda: service.events(prompt).count("extended") == 2, what="the second extension")
    grow_older(service, prompt, 5 * HOUR)
    service.over(prompt)
    assert "timed_out" in service.events(prompt)


def test_nobody_else_may(service: RunningService) -> None:
    """Whoever is in the channel sees the button, as all of them do. Without the field there is none."""
    prompt, card = asked(service, approvers=["@ana"], may_extend=["@ben"])
    for name in ("ana", "chloe"):
        person = service.slack.person(name)
        person.press("More time…", message=card)
        person.wait_for_message("#releases", lambda seen: seen.is_ephemeral and "may_extend" in seen.text)
    assert prompts.get(service.db, prompt.id).deadline == prompt.deadline
    assert "extended" not in service.events(prompt)
    service.slack.person("ana").press("Approve", message=card)
    service.over(prompt)
    _, other = asked(service, approvers=["@ana"])
    assert "More time…" not in other.buttons


def test_who_may_give_more_time_and_does_not_exist_is_reported_at_once(service: RunningService) -> None:
    """As every name of a policy is."""
    policy = {"approvers": ["@ana"], "may_extend": ["requester", "@nobody-at-all"]}
    prompt, _ = service.ask_in("#releases", release_together, policy=policy)
    assert service.until_noted(prompt, "approver_missing")["approver"] == "@nobody-at-all"
