"""Commands about runs: start them, list them, cancel or retry them, and list what is scheduled."""

import logging
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from typing import TYPE_CHECKING, Any

import click

from signoff.bot.cli import options
from signoff.bot.cli.failures import CommandFailed
from signoff.bot.cli.logs import log_to_stderr

if TYPE_CHECKING:
    from signoff.flows.flow import Flow
    from signoff.store.database import Database
    from signoff.store.records.runs import FlowRun, RunState

_LONGEST_PROBLEM = 2000


def _state(_ctx: click.Context, _param: click.Parameter, value: str | None) -> "RunState | None":
    """The state that `--state` names, in any case. A `click.Choice` would import the records for `signoff --help`."""
    from signoff.store.records.runs import RunState

    if value is None:
        return None
    states = {state.lower(): state for state in RunState}
    if value.lower() not in states:
        raise click.BadParameter(f"{value!r} is not a state. The states are {', '.join(RunState)}.")
    return states[value.lower()]


@click.command()
@click.argument("target", metavar="FILE[:FLOW]")
@click.option(
    "-p",
    "--param",
    "given",
    metavar="NAME=VALUE",
    multiple=True,
    help="Set a parameter: to text if it is a text parameter, to JSON otherwise. Repeatable.",
)
@click.option(
    "--requester",
    "wanted_by",
    metavar="WHO",
    help="Who wants the run, as its cards say: an @handle, an e-mail address or a Slack user id. By default, you.",
)
@click.option("--wait", is_flag=True, help="Run it in this process, and wait until it has ended.")
@options.as_json
def run(target: str, given: Sequence[str], wanted_by: str | None, wait: bool, as_json: bool) -> None:
    """Start a run of a flow.

    FLOW is the name of the flow or of its function, and can be omitted if the file has only one flow. A worker picks
    the run up, unless you choose --wait.
    """
    from signoff.bot.cli.actors import requester
    from signoff.bot.cli.arguments import parameters
    from signoff.bot.cli.database import migrated
    from signoff.bot.cli.targets import find_flow
    from signoff.flows.settings import DatabaseSettings, load
    from signoff.store.records.runs import RunState

    log_to_stderr(logging.INFO if wait else logging.WARNING)
    person = requester(wanted_by)
    if wait:
        # What runs it here reads them, and a run that was created before they are found wrong would stay behind.
        load(DatabaseSettings)
    # What the file or the flow prints must not get into the JSON.
    with redirect_stdout(sys.stderr if as_json else sys.stdout):
        flow = find_flow(target)
        values = flow.parameters.recordable(parameters(given, flow.parameters.json_schema))
        with migrated() as db:
            created = flow.create_run(values, db=db, requester=person)
            ended = _run_to_completion(db, flow, created) if wait else created
            if not wait:
                _warn_if_orphaned(db, created)
    _report(ended, waited=wait, as_json=as_json)
    if wait and ended.state is not RunState.COMPLETED:
        sys.exit(1)


@click.command()
@click.option("--state", metavar="STATE", callback=_state, help="List only runs in this state.")
@click.option(
    "--limit",
    metavar="N",
    type=options.AtLeastOne(),
    default=100,
    show_default=True,
    help="List at most this many.",
)
@options.as_json
def runs(state: "RunState | None", limit: int, as_json: bool) -> None:
    """List runs, newest first."""
    from signoff.bot.cli.as_json import print_json, run_as_json
    from signoff.bot.cli.as_text import ago, print_table, short
    from signoff.bot.cli.database import existing
    from signoff.flows.liveness.reaper import Reaper
    from signoff.store.errors import DatabaseUnavailable
    from signoff.store.records.runs import EMBEDDED
    from signoff.store.runs.orphans import is_orphaned, served_flows
    from signoff.store.runs.runs import newest

    log_to_stderr()
    with existing() as db:
        # If the last worker died, no other process notices it. Without write access, show what was last recorded.
        with suppress(DatabaseUnavailable):
            Reaper(db).reap()
        found = newest(db, state=state, limit=limit)
        moment = db.now()
        known = served_flows(db, now=moment)
    if as_json:
        print_json([{**run_as_json(each), "orphaned": is_orphaned(each, known)} for each in found])
        return
    is_elsewhere = any(each.engine != EMBEDDED for each in found)
    print_table(
        ("ID", "NAME", "FLOW", *(["ENGINE"] if is_elsewhere else []), "STATE", "CREATED", "RESULT"),
        (
            (
                short(each.id),
                each.name,
                each.flow,
                *([each.engine] if is_elsewhere else []),
                each.state,
                ago(each.created_at, moment),
                _result(each, orphaned=is_orphaned(each, known)),
            )
            for each in found
        ),
        empty="There are no runs yet." if state is None else f"There are no {state} runs.",
    )


