"""From rows to records."""

from typing import Any

from sqlalchemy import Select, select

from signoff.store.records import Actor, FlowRun, LedgerLine, Outcome, Prompt, RunState, Step
from signoff.store.tables import flow_runs, prompts


def flow_run(row: Any) -> FlowRun:
    """A row of `flow_runs`."""
    return FlowRun(
        id=row.id,
        name=row.name,
        flow=row.flow,
        parameters=row.parameters,
        state=RunState(row.state),
        message=row.message,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        runnable_at=row.runnable_at,
        lease_owner=row.lease_owner,
        fencing_token=row.fencing_token,
        attempt=row.attempt,
        result=row.result,
        error=row.error,
        crashes=row.crashes,
    )


def select_prompts() -> Select[Any]:
    """Prompts with the run that each belongs to, as `prompt` reads them."""
    return select(prompts, flow_runs.c.name.label("run_name"), flow_runs.c.flow).join_from(prompts, flow_runs)


def prompt(row: Any, *, run: Any = None) -> Prompt:
    """A row of `select_prompts`; or one of `prompts` alone, with a row that has its run's `name` and `flow`."""
    return Prompt(
        id=row.id,
        run_id=row.run_id,
        run_name=row.run_name if run is None else run.name,
        flow=row.flow if run is None else run.flow,
        key=row.key,
        title=row.title,
        description=row.description,
        schema=row.schema,
        initial_values=row.initial_values,
        policy=row.policy,
        model=row.model,
        opened_at=row.opened_at,
        deadline=row.deadline,
        due_at=row.due_at,
        reminders_sent=row.reminders_sent,
        schema_hash=row.schema_hash,
        fingerprint=row.fingerprint,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        settled_at=row.settled_at,
        settled_by=None if row.settled_by is None else Actor(row.settled_by, row.settled_by_name),
        answer=row.answer,
        reason=row.reason,
        revision=row.revision,
    )


def step(row: Any) -> Step:
    """A row of `steps`."""
    return Step(
        run_id=row.run_id,
        key=row.key,
        arguments_hash=row.arguments_hash,
        fingerprint=row.fingerprint,
        format=row.format,
        result=row.result,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def ledger_line(row: Any) -> LedgerLine:
    """A row of `ledger`."""
    return LedgerLine(prompt_id=row.prompt_id, at=row.at, event=row.event, actor=row.actor, detail=row.detail)
