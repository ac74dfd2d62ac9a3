"""Replies and emoji that look like an answer. They decide nothing, and the person is told so, with the buttons.

Everybody who reads "lgtm" below a card takes it for an approval, and so does the one who wrote it, while the run still
waits. A text cannot be one: an app may have posted it in that person's name, and nobody can say what it was about.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping

from signoff.bot.blockkit.blocks import Message
from signoff.bot.connection.people import People
from signoff.bot.interactions.events import Event, Events
from signoff.bot.interactions.responses import Responses
from signoff.bot.surfaces.nudge import nudge
from signoff.flows.approval.desk import Desk
from signoff.flows.schema.slack_ids import is_conversation_id, is_user_id
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.prompts import prompts

MAX_REMEMBERED = 10_000
"""How many nudges are remembered, so that nobody gets two for one prompt."""

_LONGEST = 60
_WORDS = re.compile(
    r"(?:(?:lgtm|ok(?:ay)?|yes|yep|yup|sure|no|nope|nay|approved?|approving|accept(?:ed)?|confirm(?:ed)?|agreed?|"
    r"reject(?:ed)?|den(?:y|ied)|declined?|go(?: ahead| for it)?|ship(?: it)?|looks? good(?: to me)?|sounds good|"
    r"fine by me|do it|\+1|-1)\b|:[a-z0-9_+-]+:|[✅☑✔👍👌🚀💯❌🚫👎])",
    re.IGNORECASE,
)
_EMOJI = frozenset(
    {
        *("white_check_mark", "heavy_check_mark", "ballot_box_with_check", "+1", "thumbsup", "ok", "ok_hand", "100"),
        *("rocket", "ship", "shipit", "lgtm", "approved", "tada", "x", "-1", "thumbsdown", "no_entry", "no_entry_sign"),
        *("negative_squared_cross_mark", "rejected", "octagonal_sign"),
    }
)


class Nudges:
    """Hears replies in the threads of cards, and emoji on cards."""

    def __init__(self, db: Database, desk: Desk, people: People, responses: Responses) -> None:
        self._db = db
        self._desk = desk
        self._people = people
        self._responses = responses
        self._lock = threading.Lock()
        self._nudged: OrderedDict[tuple[str, str], None] = OrderedDict()

    def register(self, events: Events) -> None:
        """Have `events` call it."""
        events.on("message", self.replied)
        events.on("reaction_added", self.reacted)

    def replied(self, event: Event) -> None:
        """Somebody posted a message. What an app posts, in a person's name or not, is nobody's answer."""
        fields = event.fields
        is_of_app = bool(fields.get("bot_id") or fields.get("app_id") or fields.get("bot_profile"))
        if event.subtype not in ("", "thread_broadcast") or is_of_app or not fields.get("thread_ts"):
            return
        if looks_like_an_answer(str(fields.get("text") or "")):
            self._nudge(event, fields.get("channel"), fields.get("thread_ts"), "reply")

    def reacted(self, event: Event) -> None:
        """Somebody put an emoji on a message."""
        item = event.fields.get("item")
        name = str(event.fields.get("reaction") or "").partition("::")[0]
        if isinstance(item, Mapping) and name in _EMOJI:
            self._nudge(event, item.get("channel"), item.get("ts"), "emoji")

    def _nudge(self, event: Event, channel: object, ts: object, what: str) -> None:
        user_id = event.fields.get("user")
        if not is_user_id(user_id) or user_id == event.bot_user_id or not is_conversation_id(channel):
            return
        prompt_id = cards.open_prompt_of(self._db, channel=str(channel), ts=str(ts))
        if prompt_id is None or not self._is_first(str(user_id), prompt_id):
            return

        def draw() -> Message | None:
            prompt = prompts.get(self._db, prompt_id)
            if not prompt.is_open or prompt.policy_fault is not None:
                return None
            actor = self._people.actor({"user": {"id": user_id}})
            if self._desk.answerable_by(actor, [prompt])[0]:
                return nudge(prompt, self._people.mentions(prompt, ask=False), what, may_answer=True)
            # Nobody learns here of a prompt that they may not see: the card is in front of them.
            visible, _ = self._desk.visible_to(actor, [prompt])
            has_voted = prompt.ballot.vote_of(actor.id) is not None
            return nudge(prompt, {}, what, may_answer=False) if visible and not has_voted else None

        self._responses.whisper(str(user_id), str(channel), str(ts), draw)

    def _is_first(self, user_id: str, prompt_id: str) -> bool:
        with self._lock:
            if (user_id, prompt_id) in self._nudged:
                return False
            self._nudged[user_id, prompt_id] = None
            while len(self._nudged) > MAX_REMEMBERED:
                self._nudged.popitem(last=False)
            return True


def looks_like_an_answer(text: str) -> bool:
    """Whether a reply is a short yes or no, such as `lgtm` or `✅`. A question is none."""
    said = text.strip()
    return len(said) <= _LONGEST and "?" not in said and _WORDS.match(said) is not None