@click.command()
@click.argument("run")
@options.who
def retry(run: str, who: str | None) -> None:
    """Run a failed run again.

    RUN is its name, its id, or the beginning of its id. Finished tasks do not run again. Prompts that were rejected or
    timed out are opened again.
    """
    from signoff.bot.cli.actors import actor, refusal
    from signoff.bot.cli.database import existing
    from signoff.flows.approval.desk import Desk
    from signoff.store.runs.runs import get

    log_to_stderr()
    person = actor(who)
    why_not = refusal(person)
    with existing() as db:
        found, desk = get(db, run), Desk(db)
        if why_not:
            desk.note_refusal_of_run(found.id, person, "refused_retrying", via="cli", reason=why_not)
            raise CommandFailed(why_not)
        retried = desk.retry(found.id, person)
        _warn_if_orphaned(db, retried)
    click.echo(f"{retried.name} ({retried.id}) is {retried.state}")


@click.command()
@click.argument("run")
@click.option("--reason", metavar="TEXT", default="", help="Why you cancel it.")
@options.who
def cancel(run: str, reason: str, who: str | None) -> None:
    """Cancel a run and its open prompts.

    RUN is its name, its id, or the beginning of its id.
    """
    from signoff.bot.cli.actors import actor, refusal
    from signoff.bot.cli.database import existing
    from signoff.flows.approval.desk import Desk
    from signoff.store.records.runs import RunState
    from signoff.store.runs.runs import get

    log_to_stderr()
    person = actor(who)
    why_not = refusal(person)
    with existing() as db:
        found, desk = get(db, run), Desk(db)
        if why_not:
            desk.note_refusal_of_run(found.id, person, "refused_cancelling", via="cli", reason=why_not)
            raise CommandFailed(why_not)
        ended = desk.cancel(found.id, person, reason)
    is_over = ended.state is RunState.CANCELLED
    click.echo(f"{ended.name} is cancelled." if is_over else f"Asked {ended.engine} to cancel {ended.name}.")


@click.command()
@options.as_json
def schedules(as_json: bool) -> None:
    """List the schedules, and when each one is next due."""
    from signoff.bot.cli.as_json import print_json, schedule_as_json
    from signoff.bot.cli.as_text import print_table, until
    from signoff.bot.cli.database import existing
    from signoff.store.runs.schedules import in_force

    log_to_stderr()
    with existing() as db:
        found, moment = in_force(db), db.clock.wall_now()
    if as_json:
        print_json([schedule_as_json(each) for each in found])
        return
    print_table(
        ("SCHEDULE", "CRON", "TIME ZONE", "NEXT"),
        ((each.full_name, each.cron, each.timezone, until(each.next_at, moment)) for each in found),
        empty="There are no schedules. Add one with @flow(cron=…), and start a worker with the flow's file.",
    )


def _result(run: "FlowRun", *, orphaned: bool) -> str:
    """The result of a run in one line, or what keeps it from having one."""
    from signoff.bot.cli.as_text import value_as_text

    text = run.error or run.message or ("" if run.result is None else value_as_text(run.result))
    return "; ".join(filter(None, ["no worker has this flow" if orphaned else "", text]))


def _warn_if_orphaned(db: "Database", run: "FlowRun") -> None:
    """Say that a run waits for a worker, if there is none that could execute it."""
    from signoff.store.runs.orphans import is_orphaned, served_flows

    if is_orphaned(run, served_flows(db, now=db.now())):
        click.echo(f"No worker has the flow {run.flow}. Start one with `signoff worker FILE`.", err=True)


def _run_to_completion(db: "Database", flow: "Flow[Any, Any]", created: "FlowRun") -> "FlowRun":
    from signoff.flows.engines.embedded.inline import run_to_completion
    from signoff.flows.errors import RunCancelled
    from signoff.store.runs.runs import get

    click.echo(f"{created.name} is running. `signoff pending` lists its open prompts.", err=True)
    with suppress(RunCancelled):
        run_to_completion(db, flow, created.id)
    return get(db, created.id)


def _report(run: "FlowRun", *, waited: bool, as_json: bool) -> None:
    from signoff.bot.blockkit.markup import plain
    from signoff.bot.cli.as_json import print_json
    from signoff.bot.cli.as_text import value_as_text

    if as_json:
        shown: dict[str, Any] = {"id": run.id, "name": run.name, "state": run.state}
        print_json(shown | ({"result": run.result, "error": run.error} if waited else {}))
        return
    result = "" if run.result is None else f": {value_as_text(run.result)}"
    click.echo(f"{run.name} ({run.id}) is {run.state}{result}")
    if problem := run.error or run.message:
        click.echo(plain(problem, _LONGEST_PROBLEM), err=True)
