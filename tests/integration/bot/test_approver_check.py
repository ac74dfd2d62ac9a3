"""Approvers: who they are is found out when a prompt opens, and a name that is nobody's is said at once."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import cast

import pytest

from signoff import Policy
from signoff.bot.service import Service
from signoff.flows.approval.approver_check import ApproverCheck
from signoff.flows.approval.approvers import Directory, Unknowable
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.prompts import approvers, prompts
from signoff.store.records.approvers import Approver
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import pauses
from signoff.store.tables import clocks
from signoff.store.tables import prompts as table
from signoff.testing import Emulator
from tests.integration.bot.asking import secret
from tests.integration.bot.running_service import RunningService, settings_for
from tests.integration.bot.test_forged_payloads import press
from tests.integration.store.samples import a_claimed_run, asking

HOUR = timedelta(hours=1)

ANA, BEN, CHLOE, MEI = "U0ANARUIZ1", "U0BENOKAF1", "U0CHLOEM01", "U0MEITANA1"


class Asked:
    """A directory that notes whom it was asked about, and can say nothing."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find(self, name: str, *, max_age: float) -> Unknowable:
        assert max_age >= 0
        self.names.append(name)
        return Unknowable("Slack is away.")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("ahead", [-HOUR, HOUR], ids=["behind", "ahead"])
def test_approvers_are_asked_about_by_the_databases_clock(db: Database, database_url: str, ahead: timedelta) -> None:
    """A bot whose system clock is an hour off asks neither an hour late nor again at every look."""
    db.now()
    with db.write() as tx:
        tx.execute(clocks.update().values(offset_us=clocks.c.offset_us + round(ahead / timedelta(microseconds=1))))
    with closing(Database(database_url)) as other:
        run = a_claimed_run(other)
        asked = asking(run, stored_policy=Policy(approvers=("@ana",)), opened_at=other.now())
        pauses.open_prompt(other, asked, fencing_token=run.fencing_token, state=RunState.PAUSED, held=True)
        directory = Asked()
        check = ApproverCheck(other, cast("Directory", directory))
        for _ in range(2):
            check.do_due()
        assert directory.names == ["@ana"]


