"""A flow is known by its name and where it comes from. No worker takes the runs of another flow of the same name."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signoff import Flow, InvalidFlow
from signoff.flows.code.source import source_of
from signoff.flows.engines.embedded.scheduler import Declaration, Scheduler
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.loading import load_flows
from signoff.flows.schedules import Cron
from signoff.store.database import Database
from signoff.store.records.runs import FlowIdentity, RunState
from signoff.store.runs import runs
from signoff.store.runs.orphans import count_orphaned, is_orphaned, served_flows
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over, until_state

TEXT = """
from signoff import flow, suspend_flow_run

@flow
def release() -> str:
    suspend_flow_run()
    return "{team}"
"""


def flow_of(folder: Path, team: str, *, file: str = "release.py", project: str | None = None) -> Flow[Any, Any]:
    """A team's flow `release`, in a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(TEXT.format(team=team), encoding="utf-8")
    if project is not None:
        (folder / "pyproject.toml").write_text(f'[project]\nname = "{project}"\n', encoding="utf-8")
    (found,) = load_flows([folder / file])
    return found


def test_a_worker_with_another_flow_of_that_name_leaves_a_run_alone(db: Database, tmp_path: Path) -> None:
    """The run waits for its own flow, and is reported as one that no worker takes."""
    ours, theirs = flow_of(tmp_path, "A", file="a.py"), flow_of(tmp_path, "B", file="b.py")
    run = ours.create_run(db=db)
    with Worker(db, [theirs]):
        until_over(db, answered(db, theirs.create_run(db=db).id))
        left = runs.get(db, run.id)
        assert left.state is RunState.SCHEDULED
        assert is_orphaned(left, served_flows(db, now=db.now()))
        assert count_orphaned(db, now=db.now()) == {f"release ({tmp_path / 'a.py'})": 1}
    with Worker(db, [ours]):
        assert until_over(db, answered(db, run.id)).result == "A"


def test_a_run_that_waits_is_not_continued_by_another_flow_of_that_name(db: Database, tmp_path: Path) -> None:
    """Its answer stays with it until a worker with its flow is there."""
    ours, theirs = flow_of(tmp_path / "a", "A"), flow_of(tmp_path / "b", "B", file="other.py")
    with Worker(db, [ours]):
        run = ours.create_run(db=db)
        until_asked(db, run.id)
    answered(db, run.id)
    with Worker(db, [theirs]):
        until_over(db, answered(db, theirs.create_run(db=db).id))
        assert runs.get(db, run.id).state is RunState.SUSPENDED
    with Worker(db, [ours]):
        assert until_over(db, run.id).result == "A"


def test_a_worker_is_refused_beside_one_with_another_flow_of_that_name(db: Database, tmp_path: Path) -> None:
    """At its start, with a sentence that names both. Once the other has stopped, it may start."""
    ours, theirs = flow_of(tmp_path, "A", file="a.py"), flow_of(tmp_path, "B", file="b.py")
    with Worker(db, [ours]):
        with pytest.raises(InvalidFlow) as refused, Worker(db, [theirs]):
            pass
        assert str(refused.value).startswith(
            f"Two flows are called 'release': this one comes from {tmp_path / 'b.py'}, and a worker that is running "
            f"now has one from {tmp_path / 'a.py'}. Rename one"
        )
        with Worker(db, [ours]):
            pass
    with Worker(db, [theirs]):
        pass
    with pytest.raises(InvalidFlow, match=r"one comes from .*a\.py, and one from .*b\.py\. Rename one of them"):
        load_flows([tmp_path / "a.py", tmp_path / "b.py"])


def test_a_run_survives_that_its_project_is_deployed_elsewhere_and_edited(db: Database, tmp_path: Path) -> None:
    """Both versions may run side by side, since the project's name and the path in it tell that they are one flow."""
    before, after = flow_of(tmp_path / "v1", "A", project="shop"), flow_of(tmp_path / "v2", "A 2", project="shop")
    assert before.identity.source == after.identity.source == "shop: release.py"
    with Worker(db, [before]):
        run = before.create_run(db=db)
        until_asked(db, run.id)
        with Worker(db, [after]):
            pass
    with Worker(db, [after]):
        assert until_over(db, answered(db, run.id)).result == "A 2"


def test_a_run_survives_that_its_file_is_moved_or_linked(db: Database, tmp_path: Path) -> None:
    """One that was moved is known by its code, and one behind a symbolic link by the link."""
    before, moved = flow_of(tmp_path / "v1", "A"), flow_of(tmp_path / "v2", "A", file="moved.py")
    run = before.create_run(db=db)
    with Worker(db, [moved]):
        assert until_over(db, answered(db, run.id)).result == "A"
    current = tmp_path / "current"
    current.symlink_to("v1")
    (linked,) = load_flows([current / "release.py"])
    assert linked.identity.source == str(current / "release.py")


def test_the_run_of_a_schedule_belongs_to_the_flow_that_declares_it(db: Database, tmp_path: Path) -> None:
    """And not to any flow of that name."""
    ours = flow_of(tmp_path, "A")
    moment = datetime(2031, 5, 5, 8, 30, tzinfo=UTC)
    declared = Declaration("release", "", Cron("0 * * * *"), identity=ours.identity)
    scheduler = Scheduler(db, [declared], clock=lambda: moment)
    scheduler.declare()
    moment += timedelta(hours=1)
    scheduler.fire_due()
    (run, *_) = runs.newest(db)
    assert FlowIdentity(run.flow, run.source, run.fingerprint) == ours.identity


def test_runs_of_earlier_versions_are_taken_by_whoever_has_a_flow_of_that_name(
    db: Database, tmp_path: Path, start_worker: StartWorker
) -> None:
    """Where they come from was not recorded."""
    run = runs.create(db, run_id="r", name="calm-heron", flow="release", parameters={}, now=db.now())
    start_worker(flow_of(tmp_path, "A"))
    until_state(db, run.id, RunState.SUSPENDED)


def test_installed_code_and_code_without_a_file_are_known_by_where_they_are(tmp_path: Path) -> None:
    """An installed package by its path in it, on any machine and in any version of Python."""
    installed = flow_of(tmp_path / "lib" / "python3.11" / "site-packages" / "shop", "A")
    assert installed.identity.source == "shop/release.py"
    typed: dict[str, Any] = {}
    exec("def release(): ...", typed)
    assert source_of(typed["release"]) == "an interactive session"
    shutil.rmtree(tmp_path / "lib")


def answered(db: Database, run_id: str) -> str:
    """The run, once it has asked and was answered."""
    answer(db, until_asked(db, run_id))
    until(db, lambda: runs.get(db, run_id).runnable_at is not None or runs.get(db, run_id).state.is_final)
    return run_id
