"""A card that somebody deleted in Slack is posted again, as long as its prompt is open."""

from collections.abc import Mapping
from typing import Any

from signoff.bot.interactions.events import Event, Events, NotYet
from signoff.bot.surfaces.cards import METADATA_EVENT
from signoff.store.database import Database
from signoff.store.outbox import cards


class DeletedCards:
    """Hears of deleted messages, and has the dispatcher post the cards among them again."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def register(self, events: Events) -> None:
        """Have `events` call it."""
        events.on("message", self.handle)

    def handle(self, event: Event) -> None:
        """Note that a card is missing, if the event says that one of the app's own messages was deleted.

        The card is found by its channel and timestamp alone. A repeated event finds none any more: the new card has
        another timestamp.

        Raises:
            NotYet: If the message may be a card whose timestamp is not recorded yet.
        """
        ts = _deleted_ts(event)
        # Every message in the app's channels makes an event. Only a deletion of the app's own costs a query.
        if ts is None or not _may_be_card(event.fields.get("previous_message"), event.app_id):
            return
        # In this order: a card that is recorded between the two would be found by neither the other way round.
        may_be_unrecorded = cards.is_any_being_posted(self._db)
        is_card = cards.lost(self._db, channel=str(event.fields.get("channel")), ts=ts, now=self._db.now())
        if not is_card and may_be_unrecorded:
            raise NotYet("a card is being posted, and it may be the one that was deleted")


def _deleted_ts(event: Event) -> str | None:
    """The timestamp of the deleted message; None if the event is about anything else.

    A message with replies stays as a tombstone, so that Slack sends `message_changed` for it.
    """
    if event.subtype == "message_deleted":
        return event.fields.get("deleted_ts")
    message = event.fields.get("message") or {}
    if event.subtype == "message_changed" and message.get("subtype") == "tombstone":
        return str(message.get("ts"))
    return None


def _may_be_card(previous: Mapping[str, Any] | None, app_id: str) -> bool:
    """Whether the app may have posted this message as a card, by what Slack says it was.

    Slack's docs show deletions without `previous_message`, and messages with and without `app_id`.
    """
    if previous is None:
        return True
    metadata = previous.get("metadata")
    if metadata and metadata.get("event_type") != METADATA_EVENT:
        return False
    posted_by = previous.get("app_id") or (previous.get("bot_profile") or {}).get("app_id")
    return bool(posted_by == app_id if posted_by else previous.get("bot_id"))
