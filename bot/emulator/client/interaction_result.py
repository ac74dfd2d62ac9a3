"""The result of an interaction, and what Slack's client shows to the person."""

from dataclasses import dataclass

from signoff.bot.emulator.delivery.delivery import Ack
from signoff.bot.emulator.protocol import Json

CONNECTION_TROUBLE = "We had some trouble connecting. Try again?"
"""What Slack's client shows in a modal when the app fails."""


@dataclass(frozen=True, slots=True)
class InteractionResult:
    """`ack` is None if nothing was sent to the app. `message` is set if the app failed."""

    ack: Ack | None
    message: str = ""

    def control_json(self) -> Json:
        """The form in which the control API returns it."""
        if self.ack is None:
            return {"ok": True, "ack_ms": 0.0, "response": None}
        ack = self.ack
        shown: Json = {"ok": ack.error is None, "at": ack.at, "ack_ms": ack.ack_ms, "response": ack.response}
        return shown | {"error": ack.error, "message": self.message} if ack.error else shown


def error_message(ack: Ack) -> str:
    """What Slack's client shows when a press in a message fails."""
    if ack.error == "operation_timeout":
        return "Operation timed out. Apps need to respond within 3 seconds."
    if ack.status:
        return f"This app responded with Status Code {ack.status}."
    if ack.error == "app_unreachable":
        return "This app is not connected right now."
    return CONNECTION_TROUBLE
