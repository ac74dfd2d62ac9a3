"""Who is told of a prompt: a channel, each approver directly, or both; not those who need not be; and the requester."""

import logging
from typing import Any

import pytest

from signoff import Policy
from signoff.bot.service import Service
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.policy import conflict, merged
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt
from signoff.testing import Emulator, VisibleMessage
from tests.integration.bot.asking import FLOWS, approve, release_together
from tests.integration.bot.running_service import RunningService, settings_for
from tests.support.waiting import until_asked

ANA, BEN, MEI = "U0ANARUIZ1", "U0BENOKAF1", "U0MEITANA1"
DIRECT = "@signoff"


def asked(service: RunningService, *, requester: str | None = None, **policy: Any) -> Prompt:
    """A prompt under this policy."""
    run = release_together.create_run({"policy": policy}, db=service.db, requester=requester)
    return until_asked(service.db, run.id)


def direct(service: RunningService, name: str, prompt: Prompt, *, open_: bool = True) -> VisibleMessage:
    """The card that somebody has got in their direct messages."""

    def is_it(seen: VisibleMessage) -> bool:
        return (seen.metadata or {}).get("event_payload", {}).get("prompt_id") == prompt.id and bool(
            seen.buttons
        ) == open_

    return service.slack.person(name).wait_for_message(DIRECT, is_it)


def posts(service: RunningService) -> list[dict[str, Any]]:
    """The arguments of each message that was posted."""
    return [call["arguments"] for call in service.slack.client.calls("chat.postMessage")]


def test_each_approver_may_get_a_card_of_their_own(service: RunningService) -> None:
    """Members of groups, too. There is none in a channel, and each of them can answer in their own."""
    prompt = asked(service, channel=None, approvers=["@mei", "@release-leads"], notify="direct", quorum=2)
    cards = {name: direct(service, name, prompt) for name in ("ana", "ben", "mei")}
    assert service.until_noted(prompt, "cards_sent")["to"] == [MEI, ANA, BEN]
    service.until_all_is_said()
    assert len(posts(service)) == 3
    service.slack.person("ana").press("Approve", message=cards["ana"])
    mei = service.slack.person("mei")
    shown = mei.wait_for_message(DIRECT, lambda seen: bool(seen.buttons) and "*1 of 2 agree*" in seen.full_text)
    mei.press("Approve", message=shown)
    assert str(service.over(prompt).result).startswith("approved: True")
    assert "Approved" in direct(service, "ben", prompt, open_=False).full_text


def test_a_card_in_a_channel_pings_nobody_who_has_one_of_their_own(service: RunningService) -> None:
    """It names them. Whoever is in the channel sees it, and only approvers may answer."""
    prompt = asked(service, approvers=["@ana", "@ben"], notify="both")
    for name in ("ana", "ben"):
        direct(service, name, prompt)
    service.card(prompt)
    service.until_all_is_said()
    in_channel = [each for each in posts(service) if not str(each["channel"]).startswith("D")]
    assert len(in_channel) == 1
    assert "@ana or @ben may answer." in str(in_channel)
    assert "<@" not in str(in_channel)
    service.slack.person("ben").press("Approve", message=service.card(prompt))
    assert str(service.over(prompt).result).startswith("approved: True")


def test_each_approver_is_reminded_under_their_own_card(service: RunningService) -> None:
    """And nobody in the channel."""
    prompt = asked(service, approvers=["@ana", "@ben"], notify="both", reminders=[3600])
    threads = {name: direct(service, name, prompt).ts for name in ("ana", "ben")}
    service.until_all_is_said()
    service.remind(prompt)
    for name, thread in threads.items():
        assert heard(service, name, "Still waiting for").thread_ts == thread
    service.until_all_is_said()
    assert service.replies(service.card(prompt)) == []


def test_the_requester_who_may_not_answer_gets_no_card(service: RunningService) -> None:
    """Although they are named, or in a group that is."""
    prompt = asked(
        service,
        channel=None,
        approvers=["@release-leads", "@mei"],
        notify="direct",
        requester="@ana",
        requester_may_answer=False,
    )
    direct(service, "mei", prompt)
    assert service.until_noted(prompt, "cards_sent")["to"] == [MEI, BEN]


def test_at_most_twenty_people_are_written_to(service: RunningService, caplog: pytest.LogCaptureFixture) -> None:
    """Those who are named come before the members of groups, and the log says that there are more."""
    caplog.set_level(logging.WARNING)
    crowd = [service.slack.client.add_person(f"crowd{number:02}").id for number in range(25)]
    service.slack.client.set_user_group("crowd", crowd)
    prompt = asked(service, channel=None, approvers=["@crowd", "@mei"], notify="direct")
    to = service.until_noted(prompt, "cards_sent")["to"]
    assert len(to) == 20
    assert to[0] == MEI
    service.until_logged(caplog, f"{prompt.label} is sent to 20 people directly, and to no others.\n")