class Changing:
    """A directory with a user group from which one of two people leaves while it is being read."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._has_left = False

    def find(self, name: str, *, max_age: float) -> Approver:
        assert max_age >= 0
        return Approver(name, "S0BUYERS01")

    def members_of(self, group: str) -> frozenset[str]:
        if self._has_left:
            return frozenset({ANA})
        self._has_left = True
        approvers.look_again(self._db, now=self._db.now())
        return frozenset({ANA, BEN})


def test_a_change_while_slack_is_asked_is_not_lost(db: Database) -> None:
    """What was read before it is dropped, and Slack is asked again at once."""
    run = a_claimed_run(db)
    asked = asking(run, stored_policy=Policy(approvers=("@buyers",), quorum="all"), opened_at=db.now())
    pauses.open_prompt(db, asked, fencing_token=run.fencing_token, state=RunState.PAUSED, held=True)
    check = ApproverCheck(db, cast("Directory", Changing(db)))
    check.do_due()
    assert prompts.get(db, asked.id).reviewers.people is None
    check.do_due()
    assert prompts.get(db, asked.id).reviewers.people == (ANA,)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("@anna", "No person or user group has this handle. Did you mean @ana?"),
        ("Ana Ruiz", "This is not a handle, an e-mail address or an id."),
        ("ana", "A handle begins with @, as in @ana."),
        (f"<@{ANA}>", f"This is a mention. Write {ANA}."),
        ("#no such channel", "This is not a handle, an e-mail address or an id."),
        ("<#C0ORDERS01|orders>", "This is a mention. Write C0ORDERS01."),
        ("D0ANARUIZ1", "These are direct messages. Write the id of the person."),
        ("@ben@example.com", "Write ben@example.com, or @ben."),
        ("anna@example.com", "Nobody in this workspace has this e-mail address."),
        ("U0NOBODY01", "There is no user with this id."),
        ("S0NOBODY01", "There is no user group with this id."),
        ("@signoff", "This is an app, and apps cannot answer."),
        ("@nobody-here", "This user group is empty."),
        ("@chloe", "This account is deactivated."),
        (CHLOE, "This account is deactivated."),
    ],
)
def test_an_approver_that_nobody_can_be_is_said_when_the_prompt_opens(
    service: RunningService, caplog: pytest.LogCaptureFixture, name: str, told: str
) -> None:
    """On the card, in the ledger and in the log, with what to write instead."""
    service.slack.client.set_user_group("nobody-here", [])
    if told == "This account is deactivated.":
        service.slack.client.change_person("chloe", deleted=True)
    prompt, _ = service.ask_in("#orders", secret, where="#orders", approvers=[name, "@ben"])
    noted = service.until_noted(prompt, "approver_missing")
    assert noted["approver"] == name
    assert told in noted["problem"]
    ben = service.slack.person("ben")
    shown = ben.wait_for_message("#orders", "cannot answer.").full_text
    assert told.replace("<", "&lt;").replace(">", "&gt;") in shown
    assert f"<@{BEN}> may answer." in shown
    assert "Nobody can answer this" not in shown
    service.until_logged(caplog, f"asks {name}, who cannot answer. ")
    ben.press("Approve", in_="#orders")
    assert service.over(prompt).result == "approved: True"


def test_a_prompt_that_nobody_can_answer_says_so(service: RunningService, caplog: pytest.LogCaptureFixture) -> None:
    """Instead of waiting for its deadline in silence."""
    prompt, _ = service.ask_in("#orders", secret, where="#orders", approvers=["@anna", "#order"], if_nobody="wait")
    service.slack.person("mei").wait_for_message("#orders", "*Nobody can answer this.*")
    assert service.events(prompt).count("approver_missing") == 2
    service.until_logged(caplog, f"Nobody can answer {prompt.label}, so it waits for its deadline.")


def test_a_name_that_is_somebody_s_changes_no_card(service: RunningService) -> None:
    """Most prompts need no second call for their card."""
    prompt, _ = service.ask_in("#orders", secret, where="#orders", approvers=["@ana", "@buyers", "ben@example.com"])
    assert service.until_checked(prompt, 3) == (
        Approver("@ana", ANA),
        Approver("@buyers", "S0BUYERS01"),
        Approver("ben@example.com", BEN),
    )
    service.until_all_is_said()
    assert service.slack.client.calls("chat.update") == []
    assert service.events(prompt) == ["opened", "card_posted"]


@pytest.mark.parametrize("group", ["@buyers", "S0BUYERS01"])
def test_the_people_of_a_user_group_may_answer(service: RunningService, group: str) -> None:
    """The card names the group, and who is in it is checked at the act."""
    prompt, card = service.ask_in("#orders", secret, where="#orders", approvers=[group])
    service.until_checked(prompt, 1)
    mei, chloe = service.slack.person("mei"), service.slack.person("chloe")
    mei.press("Approve", message=card)
    mei.wait_for_message("#orders", "<!subteam^S0BUYERS01> may answer.")
    service.slack.client.set_user_group("buyers", ["mei"])
    service.slack.client.events("subteam_members_changed", at_least=1)
    chloe.press("Approve", message=card)
    chloe.wait_for_message("#orders", "You may not answer")
    mei.press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"
    settled_by = prompts.get(service.db, prompt.id).settled_by
    assert settled_by is not None
    assert settled_by.id == MEI


def test_a_group_counts_before_it_was_looked_up(service: RunningService) -> None:
    """Somebody may press before the background has asked about the names."""
    service.slack.client.inject_fault("users.list", error="fatal_error", times=1000)
    prompt, card = service.ask_in("#orders", secret, where="#orders", approvers=["@buyers"])
    service.slack.person("chloe").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


def test_a_handle_stays_the_person_who_had_it(service: RunningService) -> None:
    """Whoever takes it over may not answer, and the one who had it may."""
    prompt, card = service.ask_in("#orders", secret, where="#orders", approvers=["@ana"])
    service.until_checked(prompt, 1)
    service.slack.client.change_person("ana", name="ana-ruiz")
    service.slack.client.change_person("mei", name="ana")
    service.slack.client.events("user_change", at_least=2)
    taker = {"id": MEI, "username": "ana", "name": "ana", "team_id": "T0SIGNOFF1"}
    assert service.post(press(service, card, "signoff:choose:0", prompt.id, user=taker)).status_code == 200
    service.slack.person(MEI).wait_for_message("@signoff", "You may not answer")
    service.slack.person(ANA).press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


def test_nobody_becomes_an_approver_by_taking_a_handle_that_was_free(service: RunningService) -> None:
    """A typo is not an invitation."""
    prompt, _ = service.ask_in("#orders", secret, where="#orders", approvers=["@anna"], if_nobody="wait")
    card = service.slack.person(MEI).wait_for_message("#orders", "@anna cannot answer.")
    service.slack.client.change_person("mei", name="anna")
    service.slack.person(MEI).press("Approve", message=card)
    service.slack.person(MEI).wait_for_message("#orders", "You may not answer")
    assert prompts.get(service.db, prompt.id).is_open


def test_a_prompt_opens_while_slack_does_not_say_who_anybody_is(service: RunningService) -> None:
    """It is found out as soon as Slack answers. Neither the card nor a press waits for it."""
    for method in ("users.list", "usergroups.list", "users.lookupByEmail"):
        service.slack.client.inject_fault(method, error="ratelimited", retry_after=1, times=2)
    prompt, card = service.ask_in("#orders", secret, where="#orders", approvers=["@anna", "@ben"])
    assert "@ben may answer." in card.full_text or "@anna or" in card.full_text
    assert service.until_noted(prompt, "approver_missing")["approver"] == "@anna"
    assert service.until_checked(prompt, 2)[1] == Approver("@ben", BEN)


@pytest.fixture
def without_bot(slack: Emulator, sqlite_url: str) -> Iterator[RunningService]:
    """A worker alone: nobody asks Slack."""
    with Service(settings_for(slack.api_url, sqlite_url), [secret], with_bot=False) as started:
        yield RunningService(slack, started)


def test_prompts_that_opened_while_no_bot_was_up_are_checked_when_it_starts(
    slack: Emulator, sqlite_url: str, without_bot: RunningService
) -> None:
    """The check is due in the database, and not in somebody's memory."""
    prompt = without_bot.ask(secret, where="#orders", approvers=["@anna"])
    assert prompt.found_approvers == ()
    with Service(settings_for(slack.api_url, sqlite_url), None, with_bot=True) as bot:
        assert RunningService(slack, bot).until_noted(prompt, "approver_missing")["approver"] == "@anna"


