"""The lists of prompts that a person may see: they type `/approvals`, and turn the pages with buttons."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from slack_bolt import Ack, App

from signoff.bot.blockkit.blocks import Message, context, plain_text
from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.people import People
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.approvals_list import approvals_list
from signoff.bot.surfaces.listings import Listing
from signoff.flows.approval.approvers import NameKind, Person
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

Select = Callable[[Sequence[Prompt]], tuple[list[Prompt], bool]]
"""Picks those of some prompts that belong into a list, and says whether that is known of all of them."""


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
        """A press on "Back" or "Next". What it says of a list is a claim: they see what they may see."""
        listing, page = Listing.read(str(body["actions"][0].get("value")))

        def draw() -> Message:
            return self.page(self._people.actor(body), listing, page, within=MAX_SECONDS_OF_PAGE)

        self._responses.replace(body, draw, "Slack could not turn the page. Type `/approvals` again.")
        ack()

    def page(self, actor: Actor, listing: Listing, page: int, *, within: float = MAX_SECONDS) -> Message:
        """One page of a list, the last one if there are fewer.

        Args:
            within: Seconds after which no further prompt is looked at.
        """
        found, is_complete, are_all = self.find(actor, listing, within=within)
        message = approvals_list(found, self._db.now(), listing, page=page, are_all=are_all)
        if is_complete:
            return message
        return Message(f"{message.text} {UNVERIFIED}", [*message.blocks, context(plain_text(UNVERIFIED))])

    def find(self, actor: Actor, listing: Listing, *, within: float) -> tuple[list[Prompt], bool, bool]:
        """The prompts in a person's list, whether that is known of all that were looked at, and whether all were.

        Args:
            within: Seconds after which no further prompt is looked at.
        """
        self._directory.prepare(actor)
        read_more = partial(prompts.pending, self._db, limit=READ_AT_ONCE, **self._filter(actor, listing))
        select = self._selection(actor, listing)
        found: list[Prompt] = []
        is_complete, read = True, read_more()
        give_up_at = time.monotonic() + within
        while read:
            if time.monotonic() > give_up_at:
                return found, is_complete, False
            selected, is_known = select(read)
            found, is_complete = [*found, *selected], is_complete and is_known
            is_last = len(read) < READ_AT_ONCE
            read = [] if is_last else read_more(after=read[-1])
        return found, is_complete, True

    def _selection(self, actor: Actor, listing: Listing) -> Select:
        match listing.name:
            case "list":
                return partial(self._desk.answerable_by, actor)
            case "mine":
                return lambda found: self._desk.answerable_by(
                    actor, [each for each in found if not each.policy_fault and each.policy.named]
                )
            case _:
                return partial(self._desk.visible_to, actor)

    def _filter(self, actor: Actor, listing: Listing) -> dict[str, Any]:
        """What of a list the database can tell, so that no others are read."""
        match listing.name:
            case "asked":
                return {"requesters": self.names_of(actor)}
            case "overdue":
                return {"overdue_at": self._db.now()}
            case "flow":
                return {"flow": listing.flow}
            case _:
                return {}

    def names_of(self, actor: Actor) -> list[str]:
        """The names of a person by which a requester is known for sure: the id, and the e-mail address."""
        person = self._directory.person(actor.id)
        names = person.names if isinstance(person, Person) else ()
        return [actor.id, *(name for name in names if NameKind.of(name) is NameKind.EMAIL)]
