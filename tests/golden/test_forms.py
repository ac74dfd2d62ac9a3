"""Slack accepts the cards and modals of all models in the zoo, and none of them changes by accident."""

import pytest
from slack_sdk.models.blocks import Block as SdkBlock
from slack_sdk.models.views import View as SdkView

from signoff.bot.emulator.blocks.validation import message_violations, view_violations
from signoff.bot.surfaces.cards import card
from tests.golden.forms import FOLDER, drawn, modal_in_zoo, prompt_in_zoo
from tests.golden.zoo import ZOO
from tests.support.prompts import MENTIONS

pytestmark = pytest.mark.parametrize("name", ZOO)


def test_a_form_looks_as_it_was_last_approved(name: str) -> None:
    """A model's card and first modal are drawn as in their file in tests/golden/zoo_drawn."""
    assert drawn(name) == (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")


def test_slack_accepts_the_card(name: str) -> None:
    """The emulator's strict validation and Slack's own SDK find nothing wrong with it."""
    message = card(prompt_in_zoo(name), MENTIONS)
    assert [fault.line() for fault in message_violations({"blocks": message.blocks}, "")] == []
    for block in message.blocks:
        parsed = SdkBlock.parse(block)
        assert parsed is not None
        parsed.validate_json()


def test_slack_accepts_the_modal(name: str) -> None:
    """The emulator's strict validation and Slack's own SDK find nothing wrong with it."""
    view = modal_in_zoo(name)
    assert [fault.line() for fault in view_violations(view, "")] == []
    SdkView(**view).validate_json()
    for block in view["blocks"]:
        parsed = SdkBlock.parse(block)
        assert parsed is not None
        parsed.validate_json()
