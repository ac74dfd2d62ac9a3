"""Stands in for Slack: checks forms, and reports the state of submitted modals."""

from typing import Any

from slack_sdk.models.blocks import Block as SdkBlock

from signoff.bot.blockkit.blocks import Block
from signoff.bot.emulator.blocks.validation import view_violations
from signoff.bot.emulator.workspace.state_values import initial_state
from signoff.bot.forms import UNSET, Form, Reading
from signoff.bot.forms.elements.entry_list import EntryList, entries_of
from signoff.bot.forms.field import Field
from signoff.bot.forms.layout import blocks_of
from signoff.bot.forms.paths import put


def modal(blocks: list[Block]) -> Block:
    """A modal with these blocks."""
    text = {"type": "plain_text", "text": "Form"}
    return {"type": "modal", "title": text, "submit": text, "blocks": blocks}


def check(blocks: list[Block]) -> None:
    """Assert that Slack's SDK and the emulator accept a modal with these blocks."""
    for block in blocks:
        parsed = SdkBlock.parse(block)
        assert parsed is not None
        parsed.validate_json()
    faults = [fault.line() for fault in view_violations(modal(blocks), "")]
    assert not faults, f"{faults} in {blocks}"


def submitted_as_drawn(blocks: list[Block]) -> dict[str, Any]:
    """`view.state.values` of a modal that a person submits unchanged."""
    return dict(initial_state([block for block in blocks if block["type"] == "input"]))


def filled_in(form: Form, values: dict[str, Any]) -> Reading:
    """What is read after a person has filled in `values`, chosen the variants of unions and added entries."""
    blocks = blocks_of(form, values)
    if blocks:
        check(blocks)
    state = submitted_as_drawn(blocks)
    reading = form.read(state, {})
    while reading.switched:
        reading = form.read(state, reading.values, reading.raw_input)
    for part in form.layout(reading.values, reading.raw_input):
        if isinstance(part, Field) and isinstance(part.element, EntryList):
            listed = part.element
            inner = [filled_in(form.of_entry(listed), listed.wrap(each)) for each in entries_of(part.value(values))]
            if part.value(values) is not UNSET:
                entries = [listed.unwrap(each.values) for each in inner]
                put(reading.values, part.path, entries if part.value(values) is not None else None)
            reading.errors.update({(*part.path, *path): text for each in inner for path, text in each.errors.items()})
    return reading
