"""What `signoff doctor` says of cards that Slack does not take until a person mends something."""

from signoff.bot.delivery.conversations import NO_CHANNEL
from signoff.bot.delivery.slack_calls import OF_APP, OF_MESSAGE, RESTRICTED
from signoff.store.places import PlaceKind
from signoff.store.records.outbox import RefusedCards

_INVITE = "Invite Signoff to it with /invite @signoff."
_WHAT_TO_DO = {
    "channel_not_found": f"Correct its name if it has another one. If it is private, {_INVITE[0].lower()}{_INVITE[1:]}",
    "is_archived": "Unarchive it, or name another channel in the policy.",
    "is_inactive": "Unarchive it, or name another channel in the policy.",
    "messages_tab_disabled": "Turn on the messages tab of the app's home, as manifest.yml does.",
    "missing_scope": "Update the app from manifest.yml, and install it again.",
    "not_in_channel": _INVITE,
    NO_CHANNEL: "Name a channel in the policy, or set SIGNOFF_CHANNEL.",
}


def refused_as_text(cards: RefusedCards) -> str:
    """What is wrong with cards in one place, and what to do."""
    where = "direct messages with " if cards.place.kind is PlaceKind.PERSON else ""
    counts = [(cards.open, "open"), (cards.settled, "settled")]
    number = " and ".join(f"{count} {state}" for count, state in counts if count)
    noun = "prompt" if (cards.settled or cards.open) == 1 else "prompts"
    return (
        f"Slack does not take the cards of {number} {noun} in {where}{cards.place.label} ({cards.refusal}). "
        f"{_what_to_do(cards.refusal)} Signoff tries again now."
    )


def _what_to_do(refusal: str) -> str:
    if refusal in _WHAT_TO_DO:
        return _WHAT_TO_DO[refusal]
    if refusal in OF_MESSAGE:
        return "This is a fault of Signoff's: please report it."
    if refusal in OF_APP:
        return "Install the app again, and set SLACK_BOT_TOKEN to its token."
    if refusal.startswith(RESTRICTED):
        return "Let Signoff post there, in the settings of the channel or of the workspace."
    return "Ask an administrator of the workspace."
