"""The list of prompts that a person may see: they type `/approvals`, and turn its pages with buttons."""

import time

from slack_bolt import Ack, App

from signoff.bot.blockkit.blocks import Message, context, plain_text
from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.people import People
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.approvals_list import approvals_list
from signoff.flows.approval.desk import Desk
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt

READ_AT_ONCE = 100
"""How many pending prompts are read at once."""

MAX_SECONDS = 1.5
"""How long prompts are looked at while an ack waits for the list. Slack drops an ack after 3 s."""

MAX_SECONDS_OF_PAGE = 15.0
"""The same for a page that was turned, which no ack waits for."""

UNVERIFIED = "Not everything could be checked in time, so prompts may be missing here. Try again in a moment."

_MAX_DIGITS = 6


class Approvals:
    """Lists the pending prompts that a person may see, the oldest first."""

    def __init__(
        self, db: Database, desk: Desk, directory: SlackDirectory, people: People, responses: Responses
    ) -> None:
        self._db = db
        self._desk = desk
        self._directory = directory
        self._people = people
        self._responses = responses

    def register(self, app: App) -> None:
        """Have `app` call the listener."""
        app.action(action_ids.LIST)(self.turn)

    def turn(self, ack: Ack, body: Body) -> None:
        """A press on "Back" or "Next". What it says of a page is a claim: they see what they may see."""
        page = page_in(str(body["actions"][0].get("value")))

        def draw() -> Message:
            return self.page(self._people.actor(body), page, within=MAX_SECONDS_OF_PAGE)

        self._responses.replace(body, draw, "Slack could not turn the page. Type `/approvals` again.")
        ack()

    def page(self, actor: Actor, page: int, *, within: float = MAX_SECONDS) -> Message:
        """One page of the list, the last one if there are fewer.

        Args:
            within: Seconds after which no further prompt is looked at.
        """
        self._directory.prepare(actor)
        found, is_complete, are_all = self._visible(actor, within)
        message = approvals_list(found, self._db.now(), page=page, are_all=are_all)
        if is_complete:
            return message
        return Message(f"{message.text} {UNVERIFIED}", [*message.blocks, context(plain_text(UNVERIFIED))])

    def _visible(self, actor: Actor, within: float) -> tuple[list[Prompt], bool, bool]:
        """The pending prompts that a person may see, whether that is known of all that were looked at, and whether all
        were looked at.
        """
        found: list[Prompt] = []
        is_complete, read = True, prompts.pending(self._db, limit=READ_AT_ONCE)
        give_up_at = time.monotonic() + within
        while read:
            if time.monotonic() > give_up_at:
                return found, is_complete, False
            visible, is_known = self._desk.visible_to(actor, read)
            found, is_complete = [*found, *visible], is_complete and is_known
            is_last = len(read) < READ_AT_ONCE
            read = [] if is_last else prompts.pending(self._db, limit=READ_AT_ONCE, after=read[-1])
        return found, is_complete, True


def page_in(claimed: str) -> int:
    """The number of a page; the first page if it is not a number."""
    return int(claimed) if claimed.isascii() and claimed.isdecimal() and len(claimed) < _MAX_DIGITS else 1
