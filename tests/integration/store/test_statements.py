"""A statement gives the same rows, whether the driver runs it or SQLAlchemy."""

from typing import Any

from sqlalchemy import update

from signoff.flows.names import new_id
from signoff.store.database import Database
from signoff.store.records.runs import RunState
from signoff.store.sql.statements import BoundStatement, Statement, insert_returning, param
from signoff.store.tables import flow_runs
from tests.integration.store.samples import NOON

NEW = Statement(
    insert_returning(flow_runs, "id", "name", "flow", "parameters", "state", "created_at").returning(flow_runs)
)
FINISH = Statement(
    update(flow_runs)
    .where(flow_runs.c.id == param("id"))
    .values(state=param("state"), result=param("result"), finished_at=param("finished_at"))
    .returning(flow_runs)
)


def test_sqlalchemy_and_the_driver_write_and_read_the_same(db: Database) -> None:
    """Values are converted in the same way, and columns that are not given have their defaults."""
    given = {"name": "brave-otter", "flow": "order", "parameters": {"pieces": 3}, "created_at": NOON}
    rows = []
    for execute in (by_driver, by_sqlalchemy):
        run_id = new_id()
        new = execute(db, NEW.bind(id=run_id, state=RunState.SCHEDULED, **given))
        done = execute(db, FINISH.bind(id=run_id, state=RunState.COMPLETED, result=[1, None], finished_at=NOON))
        assert (new["fencing_token"], new["message"], done["result"]) == (0, "", [1, None])
        rows.append([{**row, "id": None} for row in (new, done)])
    assert rows[0] == rows[1]


def by_driver(db: Database, bound: BoundStatement) -> dict[str, Any]:
    with db.write() as tx:
        ((row,),) = tx.execute_many(bound)
    return dict(row._asdict())


def by_sqlalchemy(db: Database, bound: BoundStatement) -> dict[str, Any]:
    with db.engine.connect() as connection:
        row = connection.execute(bound.statement.executable, bound.parameters).one()
        connection.commit()
    return dict(row._mapping)
