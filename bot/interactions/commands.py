"""The slash command `/approvals` and its sub-commands, `/approvals NAME`.

A new sub-command is a `SubCommand` in the tuple that `sub_commands` returns.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App

from signoff.bot.blockkit.blocks import Message, mrkdwn, section
from signoff.bot.blockkit.markup import code
from signoff.bot.surfaces.approvals_list import approvals_list
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.prompts import prompts

COMMAND = "/approvals"

_MAX_DIGITS = 6

MAX_PENDING = 100
"""How many pending prompts are read for the list."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command that a person typed.

    Attributes:
        argument: What follows the sub-command's name.
    """

    user_id: str
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


def sub_commands(db: Database) -> tuple[SubCommand, ...]:
    """The sub-commands. The first one runs if no name is typed."""

    def pending(invocation: Invocation) -> Message:
        pending = prompts.pending(db, limit=MAX_PENDING)
        # A policy that cannot be read may say who must not see the prompt.
        return approvals_list(
            [prompt for prompt in pending if prompt.policy_fault is None], now(), page=_page_in(invocation.argument)
        )

    return (
        SubCommand("list", "list the prompts that are waiting for an answer; a number is a page of the list", pending),
    )


def _page_in(argument: str) -> int:
    """The number of the page that was typed; the first page if it is no number."""
    return int(argument) if argument.isdecimal() and len(argument) < _MAX_DIGITS else 1


class Commands:
    """Finds the sub-command that a person typed, and runs it."""

    def __init__(self, commands: Sequence[SubCommand]) -> None:
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
            message = command.run(Invocation(str(body["user_id"]), str(body["channel_id"]), argument.strip()))
        ack(text=message.text, blocks=message.blocks, response_type="ephemeral")

    def _help(self, *, unknown: str = "") -> Message:
        intro = f"{COMMAND} has no sub-command {code(unknown, 80)}. These exist:" if unknown else "Sub-commands:"
        lines = [f"• {code(f'{COMMAND} {command.name}')}: {command.help}" for command in self._by_name.values()]
        text = "\n".join([intro, *lines])
        return Message(text, [section(mrkdwn(text))])
