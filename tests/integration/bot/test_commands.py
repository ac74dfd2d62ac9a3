"""`/approvals` runs its sub-commands, and helps people who type a name that does not exist."""

from collections import Counter

import pytest
from sqlalchemy import update

from signoff.store import ledger
from signoff.store.prompts.prompts import pending
from signoff.store.tables import cards
from signoff.testing import VisibleMessage
from tests.integration.bot.asking import approve, release_together, secret, shirt
from tests.integration.bot.running_service import RunningService
from tests.support import load
from tests.support.waiting import until, until_asked

RELEASES = "C0RELEASE1"


def typed(service: RunningService, command: str, shown: str) -> VisibleMessage:
    """The response that Ana sees when she types a command."""
    ana = service.slack.person("ana")
    ana.command(command)
    return ana.wait_for_message("#general", shown)


@pytest.mark.parametrize("command", ["/approvals", "/approvals list", "/approvals  LIST "])
def test_the_list_is_what_the_command_shows_by_default(service: RunningService, command: str) -> None:
    """Its name may be typed in any case, or left out."""
    assert typed(service, command, "Nothing is waiting for your answer.").is_ephemeral


def test_help_lists_the_sub_commands(service: RunningService) -> None:
    """Each stands there with what it does."""
    response = typed(service, "/approvals help", "Sub-commands:")

    assert "`/approvals list [PAGE]`: list the prompts that wait for your answer" in response.full_text
    assert "`/approvals show PROMPT`: show a prompt with its buttons" in response.full_text


def test_a_name_that_does_not_exist_gets_the_help(service: RunningService) -> None:
    """The name is repeated as code, so that it can mention nobody."""
    response = typed(service, "/approvals <!channel> now", "has no sub-command")

    assert "no sub-command `&lt;!channel&gt;`. These exist:" in response.full_text
    assert "/approvals list" in response.full_text
    assert response.is_ephemeral


def open_prompts_in(service: RunningService, channel: str, count: int) -> None:
    """Have so many prompts wait, whose cards are in a channel."""
    load.open_prompts(service.db, count, flow="order")
    with service.db.write() as tx:
        tx.execute(update(cards).where(cards.c.channel == "C1").values(channel=channel, ts=cards.c.prompt_id))


def test_every_prompt_of_a_long_list_can_be_reached_with_buttons(service: RunningService) -> None:
    """All are counted that this person may see, and no others, and each is on a page of its own message."""
    secret = service.slack.client.add_channel("board", is_private=True, members=["ben", "signoff"])
    open_prompts_in(service, RELEASES, 131)
    open_prompts_in(service, secret, 20)
    ana = service.slack.person("ana")
    page = typed(service, "/approvals", "131 prompts are waiting for your answer.")
    found: set[str] = set()
    for number in range(1, 10):
        page = ana.wait_for_message("#general", f"Page {number} of 9")
        found |= {each.element["value"] for each in page.elements if each.label == "Open"}
        if number < 9:
            ana.press("Next", message=page)
    assert len(found) == 131
    assert "Next" not in page.buttons
    ana.press("Back", message=page)
    assert ana.wait_for_message("#general", "Page 8 of 9").ts == page.ts


def test_a_page_that_slack_does_not_take_is_said_where_it_arrives(service: RunningService) -> None:
    """A `response_url` is valid for half an hour."""
    open_prompts_in(service, RELEASES, 20)
    page = typed(service, "/approvals all", "20 prompts are waiting for an answer.")
    service.slack.client.inject_fault("response_url", error="expired_url", times=2)
    ana = service.slack.person("ana")
    ana.press("Next", message=page)
    ana.wait_for_message("@signoff", "Type `/approvals` again.")


@pytest.mark.parametrize("name", ["list", "all", "mine", "asked", "overdue"])
def test_what_is_no_page_is_said_in_a_sentence(service: RunningService, name: str) -> None:
    """Nobody gets a page that they did not ask for."""
    told = typed(service, f"/approvals {name} <!here>", "is not the number of a page")
    assert told.full_text.endswith(
        f"`&lt;!here&gt;` is not the number of a page. The second one is `/approvals {name} 2`."
    )


def listed(service: RunningService, person: str, command: str, count: str) -> set[str]:
    """The ids of the prompts in a list, which says how many there are."""
    who = service.slack.person(person)
    who.command(command)
    shown = who.wait_for_message("#general", lambda seen: seen.is_ephemeral and seen.text.startswith(count))
    return {each.element["value"] for each in shown.elements if each.label == "Open"}


