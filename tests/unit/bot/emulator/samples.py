"""Small pieces of Block Kit for the emulator's tests."""

from typing import Any

from signoff.bot.emulator.protocol import Json


def plain(text: str = "Text") -> Json:
    """A plain text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "*Text*") -> Json:
    """A markdown text object."""
    return {"type": "mrkdwn", "text": text}


def section(text: str = "Text", **more: Any) -> Json:
    """A section."""
    return {"type": "section", "text": mrkdwn(text), **more}


def button(text: str = "Approve", **more: Any) -> Json:
    """A button with the action id `go`."""
    return {"type": "button", "action_id": "go", "text": plain(text), **more}


def actions(*elements: Json, **more: Any) -> Json:
    """An actions block."""
    return {"type": "actions", "elements": list(elements), **more}


def option(text: str = "Red", value: str | None = None, **more: Any) -> Json:
    """An option whose value is its text in small letters, unless one is given."""
    return {"text": plain(text), "value": text.lower() if value is None else value, **more}


def options(count: int) -> list[Json]:
    """So many different options."""
    return [option(f"Option {number}") for number in range(count)]


def element(kind: str, **more: Any) -> Json:
    """An element with the action id `a`."""
    return {"type": kind, "action_id": "a", **more}


def field(kind: str = "plain_text_input", *, label: str = "Label", block_id: str = "b", **more: Any) -> Json:
    """An input block `b` around an element `a`; `optional`, `hint` and `dispatch_action` go to the block."""
    outer: Json = {name: more.pop(name) for name in ("optional", "hint", "dispatch_action") if name in more}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": element(kind, **more),
        **outer,
    }


def modal(*blocks: Json, **more: Any) -> Json:
    """A modal with a submit button."""
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("A form"),
        "submit": plain("Send"),
        "blocks": list(blocks) or [section()],
        **more,
    }
