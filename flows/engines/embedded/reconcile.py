"""Reconciles the runs that a worker has in memory with those that the database says it has.

They can differ after a claim whose outcome is unknown: it was committed, but the reply got lost.
"""

from collections.abc import Collection, Mapping

from signoff.flows.engines.embedded.execution import Execution
from signoff.store.database import Database
from signoff.store.records.runs import RunState
from signoff.store.runs import claims, recovery, runs


def reconcile(db: Database, worker: str, held: Mapping[str, Execution], hooked: Collection[tuple[str, int]]) -> None:
    """Wake executions whose run was claimed or lost without notice, and free runs that are not in memory.

    Nothing may start between taking stock of memory and this call. Runs may end in that time.

    Args:
        worker: The worker's id.
        held: The executions in memory, by run id.
        hooked: The ids and fencing tokens of the runs whose hooks are running.
    """
    leased = {run.id: run for run in claims.leased_to(db, worker)}
    for run_id, execution in held.items():
        if execution.is_waiting:
            run = leased.get(run_id) or runs.get(db, run_id)
            # If the run waits in the database, too, nothing was missed.
            if run.fencing_token != execution.run.fencing_token or run.state is RunState.RUNNING:
                execution.apply_claim(run)
    known = {*hooked, *((run_id, execution.run.fencing_token) for run_id, execution in held.items())}
    if unknown := [run.id for run in leased.values() if (run.id, run.fencing_token) not in known]:
        recovery.release_runs(db, worker, unknown, now=db.now())
