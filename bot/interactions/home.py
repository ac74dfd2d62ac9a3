"""App Home: Slack says that somebody opens theirs, and it is drawn for them."""

from collections.abc import Callable

from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.people import People
from signoff.bot.delivery.homes import DrawnHome
from signoff.bot.interactions.approvals import Approvals
from signoff.bot.interactions.events import Event, Events
from signoff.bot.surfaces.home import MAX_DECIDED, Home, home_view
from signoff.bot.surfaces.listings import Listing
from signoff.flows.approval.desk import Desk
from signoff.flows.schema.slack_ids import is_user_id
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt

MAX_SECONDS = 15.0
"""How long prompts are looked at for one Home. Nobody's press waits for it."""


class AppHome:
    """Says what is on a person's Home.

    Args:
        may_start: Whether somebody may start runs of any flow.
    """

    def __init__(
        self,
        db: Database,
        desk: Desk,
        directory: SlackDirectory,
        people: People,
        approvals: Approvals,
        may_start: Callable[[Actor], bool],
    ) -> None:
        self._db = db
        self._desk = desk
        self._directory = directory
        self._people = people
        self._approvals = approvals
        self._may_start = may_start

    def draw(self, user_id: str) -> DrawnHome:
        """The Home of the person with this id. They see on it what they may see."""
        actor = self._people.actor({"user": {"id": user_id}})
        waiting, is_known, are_all = self._approvals.find(actor, Listing("list"), within=MAX_SECONDS)
        asked, is_known_too, are_all_too = self._approvals.find(actor, Listing("asked"), within=MAX_SECONDS)
        decided = prompts.decided_lately(self._db, actor.id, self._approvals.names_of(actor), limit=MAX_DECIDED)
        visible, _ = self._desk.visible_to(actor, decided)
        home = Home(
            waiting=[each for each in waiting if not _has(actor, each)],
            claimed=[each for each in waiting if _has(actor, each)],
            asked=asked,
            decided=visible,
            is_complete=is_known and is_known_too and are_all and are_all_too,
            may_start=self._may_start(actor),
        )
        return DrawnHome(home_view(home), home.shown, home.is_complete)

    def concerned(self, prompt: Prompt) -> frozenset[str] | None:
        """The ids of the people whose Homes a prompt may be on; `None` if it may be anybody's."""
        return self._directory.concerned(prompt, cards.places(self._db, [prompt.id])[prompt.id])


class HomeOpenings:
    """Hears who opens their Home.

    Args:
        opened: Called with the id of the person.
    """

    def __init__(self, opened: Callable[[str], None]) -> None:
        self._opened = opened

    def register(self, events: Events) -> None:
        """Have `events` call it."""
        events.on("app_home_opened", self.handle)

    def handle(self, event: Event) -> None:
        """Somebody opens their App Home, at one of its tabs."""
        user_id = event.fields.get("user")
        if event.fields.get("tab") == "home" and is_user_id(user_id):
            self._opened(str(user_id))


def _has(actor: Actor, prompt: Prompt) -> bool:
    """Whether somebody has taken a prompt on."""
    assignee = prompt.assignment.assignee
    return assignee is not None and assignee.id == actor.id
