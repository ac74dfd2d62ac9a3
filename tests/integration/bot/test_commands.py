"""`/approvals` runs its sub-commands, and helps people who type a name that does not exist."""

import pytest
from sqlalchemy import update

from signoff.store.tables import cards
from signoff.testing import VisibleMessage
from tests.integration.bot.running_service import RunningService
from tests.support import load

RELEASES = "C0RELEASE1"


def typed(service: RunningService, command: str, shown: str) -> VisibleMessage:
    """The response that Ana sees when she types a command."""
    ana = service.slack.person("ana")
    ana.command(command)
    return ana.wait_for_message("#general", shown)


@pytest.mark.parametrize("command", ["/approvals", "/approvals list", "/approvals  LIST "])
def test_the_list_is_what_the_command_shows_by_default(service: RunningService, command: str) -> None:
    """Its name may be typed in any case, or left out."""
    assert typed(service, command, "Nothing is waiting for an answer.").is_ephemeral


def test_help_lists_the_sub_commands(service: RunningService) -> None:
    """Each stands there with what it does."""
    response = typed(service, "/approvals help", "Sub-commands:")

    assert "`/approvals list`: list the prompts that are waiting" in response.full_text


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
    page = typed(service, "/approvals", "131 prompts are waiting for an answer.")
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
    page = typed(service, "/approvals", "20 prompts are waiting for an answer.")
    service.slack.client.inject_fault("response_url", error="expired_url", times=2)
    ana = service.slack.person("ana")
    ana.press("Next", message=page)
    ana.wait_for_message("@signoff", "Type `/approvals` again.")