@pytest.mark.usefixtures("real_limits")
def test_a_press_does_not_wait_for_a_slow_slack_until_slack_gives_it_up(service: RunningService) -> None:
    """Who they are, and who is in each of five groups, would take longer than the 3 s that Slack waits for an ack."""
    client = service.slack.client
    groups = [f"group-{number}" for number in range(5)]
    for group in groups:
        client.set_user_group(group, ["ana"])
    prompt, card = service.ask_in("#orders", secret, where="#orders", approvers=[f"@{group}" for group in groups])
    service.until_checked(prompt, len(groups))
    for group in groups:
        client.set_user_group(group, ["ben"])
    client.events("subteam_members_changed", at_least=len(groups))
    before = len(client.calls("usergroups.users.list"))
    for method in ("users.info", "usergroups.users.list"):
        client.inject_fault(method, slow_by=0.8, times=100)
    mei = {"id": MEI, "username": "mei", "name": "mei", "team_id": "T0SIGNOFF1"}
    service.post(press(service, card, "signoff:choose:0", prompt.id, user=mei))
    service.slack.person(MEI).wait_for_message("@signoff", "Slack could not confirm that you may answer")
    assert len(client.calls("usergroups.users.list")) - before < len(groups) - 1
    assert "refused" not in service.events(prompt)


@pytest.mark.parametrize("name", ["@zoe", "zoe@example.com"])
@pytest.mark.parametrize("is_heard", [True, False])
def test_somebody_who_joined_after_all_users_were_read_may_answer(
    service: RunningService, is_heard: bool, name: str
) -> None:
    """Whether Slack's event reached this process or another one."""
    earlier, _ = service.ask_in("#orders", secret, where="#orders", approvers=["@ana", name])
    service.until_checked(earlier, 2)
    if not is_heard:
        service.slack.client.lose_acks(times=1000)
    zoe = service.slack.client.add_person("zoe", email="zoe@example.com")
    prompt = service.ask(secret, where="#orders", approvers=[name])
    assert service.until_checked(prompt, 1) == (Approver(name, zoe.id),)


def check_again(service: RunningService, prompt: Prompt) -> None:
    """Have Slack asked again about the approvers of a prompt, as it is after an hour."""
    with service.db.write() as tx:
        tx.execute(table.update().where(table.c.id == prompt.id).values(approvers_due_at=service.db.now()))
        tx.touch(Topic.PROMPTS)


@pytest.mark.parametrize("how", ["an address", "an id", "a group"])
def test_an_approver_who_can_answer_after_all_is_said_to(service: RunningService, how: str) -> None:
    """In the ledger, before their answer counts, and on the card."""
    client = service.slack.client
    zoe = client.add_person("zoe", email="zoe@example.com")
    name = {"an address": "zoe@example.com", "an id": zoe.id, "a group": "@zoes"}[how]
    client.set_user_group("zoes", [])
    client.change_person("zoe", deleted=True)
    prompt, card = service.ask_in("#orders", secret, where="#orders", approvers=[name, "@ana"])
    service.until_noted(prompt, "approver_missing")
    client.change_person("zoe", deleted=False)
    client.events("user_change", at_least=2)
    zoes_press = press(service, card, "signoff:choose:0", prompt.id, user={"id": zoe.id, "team_id": "T0SIGNOFF1"})
    assert service.post(zoes_press).status_code == 200
    assert service.until_noted(prompt, "refused")["via"] == "slack"
    client.set_user_group("zoes", ["zoe"])
    client.events("subteam_members_changed", at_least=1)
    check_again(service, prompt)
    noted = service.until_noted(prompt, "approver_found")
    assert noted["approver"] == name
    assert noted["id"] == zoe.id or how == "a group"
    mention = f"<!subteam^{noted['id']}>" if how == "a group" else f"<@{zoe.id}>"
    zoe.wait_for_message("#orders", lambda seen: mention in seen.full_text and "cannot answer" not in seen.full_text)
    zoe.press("Approve", in_="#orders")
    assert service.over(prompt).result == "approved: True"
