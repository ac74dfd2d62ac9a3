"""Statements of the store, as the driver runs them and as SQLAlchemy does."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite

from signoff import store
from signoff.store.records.runs import FlowIdentity
from signoff.store.runs import claims
from signoff.store.sql.statements import Statement

DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.psycopg.dialect(),  # type: ignore[no-untyped-call]
}


def every_statement() -> Iterator[tuple[str, Statement]]:
    """Each statement that a module of the store makes when it is imported, and those of a worker's claims."""
    for module in pkgutil.walk_packages(store.__path__, "signoff.store."):
        if not module.name.startswith("signoff.store.migrations."):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, Statement):
                    yield f"{module.name.removeprefix('signoff.store.')}.{name}", value
    queries = claims.queries((FlowIdentity("order"),), None)
    yield from (("claims.claimable", queries.claimable), ("claims.locked", queries.locked))


STATEMENTS = dict(every_statement())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", STATEMENTS)
def test_sqlalchemy_executes_every_statement_as_the_driver_does(name: str, dialect: str) -> None:
    """No parameter has the name of a column: SQLAlchemy would set that column, or refuse the statement."""
    executable: Any = STATEMENTS[name].executable
    compiled = executable.compile(dialect=DIALECTS[dialect])
    given = [bind.key for bind in compiled.binds.values() if bind.required]
    # What `Connection.execute` does with the names of the parameters that it is given.
    executed = executable.compile(dialect=DIALECTS[dialect], column_keys=given)
    assert executed.string == compiled.string == STATEMENTS[name].on(DIALECTS[dialect]).sql
