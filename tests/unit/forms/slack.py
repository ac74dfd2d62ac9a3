"""What Slack makes of a form: its checks, and what it reports of a modal that is submitted as drawn."""

from typing import Any

from slack_sdk.models.blocks import Block as SdkBlock

from bot.blocks import Block
from bot.emulator.blocks.check import view_faults
from bot.emulator.state_values import initial_state


def modal(blocks: list[Block]) -> Block:
    """A modal that holds these blocks."""
    text = {"type": "plain_text", "text": "Form"}
    return {"type": "modal", "title": text, "submit": text, "blocks": blocks}


def check(blocks: list[Block]) -> None:
    """Asserts that Slack's SDK and the emulator take these blocks in a modal."""
    for block in blocks:
        parsed = SdkBlock.parse(block)
        assert parsed is not None
        parsed.validate_json()
    faults = [fault.line() for fault in view_faults(modal(blocks), "")]
    assert not faults, f"{faults} in {blocks}"


def submitted_as_drawn(blocks: list[Block]) -> dict[str, Any]:
    """`view.state.values` of a modal that a person submits without touching it."""
    return dict(initial_state([block for block in blocks if block["type"] == "input"]))
