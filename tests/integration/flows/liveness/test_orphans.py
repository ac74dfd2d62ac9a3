"""Invariant 5: a run whose flow was renamed or deleted is kept, and workers report that none has that flow."""

import threading
from datetime import timedelta

import pytest

from signoff import flow
from signoff.flows.liveness.heartbeat import Heartbeat
from signoff.flows.liveness.orphans import OrphanWarnings
from signoff.flows.names import new_id, now
from signoff.store import leases
from signoff.store.database import Database
from signoff.store.records.runs import FlowIdentity, RunState
from signoff.store.runs import runs
from signoff.store.runs.orphans import count_orphaned, is_orphaned, served_flows
from tests.support.fixtures import StartWorker
from tests.support.waiting import until_over


@flow
def kept() -> None: ...


def created(db: Database, flow_name: str, *, ago: timedelta = timedelta(hours=1)) -> str:
    """A run that a worker could have taken since then."""
    return runs.create(db, run_id=new_id(), name="calm-heron", flow=flow_name, parameters={}, now=now() - ago).id


def test_a_run_of_a_flow_that_was_deleted_stays_and_is_named(
    db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 5: a worker says once that nobody has the flow, and says nothing of flows that a worker has."""
    gone, taken = created(db, "gone"), created(db, "kept")
    start_worker(kept)
    until_over(db, taken)
    warnings = OrphanWarnings(db)
    warnings.check()
    warnings.check()
    # The worker looks, too, when it has been up for some seconds.
    mine = [record for record in caplog.records if record.thread == threading.get_ident()]
    assert [record.message for record in mine] == [
        "1 run of the flow gone is waiting, but no worker has that flow. Start a worker with its file. If the flow was "
        "renamed or deleted, restore it, or cancel it with `signoff cancel`."
    ]
    assert count_orphaned(db, now=now()) == {"gone": 1}
    left = runs.get(db, gone)
    assert left.state is RunState.SCHEDULED
    assert is_orphaned(left, served_flows(db, now=now()))


def test_a_run_that_was_just_made_raises_no_alarm(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    """Its worker may be about to start."""
    created(db, "soon", ago=timedelta(seconds=1))
    OrphanWarnings(db).check()
    assert caplog.records == []


def test_only_workers_that_live_and_take_any_run_count(db: Database) -> None:
    """Not one that died, one that lives for a single run, nor a bot."""
    created(db, "order")
    lease, order = timedelta(minutes=1), [FlowIdentity("order")]
    leases.register(db, "dead", domain="", pid=1, now=now() - timedelta(hours=1), lease=lease, flows=order)
    bot = Heartbeat(db)
    bot.start()
    assert count_orphaned(db, now=now()) == {"order": 1}
    leases.register(db, "alive", domain="", pid=1, now=now(), lease=lease, flows=order)
    assert count_orphaned(db, now=now()) == {}
    bot.stop()
