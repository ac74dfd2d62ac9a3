"""Who is taken for dead: on this machine the process decides, elsewhere a lease that nobody renews."""

import os
import subprocess
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest

from signoff.flows.liveness import reaper
from signoff.flows.liveness.processes import is_process_alive, process_domain, process_start
from signoff.flows.liveness.reaper import Reaper
from signoff.store import leases
from signoff.store.database import Database
from signoff.store.tables import workers

HOUR = timedelta(hours=1)


def register(
    db: Database, name: str, *, pid: int = 1, started: str | None = None, domain: str | None = None, ago: timedelta
) -> None:
    """A worker that renewed its lease this long ago."""
    leases.register(
        db,
        name,
        domain=process_domain() if domain is None else domain,
        pid=pid,
        pid_started=started,
        now=db.now() - ago,
        lease=reaper.LEASE,
    )


def alive(db: Database) -> set[str]:
    return {each.id for each in leases.all_workers(db)}


def test_a_process_of_this_machine_lives_as_long_as_it_runs(db: Database) -> None:
    """However long ago its lease expired: it was stopped for an hour perhaps, or the machine slept."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        register(db, "slow", pid=process.pid, started=process_start(process.pid), ago=HOUR)
        for _ in range(2):
            Reaper(db).reap()
        assert alive(db) == {"slow"}
        process.kill()
        # It is not waited for, so its id stays taken, as in a container whose first process does not care.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        Reaper(db).reap()
        assert alive(db) == set()


def test_a_process_that_has_the_id_of_a_dead_one_does_not_stand_in_for_it(db: Database) -> None:
    """Process ids are used again, and in a container the first one is always 1."""
    started = process_start(os.getppid())
    assert started is not None
    register(db, "parent", pid=os.getppid(), started=started, ago=timedelta(0))
    register(db, "earlier", pid=os.getppid(), started=f"{int(started) - 1}", ago=timedelta(0))
    Reaper(db).reap()
    assert alive(db) == {"parent"}
    assert not is_process_alive(os.getppid(), f"{int(started) - 1}")


def test_a_worker_of_this_process_that_could_not_unregister_is_forgotten(db: Database) -> None:
    """The process lives on, and that worker does not."""
    register(db, "stopped", pid=os.getpid(), started=process_start(os.getpid()), ago=timedelta(0))
    Reaper(db).reap()
    assert alive(db) == set()


def test_a_worker_elsewhere_gets_time_to_renew_after_a_machine_has_slept(db: Database) -> None:
    """All leases have expired then, and the first look would free all runs."""
    watcher = Reaper(db)
    register(db, "awake", domain="elsewhere", ago=timedelta(0))
    watcher.reap()
    with db.write() as tx:
        tx.execute(workers.update().values(expires_at=db.now() - HOUR))
    watcher.reap()
    assert alive(db) == {"awake"}


def test_a_reaper_that_starts_after_a_sleep_gives_a_worker_elsewhere_the_same_time(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the first to wake up. Whoever has not renewed the lease after half its length is dead."""
    monotonic = [0.0]
    monkeypatch.setattr(reaper, "time", SimpleNamespace(monotonic=lambda: monotonic[0]))
    register(db, "awake", domain="elsewhere", ago=HOUR)
    register(db, "gone", domain="elsewhere", ago=HOUR)
    watcher = Reaper(db)
    watcher.reap()
    monotonic[0] = 10
    watcher.reap()
    assert alive(db) == {"awake", "gone"}
    leases.renew(db, "awake", now=db.now(), lease=reaper.LEASE)
    monotonic[0] = 20
    watcher.reap()
    assert alive(db) == {"awake"}