def test_who_need_not_be_told_may_answer_all_the_same(service: RunningService) -> None:
    """The card names them without a mention, and they get no card of their own."""
    prompt = asked(service, approvers=["@ana"], quiet=["@mei"], notify="both")
    service.until_checked(prompt, 2)
    direct(service, "ana", prompt)
    card = service.card(prompt)
    assert service.until_noted(prompt, "cards_sent")["to"] == [ANA]
    service.until_all_is_said()
    assert MEI not in str(posts(service))
    assert "@mei may answer." in service.card(prompt).full_text
    service.slack.person("mei").press("Approve", message=card)
    assert "by Mei Tanaka" in str(service.over(prompt).result)


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"notify": "direct"}, "notify: direct of whom? Name people or user groups in approvers"),
        ({"notify": "both", "channel": "#a"}, "notify: both of whom? Name people or user groups in approvers"),
        (
            {"notify": "direct", "channel": "#a", "approvers": ["@ana"]},
            "notify: direct posts no card in a channel. Write both, or leave channel out",
        ),
        ({"quiet": ["@ana"], "each_of": ["@dev"]}, "quiet: with each_of nobody else may answer, so leave it out"),
        (
            {"quiet": ["@ana"], "approvers": ["@dev"], "quorum": "all"},
            "quiet: everybody who is named has to agree, so everybody has to be told. Name them in approvers",
        ),
    ],
)
def test_a_policy_that_tells_nobody_is_refused(policy: dict[str, Any], told: str) -> None:
    """With the name of the field."""
    assert conflict(Policy.model_validate(policy), None) == told


def test_who_need_not_be_told_belongs_to_the_approvers() -> None:
    """A pause that names its approvers does not get those of the settings, however quiet."""
    settings = Policy(approvers=["@ana"], quiet=["@boss"])
    assert merged(Policy(approvers=["@ben"]), settings).named == ("@ben",)
    assert merged(Policy(quiet=["@mei"]), settings).named == ("@ana", "@mei")


def heard(service: RunningService, name: str, wanted: str) -> VisibleMessage:
    """What somebody hears in direct messages of how a prompt has ended."""
    return service.slack.person(name).wait_for_message(DIRECT, lambda seen: wanted in seen.full_text)


@pytest.mark.parametrize("requester", [MEI, "mei@example.com"])
def test_the_requester_hears_the_outcome_with_the_reason_and_the_next_step(
    service: RunningService, requester: str
) -> None:
    """In direct messages, once."""
    prompt = asked(service, approvers=["@ana", "@ben"], requester=requester)
    card = service.card(prompt)
    ana = service.slack.person("ana")
    ana.press("Reject", message=card)
    ana.wait_for_modal("May it go out?")
    ana.submit({"Reason": "After the audit"})
    told = heard(service, "mei", "May it go out?").full_text
    assert "❌ *May it go out?*\nRejected by Ana Ruiz. The run goes on with this answer. Ask Ana Ruiz what" in told
    service.until_all_is_said()
    assert len(service.slack.person("mei").sees(DIRECT)) == 1


def test_the_requester_hears_of_a_deadline(service: RunningService) -> None:
    """And whom to tell, and how to ask again."""
    policy = {"approvers": ["@ana", "@ben"], "deadline": 0.2}
    run = release_together.create_run({"policy": policy}, db=service.db, requester=MEI)
    told = heard(service, "mei", "May it go out?").full_text
    again = f"Tell @ana or @ben, and request it again, or `signoff retry {run.id[:8]}` once the run has failed."
    assert f"⌛ *May it go out?*\nTimed out. Nobody answered in time. {again}" in told


def test_the_requester_hears_of_a_cancellation(service: RunningService) -> None:
    """By somebody else."""
    prompt = asked(service, approvers=["@ana"], requester=MEI)
    Desk(service.db).cancel(prompt.run_id, Actor("@ops", "Ops"), "Wrong version", via="cli")
    told = heard(service, "mei", "May it go out?").full_text
    assert "Cancelled by Ops: Wrong version Request it again if it is still needed." in told


@pytest.mark.parametrize("requester", [ANA, "ana@example.com", "@mei", "@root", None])
def test_nobody_hears_what_they_know_or_must_not(service: RunningService, requester: str | None) -> None:
    """Not who settled it themselves, and nobody by a handle, which may be the name of a user of some machine."""
    prompt = asked(service, approvers=["@ana", "@ben"], requester=requester)
    service.slack.person("ana").press("Approve", message=service.card(prompt))
    service.over(prompt)
    service.until_all_is_said()
    assert not any(str(each["channel"]).startswith("D") for each in posts(service))


def test_the_requester_hears_it_once_whatever_is_killed(slack: Emulator, sqlite_url: str) -> None:
    """It is written with the outcome: the next bot says what the one before did not."""
    with Service(settings_for(slack.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        run = approve.create_run({}, db=service.db, requester=MEI)
        prompt = until_asked(service.db, run.id)
        service.card(prompt)
        service.until_checked(prompt)
        service.until_all_is_said()
        # Whatever is posted from now on gets there, and the bot never hears of it.
        slack.client.inject_fault("chat.postMessage", drop=True, times=1000)
        Desk(service.db).submit(
            prompt.id, Actor("@ana", "ana", frozenset({"@ana"})), {"approved": True}, via="cli", complete=True
        )
        heard(service, "mei", "May it go out?")
    slack.client.clear_faults()
    with Service(settings_for(slack.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        service.until_all_is_said()
        assert prompts.get(service.db, prompt.id).outcome is Outcome.SUBMITTED
        assert len(slack.person("mei").sees(DIRECT)) == 1
