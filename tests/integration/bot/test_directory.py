"""Slack as the directory: what it knows of people, groups and channels, and how little it is asked."""

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

import pytest

from signoff import Policy, flow, pause_flow_run
from signoff.bot.connection.answers import Answers
from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.lookups import Lookups
from signoff.bot.connection.people import People
from signoff.bot.connection.profile import Profile
from signoff.bot.connection.web_client import web_client
from signoff.bot.emulator.server import BOT_TOKEN
from signoff.bot.interactions.directory_changes import DirectoryChanges
from signoff.bot.interactions.events import Event
from signoff.bot.service import Service
from signoff.flows.approval.approvers import Person, Unknowable
from signoff.store.places import DEFAULT_CHANNEL
from signoff.store.records.actors import Actor
from signoff.store.records.approvers import Approver
from signoff.store.records.outbox import CardPlace
from signoff.store.records.prompts import Prompt
from signoff.testing import Emulator
from tests.integration.bot.asking import Approval, approve
from tests.integration.bot.running_service import RunningService, settings_for

TEAM = "T0SIGNOFF1"
CHLOE = "U0CHLOEM01"
PUBLIC = {"C0GENERAL1": "general", "C0RELEASE1": "releases", "C0ORDERS01": "orders", "C0DATASET1": "data"}
BUYERS = frozenset({CHLOE, "U0DMITRIS1"})


@flow(name="ask-in-every-way")
def ask_in_every_way() -> None:
    """Ask three people, each named in another way."""
    policy = Policy(channel="#releases", approvers=["@ana", "ben@example.com", CHLOE])
    pause_flow_run(wait_for_input=Approval, policy=policy)


@pytest.fixture
def lookups(slack: Emulator) -> Iterator[Lookups]:
    """Nothing has been asked yet."""
    found = Lookups(web_client(BOT_TOKEN, slack.api_url), TEAM)
    yield found
    found.stop()


@pytest.fixture
def directory(lookups: Lookups) -> SlackDirectory:
    """The workspace's directory."""
    return SlackDirectory(lookups)


@pytest.fixture
def restarted(slack: Emulator, sqlite_url: str) -> Iterator[tuple[RunningService, Prompt]]:
    """A bot that was started after a card was posted, so that it knows nobody; and the card's prompt."""
    settings = settings_for(slack.api_url, sqlite_url)
    with Service(settings, [ask_in_every_way], with_bot=True, grace=1.0) as first:
        before = RunningService(slack, first)
        prompt, _ = before.ask_in("#releases", ask_in_every_way)
        before.until_checked(prompt)
        before.until_all_is_said()
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


def test_a_press_of_somebody_who_may_not_costs_two_lookups(restarted: tuple[RunningService, Prompt]) -> None:
    """Who they are, and whether they may see the prompt. The approvers that the refusal names are known."""
    service, prompt = restarted
    since = asked(service.slack)
    mei = service.slack.person("mei")
    mei.press("Approve", in_="#releases")
    mei.wait_for_message("#releases", f"<@U0ANARUIZ1>, <@U0BENOKAF1> or <@{CHLOE}> may answer.")
    assert since() == ["users.info", "conversations.members"]
    assert service.events(prompt)[-1] == "refused"


def test_whom_slack_does_not_describe_is_in_the_ledger_as_unverified(
    service: RunningService,
) -> None:
    """Invariant 10: neither as an approver nor as refused, and with the reason."""
    for method in ("users.info", "users.lookupByEmail"):
        service.slack.client.inject_fault(method, error="fatal_error", times=1000)
    prompt, _ = service.ask_in("#releases", approve)
    service.slack.person("ben").press("Approve", in_="#releases")
    reason = service.until_noted(prompt, "unverified")["reason"]
    assert reason == f"Slack did not say who {service.slack.person('ben').id} is."
    assert "refused" not in service.events(prompt)


@pytest.mark.parametrize("reference", ["U0ANARUIZ1", "ana@example.com"])
def test_one_person_is_found_with_one_call(slack: Emulator, directory: SlackDirectory, reference: str) -> None:
    """By id or by address, and told with every name that a policy may use."""
    since = asked(slack)
    expected = Person("U0ANARUIZ1", "Ana Ruiz", frozenset({"@ana", "ana@example.com"}), ZoneInfo("Europe/Madrid"))
    assert directory.person(reference) == expected
    assert directory.person(reference) == expected
    assert len(since()) == 1


def test_a_handle_is_looked_for_among_those_that_were_read_for_drawing(
    slack: Emulator, lookups: Lookups, directory: SlackDirectory
) -> None:
    """Before, nobody can say, because Slack cannot look up one handle."""
    assert isinstance(directory.person("@ana"), Unknowable)
    assert lookups.by_handle("@ana")
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
    actor = People(elsewhere).actor({"user": {"id": "U0ANARUIZ1", "username": "ana", "team_id": TEAM}})
    assert actor.aliases == frozenset()
    assert SlackDirectory(elsewhere).is_person(actor, "@ana") is False
    assert SlackDirectory(elsewhere).is_person(actor, "U0ANARUIZ1") is True
    mei = {"id": "U0MEITANA1", "username": "ana", "team_id": "T0ELSEWHERE"}
    assert People(lookups).actor({"user": mei}).aliases == frozenset()


