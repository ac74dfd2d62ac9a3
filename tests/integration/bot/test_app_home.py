"""App Home: what waits for a person, what they asked, and what was decided, kept up to date while others act."""

import pytest

from signoff.bot.delivery import homes
from signoff.bot.emulator.control.visible import Home
from signoff.store.prompts import prompts
from signoff.testing import Person
from tests.integration.bot.asking import approve, release_together, secret, shirt
from tests.integration.bot.running_service import RunningService
from tests.support.waiting import until_asked


def opened(person: Person, wanted: str) -> Home:
    """A person's App Home after they have opened it."""
    person.open_home("home")
    return person.wait_for_home(wanted)


def published(service: RunningService) -> list[str]:
    """Whose Homes were published, one for each call."""
    return [str(call["arguments"]["user_id"]) for call in service.slack.client.calls("views.publish")]


def test_a_person_sees_what_waits_for_them_and_nobody_else_does(service: RunningService) -> None:
    """Each prompt can be opened and answered there, and what is in a channel that they are not in is not shown."""
    service.slack.client.add_channel("board", is_private=True, members=["ana", "signoff"])
    prompt, _ = service.ask_in("#releases", approve)
    service.ask(secret)
    service.ask(shirt)
    service.until_all_is_said()
    ana, mei = service.slack.person("ana"), service.slack.person("mei")
    home = opened(ana, "Waiting for you (3)")
    for question in ("*May it go out?*", "*Buy Northwind?*", "*Which one?*"):
        assert question in home.full_text
    theirs = opened(mei, "Waiting for you (1)")
    assert "*Which one?*" in theirs.full_text
    assert "Northwind" not in theirs.full_text
    assert home.elements[0].element["value"] == prompt.id
    ana.press("Open", home=home)
    ana.wait_for_modal("May it go out?")
    ana.submit({"Approved": "Yes"})
    service.over(prompt)
    after = ana.wait_for_home("Waiting for you (2)")
    assert "*May it go out?*\n✅ *Approved* by" in after.full_text.partition("Recently decided")[2]


def test_it_changes_while_others_act(service: RunningService) -> None:
    """A new question appears, what somebody else answered goes, and the requester sees how it was decided."""
    mei, ben = service.slack.person("mei"), service.slack.person("ben")
    opened(mei, "Nothing is waiting for you.")
    opened(ben, "Nothing is waiting for you.")
    run = approve.create_run({}, requester=mei.id, db=service.db)
    prompt = until_asked(service.db, run.id)
    assert "*May it go out?*" in mei.wait_for_home("Asked by you (1)").full_text
    assert "*May it go out?*" in ben.wait_for_home("Waiting for you (1)").full_text
    ben.press("Approve", message=service.card(prompt))
    done = mei.wait_for_home("✅ *Approved* by")
    assert "You have asked nothing that is open." in done.full_text
    ben.wait_for_home("Nothing is waiting for you.")


def test_it_is_published_for_those_alone_whom_a_change_concerns(service: RunningService) -> None:
    """And only if it looks different: the others' Homes cost no calls."""
    people = {name: service.slack.person(name) for name in ("ana", "chloe", "dmitri", "mei")}
    for person in people.values():
        opened(person, "Nothing is waiting for you.")
    before = len(published(service))
    service.ask(approve)
    people["ana"].wait_for_home("Waiting for you (1)")
    assert set(published(service)[before:]) == {people["ana"].id}
    # Opened again, it is the same, so that Slack has it already.
    people["mei"].open_home("home")
    service.ask(shirt)
    for person in people.values():
        person.wait_for_home("*Which one?*")
    assert published(service).count(people["mei"].id) == 2


def test_nobody_who_reads_only_their_messages_costs_a_call(service: RunningService) -> None:
    """Slack says at which tab the app's home is opened."""
    mei, ana = service.slack.person("mei"), service.slack.person("ana")
    mei.open_home("messages")
    opened(ana, "Nothing is waiting for you.")
    assert published(service) == [ana.id]


def test_a_home_that_slack_refuses_for_a_while_is_published_later(service: RunningService) -> None:
    """A limit of the rate is kept, and an outage is got over."""
    service.slack.client.inject_fault("views.publish", error="ratelimited", retry_after=1)
    mei = service.slack.person("mei")
    opened(mei, "Nothing is waiting for you.")
    assert len(published(service)) == 2


def test_many_prompts_are_counted_and_the_rest_is_a_command_away(service: RunningService) -> None:
    """A view has room for so many."""
    for _ in range(17):
        service.ask(shirt)
    service.until_all_is_said()
    home = opened(service.slack.person("mei"), "Waiting for you (17)")
    assert "and 2 more: `/approvals` lists them all." in home.full_text
    assert home.buttons.count("Open") == 15
    assert len(home.blocks) <= 100


def test_only_the_newest_who_opened_it_are_kept_up_to_date(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's memory grows with the number of people."""
    mei, ana, ben = (service.slack.person(name) for name in ("mei", "ana", "ben"))
    monkeypatch.setattr(homes, "MAX_WATCHED", 2)
    for person in (mei, ana, ben):
        opened(person, "Nothing is waiting for you.")
    prompt = service.ask(shirt)
    for person in (ana, ben):
        person.wait_for_home("*Which one?*")
    assert published(service).count(mei.id) == 1
    assert prompts.get(service.db, prompt.id).is_open


def test_what_a_person_has_taken_on_stands_apart(service: RunningService) -> None:
    """The others see who has it, and since when."""
    policy = {"approvers": ["@ana", "@ben"], "assignment": "claim"}
    prompt, _ = service.ask_in("#releases", release_together, policy=policy)
    service.until_checked(prompt)
    ana, ben = service.slack.person("ana"), service.slack.person("ben")
    for person in (ana, ben):
        opened(person, "Waiting for you (1)")
    ana.press("I'll take it", message=service.card(prompt))
    assert "Nothing is waiting for you." in ana.wait_for_home("Claimed by you (1)").full_text
    assert f"<@{ana.id}> has it, since " in ben.wait_for_home("has it").full_text
    ana.press("Open", home=ana.wait_for_home("Claimed by you (1)"))
    ana.wait_for_modal("May it go out?")
