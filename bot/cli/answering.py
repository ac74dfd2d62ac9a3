"""`signoff answer`: a submission from the command line, which takes the same way as one from Slack."""

from typing import TYPE_CHECKING, Annotated

import typer

from signoff.bot.cli.failures import CommandFailed, WrongUsage
from signoff.bot.cli.logs import log_to_stderr
from signoff.bot.cli.options import AsJson, PromptId, Who

if TYPE_CHECKING:
    from signoff.flows.approval.desk import Reply
    from signoff.store.records import Actor, Prompt

Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="A value: text, or JSON where the field is no text."),
]
Values = Annotated[str | None, typer.Option("--values", metavar="JSON", help="Values as a JSON object.")]
Reject = Annotated[bool, typer.Option("--reject", help="Say no. It needs a --reason.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why it is rejected.")]


def answer(
    prompt: PromptId,
    sets: Sets = None,
    values: Values = None,
    reject: Reject = False,
    reason: Reason = None,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Answer a prompt: with the values shown, changed where you say so, or with a no.

    Exits with 1 when the answer does not count: it does not fit, you may not answer, or the prompt is settled.
    """
    _check(reject, reason, gives_values=bool(sets) or values is not None)
    from signoff.bot.cli.actors import actor
    from signoff.bot.cli.arguments import submission
    from signoff.bot.cli.as_json import print_json, settled_as_json
    from signoff.bot.cli.as_text import outcome_as_text, value_as_text
    from signoff.bot.cli.database import existing
    from signoff.flows.approval.desk import Desk
    from signoff.store.prompts.prompts import get

    log_to_stderr()
    person = actor(who)
    with existing() as db:
        desk = Desk(db)
        asked = get(db, prompt)
        if reject:
            reply = desk.reject(asked.id, person, reason or "", via="cli")
        else:
            reply = desk.submit(asked.id, person, submission(asked, sets or [], values), via="cli")
    settled = _counted(reply, person)
    if as_json:
        print_json(settled_as_json(settled))
    else:
        typer.echo(f"{value_as_text(settled.title)}: {outcome_as_text(settled)}")


def _check(reject: bool, reason: str | None, *, gives_values: bool) -> None:
    """Raises `WrongUsage` where the options contradict each other."""
    if reject and gives_values:
        raise WrongUsage("--reject takes no values: leave --set and --values out.")
    if reject and reason is None:
        raise WrongUsage("--reject needs a --reason.")
    if reason is not None and not reject:
        raise WrongUsage("--reason belongs to --reject.")


def _counted(reply: "Reply", person: "Actor") -> "Prompt":
    """The prompt that this answer has settled. Raises `CommandFailed` where it has not."""
    from signoff.bot.cli.as_text import outcome_as_text
    from signoff.flows.approval.desk import AlreadySettled, Invalid, Refused, Settled

    match reply:
        case Settled(prompt):
            return prompt
        case AlreadySettled(prompt):
            raise CommandFailed(f"Already {outcome_as_text(prompt)}")
        case Refused():
            raise CommandFailed(f"{person.id} may not answer; {', '.join(reply.may)} may.")
        case Invalid(_, errors):
            raise CommandFailed(*map(str, errors))