@pytest.mark.parametrize("group", ["S0BUYERS01", "@buyers"])
def test_the_members_of_a_user_group_are_asked_once(slack: Emulator, directory: SlackDirectory, group: str) -> None:
    """By id or handle; the answer is in the cache then."""
    since = asked(slack)
    assert directory.members_of(group) == directory.members_of(group) == BUYERS
    assert since().count("usergroups.users.list") == 1
    assert directory.members_of("@nobody") is None
    assert directory.members_of("S0NOBODY1") is None


def test_all_members_of_a_small_channel_are_known_after_one_call(slack: Emulator, lookups: Lookups) -> None:
    """However many people press; and when Slack's event says that somebody left, Slack is asked again."""
    since = asked(slack)
    assert all(lookups.is_in_channel("C0RELEASE1", person) is True for person in (CHLOE, *BUYERS))
    assert since() == ["conversations.members"]
    slack.client.remove("@chloe", "C0RELEASE1")
    lookups.forget_memberships(channel="C0RELEASE1", user_id=CHLOE)
    assert lookups.is_in_channel("C0RELEASE1", CHLOE) is False


def test_a_large_channel_is_never_read(slack: Emulator, lookups: Lookups, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead, Slack is asked in which channels this one person is."""
    monkeypatch.setattr("signoff.bot.connection.lookups.MAX_MEMBERS", 2)
    since = asked(slack)
    assert lookups.is_in_channel("C0RELEASE1", "U0MEITANA1") is True
    assert since() == ["conversations.members", "users.conversations"]
    assert lookups.is_in_channel("C0RELEASE1", "U0MEITANA1") is True
    assert lookups.is_in_channel("C0RELEASE1", "U0DMITRIS1") is True
    assert since() == ["conversations.members", "users.conversations", "users.conversations"]
    assert lookups.is_in_channel("C0RELEASE1", "U0NOBODY") != True  # noqa: E712 - it may be unknowable


def test_one_call_tells_all_channels_of_a_person(slack: Emulator, lookups: Lookups) -> None:
    """A list of prompts in many channels asks once. Channels that the app cannot see are left out."""
    board = slack.client.add_channel("board", is_private=True, members=["mei"])
    shared = slack.client.add_channel("plans", is_private=True, members=["mei", "signoff"])
    assert lookups.channels_of("U0MEITANA1") == {**PUBLIC, shared: "plans"}
    since = asked(slack)
    assert all(lookups.is_in_channel(channel, "U0MEITANA1") is True for channel in (*PUBLIC, shared))
    assert lookups.is_in_channel(board, "U0MEITANA1") is False
    assert since() == []


def test_a_channel_that_the_app_has_left_is_neither_yes_nor_no(slack: Emulator, lookups: Lookups) -> None:
    """Slack does not tell who is in it, and somebody has to invite the app."""
    board = slack.client.add_channel("board", is_private=True, members=["mei", "signoff"])
    slack.client.remove("@signoff", board)
    answer = lookups.is_in_channel(board, "U0MEITANA1")
    assert isinstance(answer, Unknowable)
    assert answer.reason.endswith("Invite it.")


def test_a_long_life_keeps_a_bounded_number_of_answers(
    slack: Emulator, lookups: Lookups, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest one goes, and is asked for again; the list of all users stays."""
    monkeypatch.setattr("signoff.bot.connection.answers.MAX_ANSWERS", 2)
    assert lookups.by_handle("ana")
    since = asked(slack)
    for person in ("U0ANARUIZ1", "U0BENOKAF1", CHLOE, CHLOE, "U0ANARUIZ1"):
        assert lookups.profile(person) is not None
    assert lookups.by_handle("ana")
    assert since() == ["users.info"] * 4


def test_a_rate_limit_holds_for_every_call_of_its_method(slack: Emulator, lookups: Lookups) -> None:
    """As long as Slack said, so that the rest of the workspace gets its answers."""
    slack.client.inject_fault("conversations.members", error="ratelimited", retry_after=30)
    since = asked(slack)
    for channel in ("C0RELEASE1", "C0ORDERS01"):
        assert isinstance(lookups.is_in_channel(channel, CHLOE), Unknowable)
    assert since() == ["conversations.members"]


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
        directory.can_read(Actor(CHLOE, "Chloé"), CardPlace(DEFAULT_CHANNEL, "C0RELEASE1")),
    ):
        assert isinstance(answer, Unknowable)


