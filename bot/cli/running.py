"""Runs: start them, list them, end them."""

import logging
import sys
from contextlib import redirect_stdout, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signoff.bot.cli.logs import log_to_stderr
from signoff.bot.cli.options import AsJson, Who
from signoff.store.records import EMBEDDED, FlowRun, RunState

if TYPE_CHECKING:
    from signoff.flows.flow import Flow
    from signoff.store.database import Database

Target = Annotated[
    str, typer.Argument(metavar="FILE[:FLOW]", help="A Python file, and which of its flows where it has several.")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="NAME=JSON", help="A parameter. What is not JSON is taken as a text."),
]
Wait = Annotated[bool, typer.Option("--wait", help="Work on the run here, and wait until it has ended.")]
Requester = Annotated[
    str | None,
    typer.Option(
        "--requester",
        metavar="WHO",
        help="Who wants the run, as its cards say: @handle, e-mail address or Slack user id; you, where not given.",
    ),
]
State = Annotated[RunState | None, typer.Option("--state", case_sensitive=False, help="Only runs in this state.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many at most.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's name or id, or how the id begins.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]


def run(
    target: Target,
    param: Parameters = None,
    wait: Wait = False,
    by: Requester = None,
    as_json: AsJson = False,
) -> None:
    """Start a run of a flow. A worker takes it, or with --wait this command does its work."""
    from signoff.bot.cli.actors import requester
    from signoff.bot.cli.arguments import parameters
    from signoff.bot.cli.database import migrated
    from signoff.bot.cli.targets import find_flow

    log_to_stderr(logging.INFO if wait else logging.WARNING)
    values, wanted_by = parameters(param or []), requester(by)
    # What the file or the flow prints must not stand among the JSON.
    with redirect_stdout(sys.stderr if as_json else sys.stdout):
        flow = find_flow(target)
        with migrated() as db:
            created = flow.create_run(db, values, requester=wanted_by)
            ended = _see_through(db, flow, created) if wait else created
    _report(ended, waited=wait, as_json=as_json)
    if wait and ended.state is not RunState.COMPLETED:
        raise typer.Exit(1)


def runs(state: State = None, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List runs, newest first."""
    from signoff.bot.cli.as_json import print_json, run_as_json
    from signoff.bot.cli.as_text import ago, print_table, short
    from signoff.bot.cli.database import existing
    from signoff.flows.engines.embedded.heartbeat import reap_dead_workers
    from signoff.flows.names import now
    from signoff.store.errors import DatabaseUnavailable
    from signoff.store.runs.orphans import is_orphaned, served_flows
    from signoff.store.runs.runs import newest

    log_to_stderr()
    with existing() as db:
        # Where no worker is left, nobody else says that one died. Who may only read sees what was last recorded.
        with suppress(DatabaseUnavailable):
            reap_dead_workers(db)
        found = newest(db, state=state, limit=limit)
        moment = now()
        known = served_flows(db, now=moment)
    if as_json:
        print_json([{**run_as_json(each), "unserved": is_orphaned(each, known)} for each in found])
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
                _told(each, unserved=is_orphaned(each, known)),
            )
            for each in found
        ),
        empty="There are no runs yet." if state is None else f"No run is {state}.",
    )


def _told(run: FlowRun, *, unserved: bool) -> str:
    """What there is to say of a run in a line: its result, or what stands against it."""
    from signoff.bot.cli.as_text import value_as_text

    said = run.error or run.message or ("" if run.result is None else value_as_text(run.result))
    return "; ".join(filter(None, ["no worker has this flow" if unserved else "", said]))


def cancel(run: RunId, reason: Reason = "", who: Who = None) -> None:
    """Cancel a run and what it asks."""
    from signoff.bot.cli.actors import actor
    from signoff.bot.cli.database import existing
    from signoff.flows.approval.desk import Desk
    from signoff.store.runs.runs import get

    log_to_stderr()
    with existing() as db:
        ended = Desk(db).cancel(get(db, run).id, actor(who), reason)
    typer.echo(f"{ended.name} is cancelled.")


def retry(run: RunId, who: Who = None) -> None:
    """Run a run that failed again. What it finished stays; what was rejected or timed out is asked anew."""
    from signoff.bot.cli.actors import actor
    from signoff.bot.cli.database import existing
    from signoff.flows.approval.desk import Desk
    from signoff.store.runs.runs import get

    log_to_stderr()
    with existing() as db:
        retried = Desk(db).retry(get(db, run).id, actor(who))
    typer.echo(f"{retried.name} is {retried.state}.")


def _see_through(db: "Database", flow: "Flow[Any, Any]", created: FlowRun) -> FlowRun:
    from signoff.flows.engines.embedded.inline import run_to_completion
    from signoff.flows.errors import RunCancelled
    from signoff.store.runs.runs import get

    typer.echo(f"{created.name} runs. `signoff pending` shows what it asks.", err=True)
    with suppress(RunCancelled):
        run_to_completion(db, flow, created.id)
    return get(db, created.id)


def _report(run: FlowRun, *, waited: bool, as_json: bool) -> None:
    from signoff.bot.cli.as_json import print_json
    from signoff.bot.cli.as_text import value_as_text

    if as_json:
        told: dict[str, Any] = {"id": run.id, "name": run.name, "state": run.state}
        print_json(told | ({"result": run.result, "error": run.error} if waited else {}))
        return
    result = "" if run.result is None else f": {value_as_text(run.result)}"
    typer.echo(f"{run.name} ({run.id}) is {run.state}{result}")
    if problem := run.error or run.message:
        typer.echo(problem, err=True)
