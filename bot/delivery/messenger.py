"""Posts and updates Slack messages on behalf of the dispatcher, each exactly once."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from signoff.bot.blockkit.blocks import Message
from signoff.bot.blockkit.fingerprint import fingerprint
from signoff.bot.blockkit.without_pings import without_pings
from signoff.bot.connection.listing import next_cursor
from signoff.bot.connection.lookup_deadline import lookup_deadline
from signoff.bot.connection.people import People
from signoff.bot.delivery.conversations import Conversation, Conversations
from signoff.bot.delivery.pings import KINDS, Pings
from signoff.bot.delivery.slack_calls import (
    Blocked,
    ChannelBlocked,
    InvalidMessage,
    RateLimited,
    SlackRejected,
    SlackUnavailable,
    call,
)
from signoff.bot.surfaces.cards import card as card_message
from signoff.bot.surfaces.cards import plain_card
from signoff.bot.surfaces.notices import notice_message
from signoff.flows.approval.approvers import Unknowable
from signoff.flows.schema.slack_ids import is_conversation_id, is_user_id
from signoff.store.places import PlaceKind
from signoff.store.records.approvers import Approver
from signoff.store.records.outbox import Card, Notice, NoticeKind
from signoff.store.records.prompts import Prompt

logger = logging.getLogger(__name__)

MAX_DIFFERENCE = 3600.0
"""Seconds by which the database's clock may be ahead of Slack's before a message is not found again."""


MAX_LOOKUP = 1.5
"""Seconds after which nothing more is looked up for a message. A card follows with the mentions when they are known."""


MAX_INTERRUPTED = 1000
"""How many interrupted searches are remembered. Further ones begin again."""

_MAY_NOT_LOOK = frozenset({"missing_scope", "not_in_channel"})
"""How Slack says that the app may not read a channel in which it may post. The scopes for that are optional."""


class Sent(NamedTuple):
    """A message that is in Slack.

    Attributes:
        channel: The id of its channel.
        ts: Its timestamp.
        is_complete: Whether it mentions every approver. If not, their names are on it.
        shown_hash: The hash of what Slack was given to show.
    """

    channel: str
    ts: str
    is_complete: bool = True
    shown_hash: str | None = None


class Messenger:
    """Posts and updates messages.

    `chat.postMessage` has no idempotency key. A message that may already have been posted, because Slack's response
    was lost or the process died, is therefore searched for by its metadata before it is posted again.

    Args:
        pings: Decides whom a reminder pings.
        channel: Where to post a card if its policy names no channel.
        find: Says who has a handle or an e-mail address. A card may go to a person.
        channel_id: Says which channel has a name.
        link: Where a person can look at a prompt's run on its engine. Must not raise.
    """

    def __init__(
        self,
        client: WebClient,
        people: People,
        pings: Pings,
        *,
        channel: str | None,
        find: Callable[[str], Approver | Unknowable],
        channel_id: Callable[[str], str | Unknowable | None],
        link: Callable[[Prompt], str | None] = lambda _: None,
    ) -> None:
        self._client = client
        self._people = people
        self._pings = pings
        self._conversations = Conversations(client, channel, find, channel_id)
        self._find_person = find
        self._link = link
        # The cursors at which searches were interrupted.
        self._interrupted: dict[str, str] = {}

    def draw(self, card: Card) -> Sent:
        """Post a card, or update it if it was posted before.

        Raises:
            SlackRejected: If Slack rejects the call.
            MessageDeleted: If the card was deleted.
            SlackUnavailable: If Slack does not answer.
            bot.forms.FormError: If the prompt's form cannot be shown in Slack.
        """
        with lookup_deadline(MAX_LOOKUP):
            mentions = {} if _pings_nobody(card) else self._people.on_card(card.prompt)
            try:
                sent = self._draw(card, _meant_for(card, mentions))
                return sent._replace(is_complete=self._people.are_all(mentions, card.prompt))
            except ChannelBlocked as error:
                if card.prompt.is_open and card.place.kind is not PlaceKind.PERSON:
                    error.approvers = self._people.approvers(card.prompt)
                raise

    def _draw(self, card: Card, mentions: Mapping[str, str]) -> Sent:
        conversation = self._conversations.of(card.place, tried=card.channel)
        message = card_message(
            card.prompt,
            mentions,
            card.place,
            link=self._link(card.prompt),
            is_direct=conversation.is_direct,
            refused_elsewhere=card.refused_elsewhere if _is_redirected(card) else None,
        )
        try:
            return self._put(card, conversation, message, mentions)
        except InvalidMessage as error:
            logger.error(
                "Slack does not take the card of %s (%s), which is a fault of Signoff's. A plain one is tried.",
                card.prompt.label,
                error,
            )
            return self._put(card, conversation, plain_card(card.prompt, card.place), mentions)

    def _put(self, card: Card, conversation: Conversation, message: Message, mentions: Mapping[str, str]) -> Sent:
        """Post a message as a card, or update the card to it."""
        if card.channel is not None and card.ts is not None:
            self._update(card.channel, card.ts, message)
            return Sent(card.channel, card.ts, shown_hash=message_hash(message))
        if card.in_doubt and (found := self._find(conversation, card.prompt.opened_at, message)) is not None:
            logger.info("Found the card of %s, which an earlier attempt had posted", card.prompt.label)
            # The prompt may have changed since that attempt.
            self._update(*found, message)
            return Sent(*found, shown_hash=message_hash(message))
        first = without_pings(message, self._people.to_ping(card.prompt, mentions), self._people.name)
        try:
            posted = self._post(conversation, first)
        except SlackUnavailable as error:
            error.channel = conversation.channel if is_conversation_id(conversation.channel) else None
            raise
        return Sent(str(posted["channel"]), str(posted["ts"]), shown_hash=message_hash(first))

    def post_notice(self, notice: Notice) -> Sent | None:
        """Post a notice in its place.

        Returns:
            Where it is; `None` if it is not to be posted: it would remind people of what is settled by now, whom it is
            for is reminded later, or has settled the prompt themselves.

        Raises:
            SlackRejected: If Slack rejects the call, or does not say whom to remind.
            MessageDeleted: If the card was deleted in whose thread it goes.
            SlackUnavailable: If Slack does not answer.
        """
        with lookup_deadline(MAX_LOOKUP):
            conversation = self._conversations.of(notice.place)
            if notice.kind is NoticeKind.OUTCOME and self._is_own(notice):
                return None
            if notice.in_doubt:
                # It is found by its id, whatever else it says.
                wanted = notice_message(notice, {})
                if (found := self._find(conversation, notice.created_at, wanted)) is not None:
                    return Sent(*found)
        if notice.kind in KINDS:
            planned = self._pings.plan(notice)
            if planned is None:
                return None
            message = notice_message(planned.notice, planned.mentions)
        else:
            with lookup_deadline(MAX_LOOKUP):
                message = notice_message(notice, self._people.mentions(notice.prompt))
        posted = self._post(conversation, message)
        return Sent(str(posted["channel"]), str(posted["ts"]))

    def _is_own(self, notice: Notice) -> bool:
        """Whether a prompt was settled by the person whom a notice is for, and who may be named by an address."""
        by, whom = notice.prompt.settled_by, notice.place.target
        if by is None or is_user_id(whom):
            return False
        found = self._find_person(whom)
        return not isinstance(found, Unknowable) and found.id == by.id

    def _update(self, channel: str, ts: str, message: Message) -> None:
        call(
            lambda: self._client.chat_update(
                channel=channel, ts=ts, text=message.text, blocks=message.blocks, metadata=_metadata(message)
            )
        )

    def _post(self, conversation: Conversation, message: Message) -> SlackResponse:
        return call(
            lambda: self._client.chat_postMessage(
                channel=conversation.channel,
                text=message.text,
                blocks=message.blocks,
                metadata=_metadata(message),
                thread_ts=conversation.thread_ts,
                unfurl_links=False,
                unfurl_media=False,
            )
        )

    def _find(self, conversation: Conversation, since: datetime, message: Message) -> tuple[str, str] | None:
        """Find a message that an earlier attempt may have posted: its channel id and its timestamp."""
        channel, oldest = self._conversations.id_of(conversation), _slightly_before(since)
        if not channel.startswith("D"):
            self._join(channel)

        def page(cursor: str) -> SlackResponse:
            if conversation.thread_ts is None:
                return self._client.conversations_history(
                    channel=channel, oldest=oldest, include_all_metadata=True, limit=200, cursor=cursor
                )
            return self._client.conversations_replies(
                channel=channel,
                ts=conversation.thread_ts,
                oldest=oldest,
                include_all_metadata=True,
                limit=200,
                cursor=cursor,
            )

        try:
            for each in self._pages(f"{channel} {conversation.thread_ts} {message.metadata}", page):
                for posted in each["messages"]:
                    if _is_same(posted.get("metadata"), message.metadata):
                        return channel, str(posted["ts"])
        except Blocked as error:
            if error.reason not in _MAY_NOT_LOOK:
                raise
            # Two cards can be answered as well as one, and none cannot.
            logger.warning("A message may be in %s twice, because the app may not look for it: %s", channel, error)
        return None

    def _pages(self, search: str, ask: Callable[[str], SlackResponse]) -> Iterator[SlackResponse]:
        """The pages of a search. One that Slack has interrupted goes on from where it was."""
        cursor = self._interrupted.pop(search, "")
        while True:
            try:
                page = call(lambda: ask(cursor))  # noqa: B023 - called before the cursor changes
            except (RateLimited, SlackUnavailable):
                if len(self._interrupted) < MAX_INTERRUPTED:
                    self._interrupted[search] = cursor
                raise
            yield page
            cursor = next_cursor(page)
            if not cursor:
                return

    def _join(self, channel: str) -> None:
        """Join a channel, because only members may read it. A private channel takes an invitation instead."""
        try:
            call(lambda: self._client.conversations_join(channel=channel))
        except SlackRejected as error:
            logger.debug("Could not join %s: %s", channel, error)


def _pings_nobody(card: Card) -> bool:
    """Whether a card is to be posted without mentions, because its approvers get cards of their own."""
    is_post = card.ts is None and card.place.kind is not PlaceKind.PERSON
    return is_post and card.prompt.is_open and card.prompt.policy.notify == "both"


def _is_redirected(card: Card) -> bool:
    """Whether a card is in direct messages only because Slack does not take the one in the channel."""
    is_direct = card.place.kind is PlaceKind.PERSON
    return is_direct and card.prompt.is_open and card.prompt.policy.notify == "channel"


def message_hash(message: Message) -> str:
    """The hash of what Slack shows of a message."""
    return fingerprint({"text": message.text, "blocks": message.blocks})


def _meant_for(card: Card, mentions: Mapping[str, str]) -> Mapping[str, str]:
    """The mentions on a card. One that is posted for an escalation does not ping those who were told before."""
    prompt = card.prompt
    if card.ts is not None or not prompt.is_open or not prompt.escalations or card.place in prompt.policy.places():
        return mentions
    come = prompt.policy.escalations[: prompt.escalations]
    names = {name for each in come if each.channel == card.place.target for name in each.to}
    return {name: mention for name, mention in mentions.items() if name in names} if names else mentions


def _slightly_before(moment: datetime) -> str:
    """A Slack timestamp from before `moment`, to allow for a difference between the two clocks."""
    return f"{moment.timestamp() - MAX_DIFFERENCE:.6f}"


def _metadata(message: Message) -> dict[str, Any]:
    return dict(message.metadata or {})


def _is_same(found: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None) -> bool:
    """Whether a message has the metadata of the wanted one. Cards of earlier versions do not name their place."""
    if not found or not wanted or found.get("event_type") != wanted["event_type"]:
        return False
    payload = wanted["event_payload"]
    # Only cards have a place in their metadata. Notices do not.
    default = {"place": payload["place"]} if "place" in payload else {}
    return bool(default | (found.get("event_payload") or {}) == payload)
