"""`signoff simulate`: how the prompts of the past would have gone under another policy."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from signoff.bot.cli import options
from signoff.bot.cli.logs import log_to_stderr

if TYPE_CHECKING:
    from signoff.flows.approval.approvers import Directory
    from signoff.flows.approval.defaults import DefaultPolicies
    from signoff.flows.approval.what_if import Ending, WhatIf
    from signoff.store.database import Database

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DEFAULT_SINCE = "90d"
_MAX_SHOWN = 30
_MAX_DOUBTS = 5


def _ago(_ctx: click.Context, _param: click.Parameter, value: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", value)
    if found is None:
        raise click.BadParameter(f"{value!r} is no length of time. Write 12h, 90d or 4w.")
    return int(found[1]) * _UNITS[found[2]]


@click.command()
@click.option(
    "--policy",
    "file",
    metavar="FILE.toml",
    required=True,
    type=click.Path(path_type=Path),
    help="The other policies, in a file like signoff.toml. What it does not set stays as it was.",
)
@click.option(
    "--since",
    metavar="90d",
    default=_DEFAULT_SINCE,
    show_default=True,
    callback=_ago,
    help="How far back: a number of hours (h), days (d) or weeks (w).",
)
@click.option("--flow", metavar="NAME", help="Only the prompts of this flow.")
@options.as_json
def simulate(file: Path, since: timedelta, flow: str | None, as_json: bool) -> None:
    """Show how the prompts of the past would have gone under another policy.

    It goes by the ledger: whoever answered then is taken to answer at the same moment with the same values, and nobody
    else is. Nothing is changed, and nobody is asked.
    """
    from signoff.bot.cli.as_json import print_json
    from signoff.bot.cli.database import existing
    from signoff.bot.cli.failures import CommandFailed
    from signoff.flows.policy_file import read_policies

    log_to_stderr()
    policies = read_policies(file)
    with existing() as db, _directory() as directory:
        found = list(_all(db, directory, policies, since=since, flow=flow))
    if not found:
        asked = "Nothing was asked" if flow is None else f"The flow {flow!r} asked nothing"
        raise CommandFailed(f"{asked} in that time.")
    if absent := sorted({*policies.flows} - {each.prompt.flow for each in found}):
        click.echo(f"Nothing was asked in that time by {', '.join(absent)}, which {file} has a policy for.", err=True)
    if as_json:
        print_json([_as_json(each) for each in found])
    else:
        _print(found)


def _all(
    db: "Database", directory: "Directory", policies: "DefaultPolicies", *, since: timedelta, flow: str | None
) -> "Iterator[WhatIf]":
    """Each prompt, oldest first."""
    from signoff.flows.approval.policy import merged
    from signoff.flows.approval.what_if import what_if
    from signoff.store import ledger
    from signoff.store.prompts.prompts import opened_since

    now = db.now()
    page = opened_since(db, now - since, flow=flow)
    while page:
        for prompt in page:
            if prompt.policy_fault is None:
                other = merged(policies.of(prompt.flow), prompt.policy)
                yield what_if(prompt, ledger.lines(db, prompt.id), other, directory, now=now)
        page = opened_since(db, now - since, flow=flow, after=page[-1])


@contextmanager
def _directory() -> "Iterator[Directory]":
    """Slack, if there is a token for it; otherwise what is known without it."""
    from signoff.bot.cli.doctor_checks import lookups_of
    from signoff.bot.connection.directory import SlackDirectory
    from signoff.bot.settings import Settings
    from signoff.flows.approval.approvers import StatedNames
    from signoff.flows.settings import load

    with lookups_of(load(Settings)) as lookups:
        yield StatedNames() if lookups is None else SlackDirectory(lookups)


def _print(found: "Sequence[WhatIf]") -> None:
    from signoff.bot.cli.as_text import print_table, question, short

    print_table(
        ("FLOW", "PROMPTS", "OTHERWISE", "UNDECIDED", "MEDIAN TIME", "WOULD BE", "REMINDERS", "WOULD BE"),
        [_summary(flow, [each for each in found if each.prompt.flow == flow]) for flow in _flows(found)],
        empty="",
    )
    if others := [each for each in found if each.ends_otherwise or each.problem]:
        click.echo()
        print_table(
            ("ID", "QUESTION", "WAS", "WOULD BE", "WHY"),
            (
                (short(each.prompt.id), question(each.prompt), _ended(each.was), _ended(each.would_be), _why(each))
                for each in others[:_MAX_SHOWN]
            ),
            empty="",
        )
        if len(others) > _MAX_SHOWN:
            click.echo(f"And {len(others) - _MAX_SHOWN} more; --json has them all.")
    if doubts := list(dict.fromkeys(doubt for each in found for doubt in each.doubts)):
        click.echo("\nNot known, and taken for a yes:")
        for doubt in doubts[:_MAX_DOUBTS]:
            click.echo(f"  {doubt}")
        if len(doubts) > _MAX_DOUBTS:
            click.echo(f"  And {len(doubts) - _MAX_DOUBTS} more; --json has them all.")


def _flows(found: "Sequence[WhatIf]") -> list[str]:
    return sorted({each.prompt.flow for each in found})


def _summary(flow: str, found: "Sequence[WhatIf]") -> tuple[str, ...]:
    return (
        flow,
        str(len(found)),
        str(sum(each.ends_otherwise for each in found)),
        str(sum(each.would_be.outcome is None for each in found)),
        _median([each.was.at - each.prompt.opened_at for each in found if each.was.at is not None]),
        _median([each.would_be.at - each.prompt.opened_at for each in found if each.would_be.at is not None]),
        str(sum(each.prompt.reminders_sent for each in found)),
        str(sum(each.reminders for each in found)),
    )


def _median(durations: Sequence[timedelta]) -> str:
    from statistics import median

    from signoff.bot.blockkit.markup import span

    return span(timedelta(seconds=median(each.total_seconds() for each in durations))) if durations else ""


def _ended(ending: "Ending") -> str:
    from signoff.bot.cli.as_text import values_as_text

    if ending.outcome is None:
        return "open"
    answer = f": {values_as_text(ending.answer)}" if ending.answer else ""
    return f"{ending.outcome.replace('_', ' ')}{answer}"


def _why(each: "WhatIf") -> str:
    if each.problem:
        return f"nobody could be asked: {each.problem}"
    if each.ignored:
        return f"{', '.join(each.ignored)} may not answer"
    if each.would_be.outcome is None:
        return "the answers that came are not enough"
    later = each.later
    return "" if not later else "it would have ended later" if later > timedelta(0) else "it would have ended earlier"


def _as_json(each: "WhatIf") -> dict[str, object]:
    def moment(at: datetime | None) -> str | None:
        return None if at is None else at.isoformat()

    def ending(end: "Ending") -> dict[str, object]:
        return {"outcome": end.outcome, "at": moment(end.at), "answer": end.answer}

    return {
        "prompt_id": each.prompt.id,
        "flow": each.prompt.flow,
        "opened_at": moment(each.prompt.opened_at),
        "asked": list(each.named),
        "was": ending(each.was),
        "would_be": ending(each.would_be),
        "ends_otherwise": each.ends_otherwise,
        "reminders": each.prompt.reminders_sent,
        "reminders_would_be": each.reminders,
        "ignored": list(each.ignored),
        "doubts": list(each.doubts),
        "problem": each.problem or None,
    }
