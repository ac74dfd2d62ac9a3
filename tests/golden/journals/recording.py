"""Journals of runs that waited when their flow was edited: the rows of one run, one JSON file each.

They stand for the records of users. A change that makes them end otherwise strands runs that wait.
"""

import importlib.util
import json
import re
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Table, select

from signoff import Flow
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.database import Database
from signoff.store.ledger_chain import BEGINNING_OF_EARLIER
from signoff.store.prompts import prompts
from signoff.store.sql.column_types import UtcDateTime
from signoff.store.tables import flow_runs, ledger_heads, metadata, steps
from tests.support.answering import answer
from tests.support.waiting import until_asked

FOLDER = Path(__file__).parent
ORIGINAL = (FOLDER / "release.py").read_text(encoding="utf-8")
ROLLOUT = (FOLDER / "rollout.py").read_text(encoding="utf-8")

RELEASES: dict[str, list[dict[str, Any]]] = {
    "within_checks": [{"value": 40}],
    "approved": [{"value": 40}, {"ok": True}],
}
ROLLOUTS: dict[str, list[dict[str, Any]]] = {
    "one_host": [{"value": True}],
    "two_hosts": [{"value": True}, {"value": True}],
}
JOURNALS = RELEASES | ROLLOUTS
"""What was answered in each. The last answer came when no worker ran."""

OF_VERSION_1 = "_of_version_1"
"""What the names of journals end with that were recorded before steps said when they begin."""

RUN_ID = "00000000-0000-4000-8000-000000000000"
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_TABLES = (flow_runs, steps, metadata.tables["prompts"])


def file_of(name: str) -> Path:
    """Where a journal is kept."""
    return FOLDER / f"{name}.json"


def module_of(text: str, folder: Path) -> ModuleType:
    """A flow file that holds this text now."""
    file = folder / "release.py"
    file.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("release_as_edited", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # A recorded result names its type.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def recorded(db: Database, name: str) -> str:
    """Run the original until the journal's last answer was given; what is recorded then."""
    answers = JOURNALS[name]
    flow = _original(name)
    with Worker(db, [flow]):
        run = flow.create_run(db=db)
        for number, given in enumerate(answers, 1):
            asked = until_asked(db, run.id, number=number)
            if number < len(answers):
                answer(db, asked, **given)
    answer(db, prompts.of_run(db, run.id)[-1], **answers[-1])
    with db.read() as connection:
        rows = {table.name: [dict(row._mapping) for row in connection.execute(select(table))] for table in _TABLES}
    return json.dumps({name: _comparable(each) for name, each in rows.items()}, indent=2, ensure_ascii=False) + "\n"


def load(db: Database, name: str, *, fingerprint: str | None = None) -> str:
    """Write a journal into a database; the run's id.

    Args:
        fingerprint: That of the code which recorded it; by default, of none that there is.
    """
    with db.write() as tx:
        for table in _TABLES:
            for row in json.loads(file_of(name).read_text(encoding="utf-8"))[table.name]:
                if fingerprint is not None and "fingerprint" in row:
                    row["fingerprint"] = fingerprint
                tx.execute(table.insert(), {key: _read(table, key, value) for key, value in row.items()})
                if table.name == "prompts":
                    # As the migration leaves a prompt of an earlier version whose ledger has no lines.
                    head = {"prompt_id": row["id"], "number": 0, "hash": BEGINNING_OF_EARLIER}
                    tx.execute(ledger_heads.insert(), head)
    return RUN_ID


_NONE = ("escalations", 0)
"""A column that was added later, and that cannot be empty."""


def _comparable(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without what differs each time: identifiers, moments, the place of the file, the code's fingerprint."""
    ordered = sorted(rows, key=lambda row: row.get("key", ""))
    began = list(dict.fromkeys(_name(row) for row in sorted(rows, key=_began)))
    for number, row in enumerate(ordered):
        for key, value in row.items():
            if isinstance(value, datetime):
                row[key] = (_MOMENT + timedelta(seconds=began.index(_name(row)))).isoformat()
        fixed: dict[str, Any] = {
            "id": f"{RUN_ID[:-1]}{number}",
            "run_id": RUN_ID,
            "fingerprint": "0" * 64,
            "model": None,
        }
        if "flow" in row:
            # A flow from elsewhere would not be that of the run.
            fixed |= {"name": "brave-otter", "source": None, "fingerprint": None}
        row.update({key: value for key, value in fixed.items() if key in row})
    # What is empty is left out, so that a column which is added later changes nothing here.
    return [
        {key: value for key, value in row.items() if value is not None and (key, value) != _NONE} for row in ordered
    ]


def _name(row: dict[str, Any]) -> str:
    """What the row is of: the calls of a task that is mapped begin in any order."""
    return re.sub(r"-\d+$", "", row.get("key", ""))


def _began(row: dict[str, Any]) -> datetime:
    moment: datetime = row.get("started_at") or row["opened_at"]
    return moment


def _read(table: Table, key: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if value and isinstance(table.c[key].type, UtcDateTime) else value


def _original(name: str) -> Flow[Any, Any]:
    with tempfile.TemporaryDirectory() as folder:
        module = module_of(ORIGINAL if name in RELEASES else ROLLOUT, Path(folder))
    found: Flow[Any, Any] = module.release if name in RELEASES else module.rollout
    return found
