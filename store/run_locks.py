"""Locking a run, before a transaction changes it or what belongs to it.

Everything that changes several rows of a run, such as its prompts and their deliveries, locks the run first.
Transactions that lock in one order never deadlock, and what one of them has read of it stays true until its commit.

A worker that holds a run locks it in `leases.require_lease`, which reads less of it.
"""

from sqlalchemy import select

from signoff.store.rows import select_run_of_prompt
from signoff.store.sql.statements import Statement, param
from signoff.store.tables import flow_runs, prompts

LOCK_RUN = Statement(select(flow_runs).where(flow_runs.c.id == param("run_id")).with_for_update())

LOCK_RUN_OF_ENGINE = Statement(
    select(flow_runs)
    .where(flow_runs.c.engine == param("engine"), flow_runs.c.external_id == param("external_id"))
    .with_for_update()
)
"""By what another engine calls the run."""

LOCK_RUN_OF_PROMPT = Statement(
    select_run_of_prompt()
    .add_columns(prompts.c.outcome, prompts.c.reason)
    .where(prompts.c.id == param("prompt_id"))
    .with_for_update(of=flow_runs)
)
"""The run of a prompt, as `rows.prompt` reads it, and how the prompt has ended."""