def test_a_group_is_not_read_again_within_a_minute(
    slack: Emulator, lookups: Lookups, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack allows few such calls. While it refuses them, an answer of the last five minutes counts."""
    since = asked(slack)
    monkeypatch.setattr("signoff.bot.connection.lookups.MEMBERSHIP_TTL", 0.0)
    assert lookups.users_in_group("S0BUYERS01") == lookups.users_in_group("S0BUYERS01") == BUYERS
    assert since() == ["usergroups.users.list"]
    monkeypatch.setattr("signoff.bot.connection.lookups.GROUP_TTL", 0.0)
    slack.client.inject_fault("usergroups.users.list", error="ratelimited", retry_after=30)
    assert lookups.users_in_group("S0BUYERS01") == lookups.users_in_group("S0BUYERS01") == BUYERS
    assert since() == ["usergroups.users.list"] * 2
    monkeypatch.setattr("signoff.bot.connection.lookups.LIMITED_GROUP_TTL", 0.0)
    assert isinstance(lookups.users_in_group("S0BUYERS01"), Unknowable)


def test_who_was_in_a_group_does_not_count_when_slack_fails(
    slack: Emulator, lookups: Lookups, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a rate limit makes an expired answer count, and not after an event has said that it is wrong."""
    monkeypatch.setattr("signoff.bot.connection.lookups.GROUP_TTL", 0.0)
    assert lookups.users_in_group("S0BUYERS01") == BUYERS
    slack.client.inject_fault("usergroups.users.list", error="fatal_error")
    assert isinstance(lookups.users_in_group("S0BUYERS01"), Unknowable)
    lookups.forget_memberships(group="S0BUYERS01")
    slack.client.inject_fault("usergroups.users.list", error="ratelimited", retry_after=30)
    assert isinstance(lookups.users_in_group("S0BUYERS01"), Unknowable)


def test_nobody_has_a_handle_only_if_slack_was_asked_now(slack: Emulator, directory: SlackDirectory) -> None:
    """All users were read before somebody joined, or before a group was made, and no event said so."""
    assert directory.find("@ana") == Approver("@ana", "U0ANARUIZ1")
    zoe = slack.client.add_person("zoe")
    assert isinstance(known := directory.find("@zoe"), Approver)
    assert known.fault.startswith("No person or user group has this handle.")
    assert directory.find("@zoe", max_age=0.0) == Approver("@zoe", zoe.id)
    slack.client.set_user_group("night-shift", ["zoe"])
    since = asked(slack)
    group = directory.find("@night-shift", max_age=0.0)
    assert isinstance(group, Approver)
    assert group.id is not None
    assert since().count("users.list") == 1
    slack.client.inject_fault("users.list", error="fatal_error")
    assert isinstance(directory.find("@nobody-at-all", max_age=0.0), Unknowable)


def test_a_new_handle_has_one_person_read_again(slack: Emulator, lookups: Lookups, directory: SlackDirectory) -> None:
    """Somebody joined, left, or took another handle. Other changes of a profile are too frequent for that."""
    changes = DirectoryChanges(lookups)
    ana = {"id": "U0ANARUIZ1", "name": "ana", "profile": {"email": "ana@example.com", "status_text": "At lunch"}}
    assert lookups.by_handle("@ana")
    since = asked(slack)
    changes.person(Event("user_change", "", "A0SIGNOFF1", {"user": ana}))
    assert isinstance(lookups.by_handle("@ana"), Profile)
    assert since() == []
    zoe = slack.client.add_person("zoe")
    assert lookups.by_handle("@zoe") is None
    changes.person(Event("team_join", "", "A0SIGNOFF1", {"user": {"id": zoe.id, "name": "zoe"}}))
    assert isinstance(lookups.by_handle("@zoe"), Profile)
    slack.client.change_person("ana", name="ana-ruiz")
    changes.person(Event("user_change", "", "A0SIGNOFF1", {"user": {**ana, "name": "ana-ruiz"}}))
    assert isinstance(lookups.by_handle("@ana-ruiz"), Profile)
    assert lookups.by_handle("@ana") is None
    slack.client.change_person("ana-ruiz", deleted=True)
    changes.person(Event("user_change", "", "A0SIGNOFF1", {"user": {**ana, "name": "ana-ruiz", "deleted": True}}))
    found = lookups.by_handle("@ana-ruiz")
    assert isinstance(found, Profile)
    assert found.is_deactivated
    assert since() == ["users.info"] * 3


def test_what_was_forgotten_while_it_was_read_is_read_again() -> None:
    """Slack may have answered before the change of which its event tells."""
    answers, read = Answers(), []

    def before_the_change() -> str:
        read.append("before")
        answers.forget("users.info", CHLOE)
        return "before"

    assert answers.ask("users.info", CHLOE, before_the_change) == "before"
    assert answers.ask("users.info", CHLOE, lambda: "after") == "after"
    assert answers.ask("users.info", CHLOE, before_the_change) == "after"
    assert read == ["before"]
