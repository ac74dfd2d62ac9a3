"""Commands about prompts: list the open ones, and show what happened to one."""

from typing import TYPE_CHECKING, Any

import click

from signoff.bot.cli import options
from signoff.bot.cli.logs import log_to_stderr

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.store.database import Database
    from signoff.store.records.ledger import LedgerLine
    from signoff.store.records.prompts import Prompt


@click.command()
@options.as_json
def pending(as_json: bool) -> None:
    """List the prompts that wait for an answer, oldest first."""
    from signoff.bot.cli.as_json import pending_as_json, print_json
    from signoff.bot.cli.as_text import ago, print_table, question, short, until
    from signoff.bot.cli.database import existing

    log_to_stderr()
    with existing() as db:
        prompts, moment = _every_pending(db), db.now()
    if as_json:
        print_json([pending_as_json(each) for each in prompts])
        return
    print_table(
        ("ID", "QUESTION", "OPENED", "TIMES OUT", "APPROVERS", "ASSIGNED TO", "VOTES", "FLOW", "RUN"),
        (
            (
                short(each.id),
                question(each),
                ago(each.opened_at, moment),
                "overdue" if each.is_overdue else until(each.deadline, moment),
                _approvers(each),
                _assignee(each, moment),
                _tally(each),
                each.flow,
                each.run_name,
            )
            for each in prompts
        ),
        empty="No prompt is waiting for an answer.",
    )


@click.command()
@click.argument("named", metavar="PROMPT|RUN")
@options.as_json
def history(named: str, as_json: bool) -> None:
    """Show everything that happened to a prompt, or to all prompts of a run, oldest first.

    PROMPT is its id, or the beginning of its id. RUN is its name, its id, or the beginning of its id.
    """
    from signoff.bot.blockkit.markup import utc
    from signoff.bot.cli.as_json import ledger_line_as_json, print_json
    from signoff.bot.cli.as_text import print_table, short, values_as_text
    from signoff.bot.cli.database import existing, run_and_prompts
    from signoff.bot.surfaces.ledger_words import in_words
    from signoff.store.audit import check
    from signoff.store.ledger import lines

    log_to_stderr()
    with existing() as db:
        prompts = run_and_prompts(db, named)[1]
        checked = [check(db, each.id) for each in prompts]
        found = [line for each in checked if each.can_be_read for line in lines(db, each.prompt_id)]
    if as_json:
        print_json([ledger_line_as_json(line) for line in found])
    else:
        print_table(
            ("PROMPT", "AT", "EVENT", "WHO", "DETAIL"),
            (
                (short(line.prompt_id), utc(line.at), in_words(line.event), _who(line), values_as_text(_rest(line)))
                for line in sorted(found, key=lambda line: line.at)
            ),
            empty="This run has not asked anything." if not prompts else "There is no line that can be read.",
        )
    for each in checked:
        for fault in each.faults:
            click.echo(f"The ledger of prompt {short(each.prompt_id)} is not as it was written: {fault}", err=True)


def _approvers(prompt: "Prompt") -> str:
    if prompt.policy_fault is not None:
        return "nobody in this version, see `signoff doctor`"
    return ", ".join(prompt.policy.named) or "anyone in the channel"


def _assignee(prompt: "Prompt", now: "datetime") -> str:
    from signoff.bot.cli.as_text import ago

    assignee, since = prompt.assignment.assignee, prompt.assignment.since
    return "" if assignee is None or since is None else f"{assignee.name}, {ago(since, now)}"


def _tally(prompt: "Prompt") -> str:
    from signoff.bot.surfaces.tally import in_short

    return "" if prompt.policy_fault is not None else in_short(prompt)


def _who(line: "LedgerLine") -> str:
    """The person's name, which the ledger keeps beside the id, and who claims that it was this person."""
    name = str(line.detail.get("name") or line.actor or "")
    return f"{name} ({claim})" if (claim := line.detail.get("claim")) else name


def _rest(line: "LedgerLine") -> dict[str, Any]:
    return {name: value for name, value in line.detail.items() if name not in ("name", "claim")}


def _every_pending(db: "Database") -> "list[Prompt]":
    from signoff.store.prompts.prompts import pending

    found = page = pending(db)
    while page:
        page = pending(db, after=page[-1])
        found = [*found, *page]
    return found
