"""`/approvals show` and `/approvals history`: one prompt, to whoever may see it."""

from dataclasses import dataclass

from signoff.bot.blockkit.blocks import Message, mrkdwn, section
from signoff.bot.blockkit.markup import code, escape
from signoff.bot.connection.people import People
from signoff.bot.forms import FormError
from signoff.bot.surfaces.cards import card
from signoff.bot.surfaces.history import history_message
from signoff.flows.approval.desk import Desk
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt

_TYPED = 80
_MEANT = 8
"""How many characters somebody types who means one prompt, so that the ledger tells of it. It is how ids are shown."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why a person gets to see no prompt, as mrkdwn. Whether there is one that they may not see is not said."""

    text: str


class Showing:
    """Shows one prompt in a message that only the person who asked for it sees."""

    def __init__(self, db: Database, desk: Desk, people: People) -> None:
        self._db = db
        self._desk = desk
        self._people = people

    def show(self, actor: Actor, named: str) -> Message:
        """The card of a prompt, with its buttons."""
        prompt = self._find(actor, named, "show")
        if isinstance(prompt, NotFound):
            return message(prompt.text)
        try:
            return card(prompt, self._people.mentions(prompt, ask=False))
        except FormError as error:
            return message(f"This cannot be shown in Slack: {escape(str(error))}")

    def history(self, actor: Actor, named: str) -> Message:
        """What happened to a prompt."""
        prompt = self._find(actor, named, "history")
        if isinstance(prompt, NotFound):
            return message(prompt.text)
        return history_message(prompt, ledger.lines(self._db, prompt.id))

    def _find(self, actor: Actor, named: str, command: str) -> Prompt | NotFound:
        """The prompt that a person names by the beginning of its id, or the newest one of the run that they name."""
        if not named:
            return NotFound(f"Which prompt? Type {code(f'/approvals {command} 1f0c2a9e')}: each row of a list ends so.")
        found = prompts.find(self._db, named)
        visible, is_known = self._desk.visible_to(actor, found)
        by_id = [each for each in visible if each.id.startswith(named.lower())]
        if len(by_id) > 1:
            return NotFound(f"More than one prompt begins with {code(named, _TYPED)}. Type more characters of its id.")
        if visible:
            return (by_id or visible)[0]
        if len(named) >= _MEANT:
            for each in found:
                if not (each.is_open and each.policy_fault):
                    self._desk.may_read(each, actor)
        if not is_known:
            return NotFound("Slack did not say whether you may see this prompt. Try again in a moment.")
        return NotFound(
            f"There is no prompt {code(named, _TYPED)} that you may see. `/approvals all` lists those that you may."
        )


def message(text: str) -> Message:
    """A message that is one paragraph of mrkdwn."""
    return Message(text, [section(mrkdwn(text))])
