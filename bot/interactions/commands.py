"""The slash command `/approvals` and its sub-commands, `/approvals NAME`.

A new sub-command is a `SubCommand` in the tuple that `sub_commands` returns.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App

from signoff.bot.blockkit.blocks import Message, context, mrkdwn, plain_text, section
from signoff.bot.blockkit.markup import code
from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.people import People
from signoff.bot.surfaces.approvals_list import approvals_list
from signoff.flows.approval.desk import Desk
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt

COMMAND = "/approvals"

_MAX_DIGITS = 6

MAX_PENDING = 100
"""How many pending prompts that a person may see are read for the list, and how many are read at once."""

MAX_SECONDS = 1.5
"""How long prompts are looked at for the list. Slack drops an ack after 3 s."""

UNVERIFIED = "Not everything could be checked in time, so prompts may be missing here. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command that a person typed.

    Attributes:
        actor: The person.
        argument: What follows the sub-command's name.
    """

    actor: Actor
    channel_id: str
    argument: str


@dataclass(frozen=True, slots=True)
class SubCommand:
    """One sub-command.

    Attributes:
        help: What it does, in one line for the help.
        run: Returns the response, which only the person who typed the command sees.
    """

    name: str
    help: str
    run: Callable[[Invocation], Message]


def sub_commands(db: Database, desk: Desk, directory: SlackDirectory) -> tuple[SubCommand, ...]:
    """The sub-commands. The first one runs if no name is typed."""

    def pending(typed: Invocation) -> Message:
        directory.prepare(typed.actor)
        found, is_complete, are_all = _visible(db, desk, typed.actor)
        message = approvals_list(found, db.now(), page=_page_in(typed.argument), are_all=are_all)
        if is_complete:
            return message
        return Message(f"{message.text} {UNVERIFIED}", [*message.blocks, context(plain_text(UNVERIFIED))])

    return (
        SubCommand("list", "list the prompts that are waiting for an answer; a number is a page of the list", pending),
    )


def _page_in(argument: str) -> int:
    """The number of the page that was typed; the first page if it is not a number."""
    return int(argument) if argument.isdecimal() and len(argument) < _MAX_DIGITS else 1


def _visible(db: Database, desk: Desk, actor: Actor) -> tuple[list[Prompt], bool, bool]:
    """The oldest pending prompts that a person may see, whether that is known of all that were looked at, and whether
    all were looked at.
    """
    found: list[Prompt] = []
    is_complete, page = True, prompts.pending(db, limit=MAX_PENDING)
    give_up_at = time.monotonic() + MAX_SECONDS
    while page and len(found) < MAX_PENDING:
        if time.monotonic() > give_up_at:
            return found, False, False
        visible, is_known = desk.visible_to(actor, page)
        found, is_complete = [*found, *visible], is_complete and is_known
        page = prompts.pending(db, limit=MAX_PENDING, after=page[-1]) if len(page) == MAX_PENDING else []
    return found, is_complete, not page


class Commands:
    """Finds the sub-command that a person typed, and runs it."""

    def __init__(self, commands: Sequence[SubCommand], people: People) -> None:
        self._people = people
        self._default = commands[0]
        self._by_name = {command.name: command for command in commands}

    def register(self, app: App) -> None:
        """Have `app` call the listener."""
        app.command(COMMAND)(self.run)

    def run(self, ack: Ack, body: Mapping[str, Any]) -> None:
        """Run a sub-command. `help`, and a name that does not exist, list them all."""
        name, _, argument = str(body.get("text") or "").strip().partition(" ")
        command = self._by_name.get(name.lower()) if name else self._default
        if command is None:
            message = self._help(unknown="" if name.lower() == "help" else name)
        else:
            message = command.run(Invocation(self._people.actor(body), str(body["channel_id"]), argument.strip()))
        ack(text=message.text, blocks=message.blocks, response_type="ephemeral")

    def _help(self, *, unknown: str = "") -> Message:
        intro = f"{COMMAND} has no sub-command {code(unknown, 80)}. These exist:" if unknown else "Sub-commands:"
        lines = [f"• {code(f'{COMMAND} {command.name}')}: {command.help}" for command in self._by_name.values()]
        text = "\n".join([intro, *lines])
        return Message(text, [section(mrkdwn(text))])
