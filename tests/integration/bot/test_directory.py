"""Slack as the directory: what it knows of people, groups and channels, and how little it is asked."""

from collections.abc import Callable, Iterator

import pytest

from signoff import Policy, flow, pause_flow_run
from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.lookups import Lookups
from signoff.bot.connection.people import People
from signoff.bot.connection.web_client import web_client
from signoff.bot.emulator.server import BOT_TOKEN
from signoff.bot.service import Service
from signoff.flows.approval.approvers import Person, Unknowable
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.testing import ActionFailed, Emulator
from tests.integration.bot.asking import Approval
from tests.integration.bot.running_service import RunningService, settings_for

TEAM = "T0SIGNOFF1"
CHLOE = "U0CHLOEM01"
BUYERS = frozenset({CHLOE, "U0DMITRIS1"})


@flow(name="ask-in-every-way")
def ask_in_every_way() -> None:
    """Ask three people, each named in another way."""
    policy = Policy(channel="#releases", approvers=["@ana", "ben@example.com", CHLOE])
    pause_flow_run(wait_for_input=Approval, policy=policy)


@pytest.fixture
def lookups(slack: Emulator) -> Lookups:
    """Nothing has been asked yet."""
    return Lookups(web_client(BOT_TOKEN, slack.api_url), TEAM)


@pytest.fixture
def directory(lookups: Lookups) -> SlackDirectory:
    """The workspace's directory."""
    return SlackDirectory(lookups)


@pytest.fixture
def restarted(slack: Emulator, record: str) -> Iterator[tuple[RunningService, Prompt]]:
    """A bot that was started after a card was posted, so that it knows nobody; and the card's prompt."""
    settings = settings_for(slack.api_url, record)
    with Service(settings, [ask_in_every_way], with_bot=True, grace=1.0) as first:
        prompt, _ = RunningService(slack, first).ask_in("#releases", ask_in_every_way)
    with Service(settings, None, with_bot=True) as second:
        service = RunningService(slack, second)
        slack.deliver_to(service.request_url)
        yield service, prompt


def asked(slack: Emulator) -> Callable[[], list[str]]:
    """Gives the methods with which people, groups and channels were looked up since."""
    before = len(slack.client.calls())

    def since() -> list[str]:
        methods = [call["method"] for call in slack.client.calls()[before:]]
        return [name for name in methods if name.startswith(("users.", "usergroups.", "conversations.members"))]

    return since


@pytest.mark.parametrize("name", ["ana", "ben", "chloe"])
def test_a_press_costs_one_lookup(restarted: tuple[RunningService, Prompt], name: str) -> None:
    """Of the person who presses, however the policy names them, and whatever the size of the workspace."""
    service, prompt = restarted
    since = asked(service.slack)
    person = service.slack.person(name)
    person.press("Edit…", in_="#releases")
    person.wait_for_modal()
    assert since() == ["users.info"]
    person.press("Edit…", in_="#releases")
    assert since() == ["users.info"], "The answer is in the cache."
    assert "refused" not in service.events(prompt)


def test_a_press_of_somebody_who_may_not_costs_one_lookup(restarted: tuple[RunningService, Prompt]) -> None:
    """The refusal names the approvers whose mentions are not known."""
    service, prompt = restarted
    since = asked(service.slack)
    mei = service.slack.person("mei")
    mei.press("Approve", in_="#releases")
    mei.wait_for_message("#releases", f"@ana, ben@example.com or <@{CHLOE}> may answer.")
    assert since() == ["users.info"]
    assert service.events(prompt)[-1] == "refused"


def test_whom_slack_does_not_describe_is_in_the_ledger_as_unverified(
    restarted: tuple[RunningService, Prompt],
) -> None:
    """Invariant 10: neither as an approver nor as refused, and with the reason."""
    service, prompt = restarted
    service.slack.client.inject_fault("users.info", error="fatal_error")
    with pytest.raises(ActionFailed):
        service.slack.person("ben").press("Approve", in_="#releases")
    reason = service.until_noted(prompt, "unverified")["reason"]
    assert reason == f"Slack did not say who {service.slack.person('ben').id} is."
    assert "refused" not in service.events(prompt)


