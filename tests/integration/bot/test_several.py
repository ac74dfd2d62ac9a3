"""“Approve several…”: prompts that need nothing but a yes are approved together."""

from collections.abc import Iterator

import pytest

from signoff import Policy, RunInput, flow, pause_flow_run
from signoff.bot.service import Service
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome
from signoff.testing import Emulator, Modal, Person
from tests.integration.bot.asking import FLOWS, approve, release_together, secret, shirt
from tests.integration.bot.running_service import RunningService, settings_for


class Yes(RunInput):
    """A yes and nothing else."""

    approved: bool


class Deploy(RunInput):
    """A yes, and a value that has to be filled in."""

    approved: bool
    ticket: str


@flow(name="roll-out")
def deploy(confirm: bool = False, fills_in: bool = False, text: str = "") -> str:
    """Ask for a yes, which may have to be confirmed, or with a value that is missing."""
    policy = Policy(channel="#releases", confirm=confirm)
    if fills_in:
        return str(pause_flow_run(Deploy, policy=policy))
    return str(pause_flow_run(Yes.with_initial_data(description=f"Deploy {text or 'it'}?"), policy=policy))


@pytest.fixture
def service(slack: Emulator, sqlite_url: str) -> Iterator[RunningService]:
    """Signoff, with the flow of this file."""
    with Service(settings_for(slack.api_url, sqlite_url), [*FLOWS, deploy], with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def opened(service: RunningService, person: Person) -> Modal:
    """The modal, opened from the list of what waits for this person."""
    service.until_all_is_said()
    person.command("/approvals")
    listed = person.wait_for_message("#general", lambda seen: "Approve several…" in seen.buttons)
    person.press("Approve several…", message=listed)
    return person.wait_for_modal(lambda seen: seen.title == "Approve several")


def ticks(*questions: str) -> dict[str, list[str]]:
    """The values with which the boxes of these questions are ticked."""
    return {question: ["Approve"] for question in questions}


def test_what_is_ticked_is_approved_and_nothing_else(service: RunningService) -> None:
    """Each with a line of its own in the ledger, by the person who ticked it."""
    ticked = [service.ask(approve), service.ask(deploy, text="the shop")]
    left = service.ask(deploy, text="the cellar")
    ana = service.slack.person("ana")
    modal = opened(service, ana)
    for shown in ("May it go out?", "Deploy the shop?", "Deploy the cellar?"):
        assert shown in modal.full_text
    assert not any(each.element.get("initial_options") for each in modal.elements)
    ana.submit(ticks("May it go out?", "Deploy the shop?"))
    assert "*2 approved.*" in ana.wait_for_modal("approved").full_text
    for prompt in ticked:
        service.over(prompt)
        assert service.events(prompt).count("submitted") == 1
        # What was shown beside the box is bound into the line.
        assert service.until_noted(prompt, "submitted")["shown"]["form"]
        by = prompts.get(service.db, prompt.id).settled_by
        assert by is not None
        assert by.id == ana.id
    assert prompts.get(service.db, left.id).is_open


def test_what_needs_more_than_a_yes_is_left_out_and_named(service: RunningService) -> None:
    """So is what has to be confirmed, and what cannot be shown in full. Somebody else's is not shown at all."""
    service.ask(deploy)
    service.ask(approve)
    service.ask(deploy, confirm=True, text="to the bank")
    service.ask(deploy, fills_in=True)
    service.ask(deploy, text=f"{'word ' * 900}now")
    service.ask(shirt)
    mei = service.slack.person("mei")
    service.ask(deploy, text="a second time")
    modal = opened(service, mei)
    assert [each.label for each in modal.elements if each.type == "checkboxes"] == [
        "Deploy it?",
        "Deploy a second time?",
    ]
    for reason in (
        "Deploy to the bank? – its approval has to be confirmed.",
        "Deploy – values are missing or do not fit.",
        "– it is too long to be shown in full beside others.",
        "Which one? – it asks for more than a yes or a no.",
    ):
        assert reason in modal.full_text, reason
    assert "May it go out?" not in modal.full_text


def test_nothing_is_approved_without_a_tick(service: RunningService) -> None:
    """The modal stays open and says so."""
    asked = [service.ask(deploy), service.ask(deploy)]
    mei = service.slack.person("mei")
    opened(service, mei)
    mei.submit({})
    errors = mei.wait_for_modal(lambda seen: bool(seen.errors)).errors
    assert list(errors.values()) == ["Tick what you approve. Nothing was decided."]
    assert all(prompts.get(service.db, each.id).is_open for each in asked)


def test_what_others_settled_in_the_meantime_is_named_with_its_outcome(service: RunningService) -> None:
    """The rest is approved all the same, a vote counts as a vote, and who may not answer any more is told so."""
    _, card = service.ask_in("#releases", deploy, text="first")
    own = service.ask(deploy, text="second")
    voted = service.ask(release_together, policy={"approvers": ["@mei", "@ben"], "quorum": 2})
    service.until_checked(voted)
    mei = service.slack.person("mei")
    with service.cards_as_they_are():
        opened(service, mei)
        service.slack.person("ben").press("Reject", message=card)
        mei.submit(ticks("Deploy first?", "Deploy second?", "May it go out?"))
        told = mei.wait_for_modal("2 of 3 approved.").full_text
    assert "Too late: Rejected by Ben Okafor." in told
    assert told.index("Too late") < told.index("✅ Approved.")
    assert "Your vote counts: Approved. 1 of 2 agree." in told
    assert prompts.get(service.db, own.id).outcome is Outcome.SUBMITTED
    assert prompts.get(service.db, voted.id).is_open


def test_a_forged_tick_decides_no_more_than_a_press(service: RunningService) -> None:
    """What the person may not answer, what has to be confirmed, and what does not exist."""
    service.slack.client.add_channel("board", is_private=True, members=["ana", "signoff"])
    confirmed, theirs = service.ask(deploy, confirm=True), service.ask(secret)
    service.until_all_is_said()
    mei = service.slack.person("mei")
    tick = {"value": {"type": "checkboxes", "selected_options": [{"value": "yes"}]}}
    ids = [confirmed.id, theirs.id, "nothing"]
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": "signoff:several",
        "state": {"values": dict.fromkeys(ids, tick)},
    }
    answer = service.post(
        {"type": "view_submission", "user": {"id": mei.id, "team_id": "T0SIGNOFF1"}, "view": view}
    ).json()
    assert "Northwind" not in str(answer)
    assert "*0 of 2 approved.*" in str(answer)
    assert all(prompts.get(service.db, each.id).is_open for each in (confirmed, theirs))


def test_one_alone_has_no_such_button(service: RunningService) -> None:
    """Nor has a list of what others are asked."""
    mei = service.slack.person("mei")
    for count in ("1 prompt is", "2 prompts are"):
        service.ask(deploy)
        mei.command("/approvals all")
        assert "Approve several…" not in mei.wait_for_message("#general", f"{count} waiting for an answer").buttons
        mei.command("/approvals")
        listed = mei.wait_for_message("#general", f"{count} waiting for your answer")
        assert ("Approve several…" in listed.buttons) is (count != "1 prompt is")
