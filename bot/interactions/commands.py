"""The slash command `/approvals` and its sub-commands, `/approvals NAME`.

A new sub-command is a `SubCommand` in the tuple that `sub_commands` returns.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App

from signoff.bot.blockkit.blocks import Message, mrkdwn, section
from signoff.bot.blockkit.markup import code
from signoff.bot.connection.people import People
from signoff.bot.interactions.approvals import Approvals, page_in
from signoff.store.records.actors import Actor

COMMAND = "/approvals"


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


def sub_commands(approvals: Approvals) -> tuple[SubCommand, ...]:
    """The sub-commands. The first one runs if no name is typed."""
    return (
        SubCommand(
            "list",
            "list the prompts that are waiting for an answer; a number is a page of the list",
            lambda typed: approvals.page(typed.actor, page_in(typed.argument)),
        ),
    )


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