@pytest.mark.parametrize("reference", ["U0ANARUIZ1", "ana@example.com"])
def test_one_person_is_found_with_one_call(slack: Emulator, directory: SlackDirectory, reference: str) -> None:
    """By id or by address, and told with every name that a policy may use."""
    since = asked(slack)
    expected = Person("U0ANARUIZ1", "Ana Ruiz", frozenset({"@ana", "ana@example.com"}))
    assert directory.person(reference) == expected
    assert directory.person(reference) == expected
    assert len(since()) == 1


def test_a_handle_is_looked_for_among_those_that_were_read_for_drawing(
    slack: Emulator, lookups: Lookups, directory: SlackDirectory
) -> None:
    """Before, nobody can say, because Slack cannot look up one handle."""
    assert isinstance(directory.person("@ana"), Unknowable)
    assert asked(slack)() == []
    lookups.ids_by_handle(ask=True)
    ana = directory.person("@Ana")
    assert isinstance(ana, Person)
    assert ana.id == "U0ANARUIZ1"
    assert directory.person("@anna") is None


def test_nobody_is_an_answer(slack: Emulator, directory: SlackDirectory) -> None:
    """Nobody has such an id, address or name, and whoever has left is not asked."""
    slack.client.change_person("@mei", deleted=True)
    for reference in ("U0NOBODY", "nobody@example.com", "Ana Ruiz", "U0MEITANA1"):
        assert directory.person(reference) is None, reference


def test_people_of_other_workspaces_are_not_known_by_names_that_they_choose(slack: Emulator, lookups: Lookups) -> None:
    """Invariant 8: Slack has described them, and their handle is that of an approver."""
    elsewhere = Lookups(web_client(BOT_TOKEN, slack.api_url), "T0ELSEWHERE")
    actor = People(elsewhere).actor({"id": "U0ANARUIZ1", "username": "ana", "team_id": TEAM})
    assert actor.aliases == frozenset()
    assert SlackDirectory(elsewhere).is_person(actor, "@ana") is False
    assert SlackDirectory(elsewhere).is_person(actor, "U0ANARUIZ1") is True
    assert (
        People(lookups).actor({"id": "U0MEITANA1", "username": "ana", "team_id": "T0ELSEWHERE"}).aliases == frozenset()
    )


@pytest.mark.parametrize("group", ["S0BUYERS01", "@buyers"])
def test_the_members_of_a_user_group_are_asked_once(slack: Emulator, directory: SlackDirectory, group: str) -> None:
    """By id or handle; the answer is in the cache then."""
    since = asked(slack)
    assert directory.members_of(group) == directory.members_of(group) == BUYERS
    assert since().count("usergroups.users.list") == 1
    assert directory.members_of("@nobody") is None
    assert directory.members_of("S0NOBODY1") is None


def test_membership_of_a_channel_is_asked_each_time(slack: Emulator, directory: SlackDirectory) -> None:
    """Whoever leaves a channel is no member at once, on whichever page Slack lists them."""
    assert directory.is_member("C0RELEASE1", CHLOE) is True
    slack.client.remove("@chloe", "C0RELEASE1")
    assert directory.is_member("C0RELEASE1", CHLOE) is False
    assert isinstance(directory.is_member("C0NOWHERE1", CHLOE), Unknowable)


def test_nobody_is_known_to_be_away(directory: SlackDirectory) -> None:
    """Nothing tells Signoff of absences yet."""
    assert directory.absent_until(CHLOE) is None


def test_slack_being_away_is_neither_yes_nor_no(slack: Emulator, directory: SlackDirectory) -> None:
    """Each question says that it has no answer, and an answer of before is used again."""
    known = directory.person(CHLOE)
    for method in ("users.info", "users.lookupByEmail", "usergroups.list", "usergroups.users.list"):
        slack.client.inject_fault(method, error="fatal_error")
    slack.client.inject_fault("conversations.members", error="fatal_error")
    assert directory.person(CHLOE) == known
    for answer in (
        directory.person("U0ANARUIZ1"),
        directory.person("ana@example.com"),
        directory.is_person(Actor("U0ANARUIZ1", "Ana"), "@ana"),
        directory.members_of("S0BUYERS01"),
        directory.members_of("@buyers"),
        directory.is_member("C0RELEASE1", CHLOE),
    ):
        assert isinstance(answer, Unknowable)
