"""What the record says a worker holds, and what it does hold, are made one again.

They differ after a claim of which nobody knows what it took: it was committed, and its reply got lost.
"""

from collections.abc import Collection, Mapping

from signoff.flows.engines.embedded.execution import Execution
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.records import RunState
from signoff.store.runs import claims, recovery, runs


def reconcile(db: Database, worker: str, held: Mapping[str, Execution], hooked: Collection[tuple[str, int]]) -> None:
    """Wake what was claimed or lost unheard, and free what is not in memory.

    What is in memory has to be noted before this is called. Nothing may begin meanwhile; some may end.

    Args:
        held: The executions, by run.
        hooked: The runs whose hooks are running, with their fencing tokens.
    """
    leased = {run.id: run for run in claims.leased_to(db, worker)}
    for run_id, execution in held.items():
        if execution.is_waiting:
            run = leased.get(run_id) or runs.get(db, run_id)
            # One that waits in the record too is as it should be.
            if run.fencing_token != execution.run.fencing_token or run.state is RunState.RUNNING:
                execution.apply_claim(run)
    known = {*hooked, *((run_id, execution.run.fencing_token) for run_id, execution in held.items())}
    if unknown := [run.id for run in leased.values() if (run.id, run.fencing_token) not in known]:
        recovery.release_runs(db, worker, unknown, now=now())
