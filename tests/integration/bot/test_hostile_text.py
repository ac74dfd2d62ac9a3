"""Text from flows and people notifies nobody, wherever it is shown."""

import re

import pytest

from signoff.testing import VisibleMessage
from tests.integration.bot.asking import shirt, shout
from tests.integration.bot.running_service import RunningService

SHOUTS = [
    "<!channel> look",
    "<!here|here> *now*",
    "<@U0MEITANA1> `rm -rf` ```",
    "<https://evil.example|Approve>",
    "&lt;!everyone&gt; <!everyone>",
    "<!subteam^S0BUYERS01>",
]
PINGS = re.compile(r"<!(?!date\^)|<@U0MEITANA1>")
FORGES = re.compile(rf"{PINGS.pattern}|<https?:")


def assert_quiet(messages: list[VisibleMessage]) -> None:
    """Assert that no text has become Slack markup."""
    for seen in messages:
        assert not FORGES.search(seen.text), seen.text
        assert_quiet_blocks(seen.blocks)


def assert_quiet_blocks(blocks: object) -> None:
    """Assert the same of blocks. Links are allowed in descriptions, which are Markdown."""
    for text in _marked(blocks, "mrkdwn"):
        assert not FORGES.search(text), text
    for text in _marked(blocks, "markdown"):
        assert not PINGS.search(text), text


def _marked(value: object, kind: str) -> list[str]:
    """Every text that Slack would parse as this type of markup."""
    if isinstance(value, list):
        return [text for each in value for text in _marked(each, kind)]
    if isinstance(value, dict):
        if value.get("type") == kind:
            return [str(value["text"])]
        return [text for each in value.values() for text in _marked(each, kind)]
    return []


@pytest.mark.parametrize("text", SHOUTS)
def test_text_from_a_flow_notifies_nobody(service: RunningService, text: str) -> None:
    """Invariant 8: not on its card, in refusals, in its form, or in the report of its end."""
    prompt, card = service.ask_in("#releases", shout, text=text)
    ana, chloe = service.slack.person("ana"), service.slack.person("chloe")
    chloe.press("Approve", message=card)
    chloe.wait_for_message("#releases", "You may not answer")
    ana.press("Edit…", message=card)
    assert_quiet_blocks(ana.wait_for_modal("Approval").blocks)
    ana.submit({"Approved": "Yes"})
    service.over(prompt)
    service.until_all_is_said()
    assert_quiet([*chloe.sees("#releases"), *ana.sees("#releases")])


@pytest.mark.parametrize("text", SHOUTS)
def test_text_from_a_person_notifies_nobody(service: RunningService, text: str) -> None:
    """Invariant 8: the reason of a rejection is shown on the card and to people who come late."""
    prompt, card = service.ask_in("#orders", shirt)
    ana, ben = service.slack.person("ana"), service.slack.person("ben")
    with service.cards_as_they_are():
        ana.press("Reject…", message=card)
        ana.wait_for_modal("Reason")
        ana.submit({"Reason": text})
        ben.press("Reject…", message=card)
        ben.wait_for_message("#orders", "Too late")
    service.over(prompt)
    service.until_all_is_said()
    assert_quiet(ben.sees("#orders"))
