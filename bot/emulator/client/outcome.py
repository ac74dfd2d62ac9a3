"""How an act of a person ended, and what Slack's client tells them about it."""

from dataclasses import dataclass

from signoff.bot.emulator.delivery.delivery import Ack
from signoff.bot.emulator.wire import Json

TROUBLE = "We had some trouble connecting. Try again?"
"""What Slack's client writes in a modal when the app failed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`ack` is None when the app had nothing to hear; `message` is set when it failed."""

    ack: Ack | None
    message: str = ""

    def shown(self) -> Json:
        """As the control API answers."""
        if self.ack is None:
            return {"ok": True, "ack_ms": 0.0, "response": None}
        ack = self.ack
        shown: Json = {"ok": ack.error is None, "at": ack.at, "ack_ms": ack.ack_ms, "response": ack.response}
        return shown | {"error": ack.error, "message": self.message} if ack.error else shown


def explanation(ack: Ack) -> str:
    """What Slack's client says of a press in a message that failed."""
    if ack.error == "operation_timeout":
        return "Operation timed out. Apps need to respond within 3 seconds."
    if ack.status:
        return f"This app responded with Status Code {ack.status}."
    if ack.error == "app_unreachable":
        return "This app is not connected right now."
    return TROUBLE
