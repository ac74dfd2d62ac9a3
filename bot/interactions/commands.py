"""The slash command `/approvals` and its sub-commands, `/approvals NAME`.

A new sub-command is a `SubCommand` in the tuple that `sub_commands` returns.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slack_bolt import Ack, App

from signoff.bot.blockkit.blocks import Message, mrkdwn, section
from signoff.bot.blockkit.markup import code
from signoff.bot.connection.people import People
from signoff.bot.interactions.approvals import Approvals
from signoff.bot.interactions.showing import Showing, message
from signoff.bot.surfaces.listings import Listing, ListName, page_in
from signoff.store.records.actors import Actor

COMMAND = "/approvals"

_TYPED = 80


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command that a person typed.

    Attributes:
        actor: The person.
        argument: What follows the sub-command's name.
        body: The payload, with the `trigger_id` that opens a modal.
    """

    actor: Actor
    channel_id: str
    argument: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubCommand:
    """One sub-command.

    Attributes:
        help: What it does, in one line for the help.
        run: Returns the response, which only the person who typed the command sees; `None` if it opens a modal.
        takes: What follows its name, for the help: `FLOW`.
    """

    name: str
    help: str
    run: Callable[[Invocation], Message | None]
    takes: str = ""


def sub_commands(approvals: Approvals, showing: Showing) -> tuple[SubCommand, ...]:
    """The sub-commands. The first one runs if no name is typed."""
    return (
        _listing(approvals, "list", "list the prompts that wait for your answer"),
        _listing(approvals, "all", "list every open prompt that you may see"),
        _listing(approvals, "mine", "list those that ask for you by name, or for a group that you are in"),
        _listing(approvals, "asked", "list those that you have requested"),
        _listing(approvals, "overdue", "list those whose deadline has passed, or that somebody was reminded of"),
        SubCommand("flow", "list the open prompts of a flow", lambda typed: _of_flow(approvals, typed), "FLOW"),
        SubCommand(
            "show",
            "show a prompt with its buttons; type the beginning of its id, or the name of its run",
            lambda typed: showing.show(typed.actor, typed.argument),
            "PROMPT",
        ),
        SubCommand(
            "history",
            "show what happened to a prompt",
            lambda typed: showing.history(typed.actor, typed.argument),
            "PROMPT",
        ),
    )


def _listing(approvals: Approvals, name: ListName, help_: str) -> SubCommand:
    def run(typed: Invocation) -> Message:
        page = page_in(typed.argument) if typed.argument else 1
        if page is None:
            second = code(f"{COMMAND} {name} 2")
            return message(f"{code(typed.argument, _TYPED)} is not the number of a page. The second one is {second}.")
        return approvals.page(typed.actor, Listing(name), page)

    return SubCommand(name, help_, run, "[PAGE]")


def _of_flow(approvals: Approvals, typed: Invocation) -> Message:
    if not typed.argument:
        return message(f"Which flow? Type its name, as in {code(f'{COMMAND} flow shirt-order')}.")
    return approvals.page(typed.actor, Listing("flow", typed.argument), 1)


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
            response: Message | None = self._help(unknown="" if name.lower() == "help" else name)
        else:
            typed = Invocation(self._people.actor(body), str(body["channel_id"]), argument.strip(), body)
            response = command.run(typed)
        if response is None:
            ack()
        else:
            ack(text=response.text, blocks=response.blocks, response_type="ephemeral")

    def _help(self, *, unknown: str = "") -> Message:
        intro = f"{COMMAND} has no sub-command {code(unknown, _TYPED)}. These exist:" if unknown else "Sub-commands:"
        lines = [
            f"• {code(f'{COMMAND} {command.name} {command.takes}')}: {command.help}"
            for command in self._by_name.values()
        ]
        text = "\n".join([intro, *lines])
        return Message(text, [section(mrkdwn(text))])
