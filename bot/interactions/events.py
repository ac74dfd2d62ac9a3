"""Slack's events, handed to the parts of the bot that registered for them.

Slack sends an event again until it is acked: at once, after a minute and after five minutes. So an event is acked
when all of its handlers have returned, which means that what it asks for is recorded. The same event may come twice,
and a handler has to be idempotent: Bolt does not recognise a repeated event, and another process may have had the
first.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from slack_bolt import App, BoltResponse

from signoff.bot.interactions.payloads import MalformedPayload
from signoff.store.errors import StoreError

logger = logging.getLogger(__name__)

EVERY_TYPE = re.compile("")


@dataclass(frozen=True, slots=True)
class Event:
    """An event as Slack sent it.

    Attributes:
        type: Its type, `message` for example.
        subtype: Its subtype, `message_deleted` for example. Empty if it has none.
        app_id: The id of the app that it was sent to: this one.
        bot_user_id: The id of the app's bot user; empty if Slack does not say it.
        fields: The event's own fields. They are claims: look up what they name.
    """

    type: str
    subtype: str
    app_id: str
    fields: Mapping[str, Any]
    bot_user_id: str = ""


Handler = Callable[[Event], None]


class NotYet(Exception):
    """A handler cannot tell yet what an event means. Slack is asked to send it again."""


class Events:
    """The handlers of each type of event. An event without a handler is acked and ignored."""

    def __init__(self) -> None:
        self._handlers: defaultdict[str, list[Handler]] = defaultdict(list)

    def on(self, event_type: str, handler: Handler) -> None:
        """Call `handler` with every event of a type, for example `message` or `user_change`.

        A handler may raise. The event is then not acked, and all of its handlers are called again with the retry.
        """
        self._handlers[event_type].append(handler)

    def register(self, app: App) -> None:
        """Have `app` hand over every event: Bolt answers an event without a listener with a 404."""
        app.event(EVERY_TYPE)(self.handle)

    def handle(self, body: Mapping[str, Any]) -> BoltResponse:
        """Call the handlers of an event; the response acks it if all of them returned."""
        fields = body["event"]
        handlers = self._handlers.get(fields["type"], ())
        event = Event(
            fields["type"], fields.get("subtype") or "", str(body.get("api_app_id")), fields, _bot_user_in(body)
        )
        failed = [handler for handler in handlers if not _call(handler, event)]
        return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK)


def _bot_user_in(body: Mapping[str, Any]) -> str:
    """The user for whom the app gets the event; empty if that is not said, or if it is not a bot."""
    match body.get("authorizations"):
        case [{"is_bot": True, "user_id": str() as user_id}, *_]:
            return user_id
        case _:
            return ""


def _call(handler: Handler, event: Event) -> bool:
    """Whether the handler returned. One that fails must not keep the others from hearing of the event."""
    try:
        handler(event)
    except NotYet as reason:
        logger.info("Slack is asked to send the event %s again: %s", event.type, reason)
    except MalformedPayload as error:
        # Slack would only send it again.
        logger.warning("Slack sent an event that cannot be read: %s", error)
        return True
    except StoreError as error:
        logger.warning("The event %s could not be handled; Slack sends it again: %s", event.type, error)
    except Exception:
        logger.exception("The event %s could not be handled", event.type)
    else:
        return True
    return False
