"""Modules of flow files are apart from each other, can be imported by other processes, and are found again."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from signoff.flows.code.module_loading import find_model
from signoff.flows.code.type_names import first_name
from signoff.flows.loading import load_flows
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over
from tests.support.worker_process import WorkerProcess

# No store knows which module is which.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FLOW = """
    from typing import Any
    import helpers, shapes.round
    from signoff import flow, pause_flow_run, suspend_flow_run, task
    from helpers import Receipt

    @task
    def pay() -> Any:
        return Receipt(team="{team}")

    @task(result_serializer="pickle")
    def ship() -> Any:
        return helpers.Parcel("{team}")

    @flow(name="{team}")
    def order() -> list[Any]:
        paid, shipped = pay(), ship()
        suspend_flow_run(Receipt.asked())
        import helpers as later
        assert (type(paid), type(shipped)) == (later.Receipt, later.Parcel)
        return [paid.team, shipped.team, later.TEAM, shapes.round.TEAM, later.ask_late()]
"""

HELPERS = """
    from dataclasses import dataclass
    from pydantic import BaseModel

    TEAM = "{team}"

    class Receipt(BaseModel):
        team: str

        @classmethod
        def asked(cls):
            return cls

    @dataclass
    class Parcel:
        team: str

    def ask_late():
        from shapes import round
        return round.TEAM
"""


def team(folder: Path, name: str, flow: str = FLOW, file: str = "order.py") -> Path:
    """The flow file of a team, in a folder with modules of its own."""
    texts = {file: flow, "helpers.py": HELPERS, "shapes/__init__.py": "", "shapes/round.py": 'TEAM = "{team}"'}
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(dedent(text).format(team=name), encoding="utf-8")
    return folder / file


def test_folders_whose_modules_have_the_same_names_are_apart_in_one_worker(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    """And a replay finds the classes of each, in whatever order the worker loads them, or without the other one."""
    ana, ben, eve = (team(tmp_path / name, name) for name in ("ana", "ben", "eve"))
    for first, second in (((ana, ben), (ben, ana)), ((ben, eve), (eve,)), ((eve,), (ana, eve))):
        with WorkerProcess(database_url, *first):
            flows = {flow.name: flow for flow in load_flows(first)}
            ids = {name: flow.create_run(db=db).id for name, flow in flows.items()}
            asked = [until_asked(db, run_id) for run_id in ids.values()]
        with WorkerProcess(database_url, *second):
            for prompt in asked:
                answer(db, prompt, team="any")
            for name in [file.parent.name for file in second if file in first]:
                assert until_over(db, ids[name]).result == [name] * 5


def test_each_answer_is_checked_by_the_model_of_its_own_folder(db: Database, tmp_path: Path) -> None:
    """Where flows are not run, a model is found by its name and its file."""
    files = [team(tmp_path / name, name) for name in ("one", "two")]
    found = [find_model(f"helpers:Receipt@{file.with_name('helpers.py')}") for file in files]
    assert [sys.modules[model.__module__].TEAM for model in found if model] == ["one", "two"]
    flows = [find_model(f"signoff_flow_order:Receipt@{file}") for file in files]
    assert [sys.modules[model.__module__].TEAM for model in flows if model] == ["one", "two"]


POOL = """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from signoff import flow, task

    def measure(number):
        return number * number

    @task
    def measured(method: str) -> list[int]:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
            return list(pool.map(measure, range(4)))

    @flow
    def survey() -> list[list[int]]:
        return [measured(method) for method in ("spawn", "forkserver")]
"""


def test_the_functions_of_a_flow_file_can_be_given_to_a_process_that_is_started_afresh(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    """It imports the file by its name."""
    file = tmp_path / "survey.py"
    file.write_text(dedent(POOL), encoding="utf-8")
    (survey,) = load_flows([file])
    with WorkerProcess(database_url, file):
        run = until_over(db, survey.create_run(db=db).id)
    assert (run.state, run.result) == (RunState.COMPLETED, [[0, 1, 4, 9]] * 2), run.error


PROGRAM = """
    from dataclasses import dataclass
    from typing import Any
    from pydantic import BaseModel
    from signoff import flow, pause_flow_run, task

    class Receipt(BaseModel):
        pieces: int

    @dataclass
    class Parcel:
        pieces: int

    class SoldOut(Exception):
        pass

    @task
    def pay() -> Any:
        return Receipt(pieces=3)

    @task(result_serializer="pickle")
    def ship() -> Any:
        return Parcel(3)

    @task
    def check() -> None:
        raise SoldOut("none left")

    @flow
    def order() -> list[Any]:
        paid, shipped = pay(), ship()
        try:
            check()
        except SoldOut as error:
            why = str(error)
        pause_flow_run(bool)
        assert (type(paid), type(shipped)) == (Receipt, Parcel)
        return [paid.pieces, shipped.pieces, why]

    if __name__ == "__main__":
        order()
"""


def test_a_program_that_was_killed_while_its_flow_waited_is_taken_over(
    db: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_worker: StartWorker
) -> None:
    """Although its tasks returned, and raised, what its own file defines, which was `__main__` there."""
    file = tmp_path / "ordering.py"
    file.write_text(dedent(PROGRAM), encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", database_url)
    program = subprocess.Popen([sys.executable, str(file)], cwd=tmp_path)
    try:
        run = until(db, lambda: runs.newest(db) or None)[0]
        asked = until_asked(db, run.id)
    finally:
        program.kill()
        program.wait()
    start_worker(*load_flows([file]))
    answer(db, prompts.get(db, asked.id), value=True)
    ended = until_over(db, run.id)
    assert (ended.state, ended.result) == (RunState.COMPLETED, [3, 3, "none left"]), ended.error


def test_a_hash_does_not_depend_on_what_else_is_loaded(db: Database, tmp_path: Path) -> None:
    """A call whose argument counts by its type is found again, also in a worker with other files."""
    given = {}
    for name in ("first", "second"):
        team(tmp_path / name, name)
        file = tmp_path / name / "given.py"
        file.write_text("import helpers\nfrom signoff import flow\nclass Own: ...\n@flow\ndef f(): ...\n")
        (found,) = load_flows([file])
        module = sys.modules[found.fn.__module__]
        given[name] = [first_name(each) for each in (module.Own, module.helpers.Parcel)]
    assert given["first"] == given["second"] == ["signoff_flow_given:Own", "helpers:Parcel"]


def test_a_file_with_the_name_of_an_installed_module_is_loaded_all_the_same(db: Database, tmp_path: Path) -> None:
    """What imports that name gets the installed one, as before."""
    names: list[Any] = []
    for name in ("types.py", "my-flow.py", "v1.2.py"):
        file = tmp_path / name
        file.write_text("import types\nfrom signoff import flow\n@flow\ndef f(): return types.SimpleNamespace\n")
        (found,) = load_flows([file])
        names.append((found.fn.__module__, found.fn()))
    import types

    assert names == [(name, types.SimpleNamespace) for name in ("signoff_flow_types", "my-flow", "signoff_flow_v1_2")]
