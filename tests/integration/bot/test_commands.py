"""`/approvals` runs its sub-commands, and helps people who type a name that does not exist."""

import pytest

from signoff.testing import VisibleMessage
from tests.integration.bot.running_service import RunningService


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
