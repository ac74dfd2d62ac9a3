"""`signoff answer`: a submission from the command line, under the same rules as one from Slack."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from signoff.bot.cli import options
from signoff.bot.cli.failures import CommandFailed, WrongUsage
from signoff.bot.cli.logs import log_to_stderr

if TYPE_CHECKING:
    from signoff.flows.approval.replies import AlreadySettled, Refused, Reply, Undone
    from signoff.store.records.actors import Actor
    from signoff.store.records.prompts import Prompt


@click.command()
@click.argument("prompt")
@click.option(
    "--set",
    "sets",
    metavar="FIELD=VALUE",
    multiple=True,
    help="Set a field: to text if it is a text field, to JSON otherwise, to @PATH for a file. Repeatable.",
)
@click.option("--values", metavar="JSON", help="Set fields from a JSON object.")
@click.option("--reject", is_flag=True, help="Reject the prompt. Requires --reason.")
@click.option("--reason", metavar="TEXT", help="Why you reject it.")
@click.option("--confirm", metavar="WORD", help="What the prompt wants typed before a yes counts.")
@click.option("--undo", is_flag=True, help="Take your answer back, as long as the policy lets you.")
@options.who
@options.as_json
def answer(
    prompt: str,
    sets: Sequence[str],
    values: str | None,
    reject: bool,
    reason: str | None,
    confirm: str | None,
    undo: bool,
    who: str | None,
    as_json: bool,
) -> None:
    """Answer a prompt, or reject it.

    PROMPT is the prompt's id, or the beginning of it. Fields that you do not set keep their initial values.

    Exits with 1 if the answer does not count: because it is not valid, because you may not answer, or because someone
    else has answered already.
    """
    _check(reject, reason, gives_values=bool(sets) or values is not None, confirms=confirm is not None)
    if undo and (reject or sets or values is not None or confirm is not None):
        raise WrongUsage("--undo cannot be combined with an answer.")
    from signoff.bot.cli.actors import actor, refusal
    from signoff.bot.cli.arguments import submission
    from signoff.bot.cli.as_json import print_json, settled_as_json
    from signoff.bot.cli.as_text import outcome_as_text, value_as_text
    from signoff.bot.cli.database import existing
    from signoff.bot.surfaces.question import asked_by
    from signoff.bot.surfaces.tally import in_short
    from signoff.flows.approval.desk import Desk
    from signoff.store.prompts.prompts import get

    log_to_stderr()
    person = actor(who)
    why_not = refusal(person, answers=True)
    with existing() as db:
        desk = Desk(db)
        found = get(db, prompt)
        if why_not:
            desk.note_refusal(found, person, via="cli", reason=why_not)
            raise CommandFailed(why_not)
        if undo:
            _print_undone(desk.undo(found.id, person, via="cli"), person, as_json=as_json)
            return
        if reject:
            reply = desk.reject(found.id, person, reason or "", via="cli")
        else:
            given = submission(found, sets, values)
            reply = desk.submit(found.id, person, given, via="cli", confirmation=confirm or "")
    settled = _settled(reply, person)
    if as_json:
        print_json(settled_as_json(settled))
    else:
        told = f"your vote counts: {in_short(settled)}" if settled.is_open else outcome_as_text(settled)
        click.echo(f"{value_as_text(asked_by(settled).question)}: {told}")


def _print_undone(reply: "Undone | AlreadySettled | Refused", person: "Actor", *, as_json: bool) -> None:
    """Print that a prompt is open again. Raises `CommandFailed` if it is not."""
    from signoff.bot.cli.as_json import print_json, settled_as_json
    from signoff.bot.cli.as_text import value_as_text
    from signoff.bot.surfaces.question import asked_by
    from signoff.flows.approval.replies import Undone

    if not isinstance(reply, Undone):
        _settled(reply, person)
    elif as_json:
        print_json(settled_as_json(reply.prompt))
    else:
        click.echo(f"{value_as_text(asked_by(reply.prompt).question)}: undone, and open again")


def _check(reject: bool, reason: str | None, *, gives_values: bool, confirms: bool) -> None:
    """Raises `WrongUsage` if the options contradict each other."""
    if reject and gives_values:
        raise WrongUsage("--reject cannot be combined with --set or --values.")
    if reject and confirms:
        raise WrongUsage("--reject cannot be combined with --confirm: only a yes has to be confirmed.")
    if reject and reason is None:
        raise WrongUsage("--reject requires --reason.")
    if reason is not None and not reject:
        raise WrongUsage("--reason can only be used with --reject.")


def _settled(reply: "Reply", person: "Actor") -> "Prompt":
    """The prompt that this answer has settled, or counts for. Raises `CommandFailed` if it does not count."""
    from signoff.bot.cli.as_text import outcome_as_text
    from signoff.flows.approval.replies import (
        AlreadySettled,
        Counted,
        Invalid,
        Refused,
        Settled,
        Unconfirmed,
        Unverified,
    )

    match reply:
        case Settled(prompt) | Counted(prompt, _):
            return prompt
        case AlreadySettled(prompt):
            raise CommandFailed(f"Already {outcome_as_text(prompt)}")
        case Refused(reason=reason) if reason:
            raise CommandFailed(reason)
        case Refused():
            raise CommandFailed(
                f"{person.id} may not answer this prompt. It can be answered by {', '.join(reply.may)}."
            )
        case Unverified(prompt, reason):
            raise CommandFailed(
                f"The command line cannot tell whether {person.id} may answer this prompt. "
                f"It can be answered by {', '.join(prompt.policy.named) or 'the members of its channel'}.",
                f"{reason} Answer in Slack, or use --as with the name that the policy has for you.",
            )
        case Unconfirmed(prompt):
            raise CommandFailed(f"A yes has to be confirmed: add --confirm {shlex.quote(prompt.policy.word)}")
        case Invalid(_, errors):
            raise CommandFailed(*map(str, errors))
