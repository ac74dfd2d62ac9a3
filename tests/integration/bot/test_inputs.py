"""Each type of input, from the flow's model to Slack and back to the flow, with a wrong value first."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from pydantic import AwareDatetime, Field, NaiveDatetime, SecretStr, field_validator

from signoff import Policy, RunInput, flow, pause_flow_run
from signoff.bot.cli.arguments import submission
from signoff.bot.service import Service
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Invalid, Settled
from signoff.flows.flow import Flow
from signoff.input import AwareTime, SlackChannel, SlackUser
from signoff.store.records.actors import Actor
from signoff.store.records.runs import RunState
from signoff.testing import ActionFailed, Emulator
from tests.integration.bot.running_service import RunningService, opened, refused, settings_for
from tests.support.waiting import until_over

ORDERS = Policy(channel="#orders")
CLI = Actor("ops", "Ops")


class Handover(RunInput):
    """Who takes over."""

    owner: SlackUser
    helpers: list[SlackUser] = Field(default=[], max_length=2)
    channel: SlackChannel | None = None

    @field_validator("helpers")
    @classmethod
    def _not_dmitri(cls, helpers: list[str]) -> list[str]:
        if "U0DMITRIS1" in helpers:
            raise ValueError("Dmitri is on leave.")
        return helpers


@flow(name="handover")
def handover(proposed: str = "U0BENOKAF1") -> str:
    """Ask for people and a channel."""
    asked = Handover.with_initial_data(description="Who takes over?", owner=proposed, helpers=[proposed])
    answer = pause_flow_run(wait_for_input=asked, policy=Policy(channel="#orders", approvers=["@mei"]))
    return f"{answer.owner} {answer.helpers} {answer.channel}"


class Releases(RunInput):
    """Which releases go out."""

    first: str
    others: list[int] = Field(default=[])


@flow(name="releases")
def releases(number: int = 3) -> str:
    """Offer what is open only now."""
    names = {f"release-{position}": f"Release number {position}" for position in range(number)}
    asked = Releases.with_choices(first=names, others=range(number)).with_initial_data(description="Which one?")
    answer = pause_flow_run(wait_for_input=asked, policy=ORDERS)
    return f"{answer.first} {answer.others} {type(answer) is Releases}"


class Times(RunInput):
    """When."""

    naive: NaiveDatetime
    aware: AwareDatetime
    daily: AwareTime
    note: str = Field(default="", json_schema_extra={"element": "multiline"})
    size: Literal["small", "large"] = Field(default="small", json_schema_extra={"element": "select"})

    @field_validator("aware")
    @classmethod
    def _later(cls, aware: datetime) -> datetime:
        if aware < datetime(2026, 1, 1, tzinfo=UTC):
            raise ValueError("That is over.")
        return aware


@flow(name="times")
def times() -> str:
    """Ask for times."""
    answer = pause_flow_run(wait_for_input=Times.with_initial_data(description="When?"), policy=ORDERS)
    return f"{answer.naive} {answer.aware} {answer.daily} {answer.note} {answer.size}"


class Credentials(RunInput):
    """A model that must not be asked for."""

    user: str
    token: SecretStr


@flow(name="secret")
def secret() -> None:
    """Ask for a secret."""
    pause_flow_run(wait_for_input=Credentials)


FLOWS: list[Flow[Any, Any]] = [handover, releases, times, secret]


@pytest.fixture
def service(slack: Emulator, sqlite_url: str) -> Iterator[RunningService]:
    """Signoff with these flows."""
    with Service(settings_for(slack.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def test_people_and_a_channel_are_chosen_in_slack(service: RunningService) -> None:
    """A wrong person is refused under the field, the flow gets the ids, and the card shows mentions."""
    prompt = opened(service, handover, "Edit…")
    assert refused(service, {"Helpers": ["@dmitri"]}) == {"Helpers": "Dmitri is on leave."}
    service.slack.person("mei").submit({"Owner": "@chloe", "Helpers": ["@ana", "@ben"], "Channel": "#data"})
    assert service.over(prompt).result == "U0CHLOEM01 ['U0ANARUIZ1', 'U0BENOKAF1'] C0DATASET1"
    shown = service.card(prompt, "#orders", open_=False).full_text
    assert "<@U0CHLOEM01>" in shown
    assert "<#C0DATASET1>" in shown


def test_a_card_notifies_approvers_but_not_the_people_among_its_values(service: RunningService) -> None:
    """The approver is mentioned, and a person who is merely a value is named."""
    _, card = service.ask_in("#orders", handover)
    assert f"<@{service.slack.person('mei').id}>" in card.full_text
    assert "<@U0BENOKAF1>" not in card.full_text
    assert "@Ben Okafor" in card.full_text


def test_people_are_given_on_the_command_line_by_their_id(service: RunningService) -> None:
    """Anything else is refused, with an example of an id."""
    prompt = service.ask(handover, proposed="U0ANARUIZ1")
    desk = Desk(service.db)
    mei = Actor("U0MEITANA1", "Mei", frozenset({"@mei"}))
    wrong = desk.submit(prompt.id, mei, submission(prompt, ["owner=@ben"], None), via="cli")
    assert isinstance(wrong, Invalid)
    assert [str(error) for error in wrong.errors] == ["owner: Enter the ID of a person in Slack, such as U024BE7LH."]
    right = submission(prompt, ["owner=U0BENOKAF1", 'helpers=["U0ANARUIZ1"]'], None)
    assert isinstance(desk.submit(prompt.id, mei, right, via="cli"), Settled)
    assert service.over(prompt).result == "U0BENOKAF1 ['U0ANARUIZ1'] None"


@pytest.mark.parametrize(("number", "button"), [(3, "Edit…"), (150, "Answer…"), (1200, "Answer…")])
def test_choices_of_the_moment_are_offered_and_enforced(service: RunningService, number: int, button: str) -> None:
    """They become radio buttons, a select or a search. The desk refuses anything else."""
    prompt = opened(service, releases, button, number=number)
    wrong = Desk(service.db).submit(prompt.id, CLI, {"first": "release-x"}, via="cli")
    assert isinstance(wrong, Invalid)
    assert "Choose one of: release-0, release-1" in wrong.errors[0].message
    mei = service.slack.person("mei")
    with pytest.raises(ActionFailed, match="no_such_option"):
        mei.submit({"First": "Release number x"})
    mei.submit({"First": f"Release number {number - 1}", "Others": [str(number - 1)]})
    assert service.over(prompt).result == f"release-{number - 1} [{number - 1}] True"


def test_choices_with_labels_become_buttons_with_them(service: RunningService) -> None:
    """A press on one settles the prompt."""
    prompt, card = service.ask_in("#orders", releases)
    assert card.buttons[:2] == ["Release number 0", "Release number 1"]
    service.slack.person("mei").press("Release number 1", in_="#orders")
    assert service.over(prompt).result == "release-1 [] True"


def test_times_come_with_and_without_their_zone(service: RunningService) -> None:
    """The model decides which. Both are the same moment."""
    prompt = opened(service, times, "Answer…")
    moment = 1777645800
    wrong = {"Naive": moment, "Aware": 10**9, "Daily": "09:15"}
    assert refused(service, wrong) == {"Aware": "That is over."}
    service.slack.person("mei").submit({"Aware": moment, "Note": "two\nlines", "Size": "large"})
    expected = "2026-05-01 14:30:00 2026-05-01 14:30:00+00:00 09:15:00+00:00 two\nlines large"
    assert service.over(prompt).result == expected


def test_a_secret_is_refused_where_the_flow_asks(service: RunningService) -> None:
    """The run fails before anything is asked. The error names the field and says what to do instead."""
    run = secret.create_run(db=service.db)
    over = until_over(service.db, run.id)
    assert over.state is RunState.FAILED
    assert "Credentials.token is a secret" in str(over.error)
    assert "Ask for the name of the secret" in str(over.error)
