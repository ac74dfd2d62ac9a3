"""Messages and views as a person sees them, for use in tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from signoff.bot.emulator.blocks.returned import displayed
from signoff.bot.emulator.blocks.walk import elements, inputs
from signoff.bot.emulator.protocol import Json
from signoff.bot.emulator.workspace.state_values import value_of


@dataclass(frozen=True, slots=True)
class VisibleElement:
    """An interactive element. `label` is the text on it, or the label of its input."""

    block_id: str
    action_id: str
    type: str
    label: str
    element: Json


class _Visible:
    """Blocks as a person sees them."""

    def __init__(self, blocks: list[Json]) -> None:
        self.blocks = blocks

    @property
    def elements(self) -> list[VisibleElement]:
        """The interactive elements, in order."""
        return [
            VisibleElement(block["block_id"], element["action_id"], element["type"], _label(block, element), element)
            for block, element in elements(self.blocks)
            if element["type"] != "image"
        ]

    @property
    def buttons(self) -> list[str]:
        """The texts of the buttons, in order."""
        return [element.label for element in self.elements if element.type == "button"]

    def element(self, label: str) -> VisibleElement | None:
        """The element with that label or action id, or None."""
        return next((found for found in self.elements if label in {found.label, found.action_id}), None)

    def reference(self, element: VisibleElement) -> Json:
        """What identifies one of the elements, even if the app redraws the rest before somebody acts on it.

        A block that has no id of the app's gets another one each time, so it is named only if it has to be.
        """
        alike = [each for each in self.elements if each.action_id == element.action_id]
        return {"action_id": element.action_id, **({"block_id": element.block_id} if len(alike) > 1 else {})}


class VisibleMessage(_Visible):
    """A message."""

    def __init__(self, message: Json) -> None:
        super().__init__(message.get("blocks", []))
        self.channel: str = message["channel"]
        self.ts: str = message["ts"]
        self.user: str = message["user"]
        self.text: str = message["text"]
        self.thread_ts: str | None = message.get("thread_ts")
        self.reply_count: int = message.get("reply_count", 0)
        self.metadata: Json | None = message.get("metadata")
        self.reactions: dict[str, list[str]] = {
            reaction["name"]: reaction["users"] for reaction in message.get("reactions", [])
        }
        self.is_ephemeral = "ephemeral_to" in message
        self.json = message

    @property
    def full_text(self) -> str:
        """The text of the message and all texts in its blocks, one per line."""
        return "\n".join([self.text, *texts(self.blocks)])

    def __repr__(self) -> str:
        return f"VisibleMessage(ts={self.ts!r}, text={self.text!r}, buttons={self.buttons!r})"


class Modal(_Visible):
    """An open modal."""

    def __init__(self, view: Json) -> None:
        super().__init__(view["blocks"])
        self.id: str = view["id"]
        self.title = displayed(view["title"]["text"])
        self.submit = displayed(view["submit"]["text"]) if view.get("submit") else None
        self.callback_id: str = view["callback_id"]
        self.private_metadata: str = view["private_metadata"]
        self.json = view

    @property
    def labels(self) -> list[str]:
        """The labels of the inputs, in order."""
        return [displayed(block["label"]["text"]) for block in inputs(self.blocks)]

    @property
    def values(self) -> dict[str, Any]:
        """The current value of each input, by label, in Slack's form."""
        state = self.json["state"]["values"]
        return {
            displayed(block["label"]["text"]): value_of(state[block["block_id"]][block["element"]["action_id"]])
            for block in inputs(self.blocks)
        }

    @property
    def errors(self) -> dict[str, str]:
        """The app's errors under the inputs, by label."""
        labels = {block["block_id"]: displayed(block["label"]["text"]) for block in inputs(self.blocks)}
        return {labels[block_id]: text for block_id, text in self.json["errors"].items()}

    @property
    def full_text(self) -> str:
        """The title and all texts in the blocks, one per line."""
        return "\n".join([self.title, *texts(self.blocks)])

    def __repr__(self) -> str:
        return f"Modal(title={self.title!r}, labels={self.labels!r}, buttons={self.buttons!r})"


class Home(_Visible):
    """The app's home tab."""

    def __init__(self, view: Json) -> None:
        super().__init__(view["blocks"])
        self.id: str = view["id"]
        self.json = view

    @property
    def full_text(self) -> str:
        """All texts in the blocks, one per line."""
        return "\n".join(texts(self.blocks))


def texts(value: Any) -> Iterator[str]:
    """Yield all texts in blocks, in order."""
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield displayed(value["text"]) if value.get("type") == "plain_text" else value["text"]
        for item in value.values():
            yield from texts(item)


def _label(block: Json, element: Json) -> str:
    if block["type"] == "input":
        return displayed(str(block["label"]["text"]))
    named = element.get("text") or element.get("placeholder") or {}
    return displayed(str(named.get("text", element["action_id"])))