def test_each_list_holds_what_its_name_says(service: RunningService) -> None:
    """What waits for a person, what names them, what they requested, and what belongs to a flow."""
    mei = service.slack.person("mei")
    service.slack.client.add_channel("board", is_private=True, members=["ana", "signoff"])
    named, anyone = service.ask(approve), service.ask(shirt)
    requested = until_asked(
        service.db, secret.create_run({"approvers": ["@chloe"]}, requester=mei.id, db=service.db).id
    )
    for prompt in (named, requested):
        service.until_checked(prompt, 1)
    service.until_all_is_said()
    assert listed(service, "ana", "/approvals", "2 prompts are waiting for your answer.") == {named.id, anyone.id}
    assert listed(service, "ana", "/approvals mine", "1 prompt is waiting for you by name or group.") == {named.id}
    assert listed(service, "ana", "/approvals all", "3 prompts are waiting for an answer.") == {
        named.id,
        anyone.id,
        requested.id,
    }
    assert listed(service, "chloe", "/approvals mine", "1 prompt") == {requested.id}
    assert listed(service, "mei", "/approvals asked", "1 prompt is waiting for an answer to your request.") == {
        requested.id
    }
    assert listed(service, "ben", "/approvals asked", "Nothing is waiting for an answer to your request.") == set()
    assert listed(service, "ana", "/approvals flow SHIRT", "1 prompt is waiting for an answer in SHIRT.") == {anyone.id}
    # A flow in a private channel is no more known than one that does not exist.
    assert listed(service, "mei", "/approvals flow secret", "1 prompt") == {requested.id}
    assert listed(service, "dmitri", "/approvals flow secret", "Nothing is waiting for an answer in secret.") == set()
    typed(service, "/approvals flow", "Which flow? Type its name")


def test_what_somebody_was_reminded_of_is_overdue(service: RunningService) -> None:
    """So is what is open after its deadline. What is not is not listed."""
    late, _ = service.ask_in("#releases", approve, reminder=0.1)
    service.ask(shirt)
    until(service.db, lambda: "reminded" in service.events(late), what="the reminder")
    assert listed(service, "ana", "/approvals overdue", "1 prompt is overdue.") == {late.id}
    assert listed(service, "chloe", "/approvals overdue", "1 prompt is overdue.") == {late.id}


def test_who_has_voted_is_not_waited_for(service: RunningService) -> None:
    """The prompt leaves their list, and stays in that of the others."""
    prompt, card = service.ask_in("#releases", release_together, policy={"approvers": ["@ana", "@ben"], "quorum": 2})
    ana = service.slack.person("ana")
    ana.press("Approve", message=card)
    service.until_noted(prompt, "voted")
    assert listed(service, "ana", "/approvals", "Nothing is waiting for your answer.") == set()
    assert listed(service, "ben", "/approvals", "1 prompt") == {prompt.id}


def test_a_prompt_is_shown_with_its_buttons_by_its_id_and_by_its_run(service: RunningService) -> None:
    """Only to those who may see it; for everybody else there is no such prompt."""
    prompt, _ = service.ask_in("#orders", shirt)
    mei = service.slack.person("mei")
    mei.command(f"/approvals show {prompt.id[:8].upper()}")
    shown = mei.wait_for_message("#general", lambda seen: "Edit…" in seen.buttons)
    assert shown.is_ephemeral
    mei.command(f"/approvals show {prompt.run_name}")
    mei.press("Edit…", message=mei.wait_for_message("#general", lambda seen: "Edit…" in seen.buttons))
    mei.wait_for_modal("Which one?")
    mei.submit({"Size": "large"})
    service.over(prompt)
    hidden = service.ask(secret, approvers=["@ana"])
    for command in (f"show {hidden.id}", "show nothing", "history " + hidden.id[:8]):
        mei.command(f"/approvals {command}")
        named = command.partition(" ")[2]
        mei.wait_for_message("#general", f"There is no prompt `{named}` that you may see.")
    tried = [line.actor for line in ledger.lines(service.db, hidden.id) if line.event == "refused_reading"]
    assert tried == [mei.id, mei.id]
    typed(service, "/approvals show", "Which prompt?")


def test_the_history_tells_who_did_what(service: RunningService) -> None:
    """Each event in words, with its time and its person, and no values: the card has them."""
    prompt, card = service.ask_in("#releases", approve)
    service.slack.person("mei").press("Approve", message=card)
    service.until_noted(prompt, "refused")
    ana = service.slack.person("ana")
    ana.press("Reject", message=card)
    ana.wait_for_modal()
    ana.submit({"Reason": "Tests are red"})
    service.over(prompt)
    told = typed(service, f"/approvals history {prompt.id[:8]}", "History of May it go out?").full_text
    for line in (
        ": Asked",
        ": Posted in Slack",
        ": Tried to answer, and may not by Mei Tanaka",
        ": Answered by Ana Ruiz",
    ):
        assert line in told
    assert "Tests are red" not in told


def test_a_beginning_that_many_prompts_share_is_not_enough(service: RunningService) -> None:
    """Of those that the person may see. Others do not count, so that nobody learns of them."""
    # Of 17 ids, two begin with the same of sixteen digits.
    open_prompts_in(service, RELEASES, 17)
    beginnings = Counter(each.id[0] for each in pending(service.db))
    (shared, _), *_ = beginnings.most_common(1)
    typed(service, f"/approvals show {shared}", f"More than one prompt begins with `{shared}`.")
