"""Statements that are compiled once, and then run by the driver itself.

SQLAlchemy describes and compiles them, and knows how each type is written and read. To run a statement through it
costs several times what SQLite needs, so what every run of a flow goes through does without.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Executable, Insert, Table, bindparam
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Process = Callable[[Any], Any]


class Slot(NamedTuple):
    """Where a value goes.

    Attributes:
        given: The name under which the caller gives it; `None` for one that is always the same.
        process: Makes of it what the driver takes; `None` where it takes it as it is.
        value: What is always the same, as the driver takes it.
    """

    name: str
    given: str | None
    process: Process | None
    value: Any = None


class Compiled:
    """A statement as one driver takes it."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: SQLCompiler = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.sql = compiled.string
        self._is_positional = compiled.positional
        self._slots = _slots(compiled, dialect)
        columns = _columns(statement)
        self._row: Any = NamedTuple("Row", [(name, Any) for name, _ in columns]) if columns else None
        readers = [(place, _reader(type_, dialect)) for place, (_, type_) in enumerate(columns)]
        self._readers = [(place, read) for place, read in readers if read is not None]

    def values(self, given: Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
        """The values of one call, as the driver takes them."""
        values = [
            value if name is None else given[name] if process is None else process(given[name])
            for _, name, process, value in self._slots
        ]
        return values if self._is_positional else dict(zip((slot.name for slot in self._slots), values, strict=True))

    def rows(self, fetched: Sequence[Sequence[Any]]) -> list[Any]:
        """What the driver has fetched, as rows whose values have names."""
        rows = []
        for each in fetched:
            row = list(each)
            for place, read in self._readers:
                row[place] = read(row[place])
            rows.append(self._row._make(row))
        return rows


class Statement:
    """A statement, made once for the whole life of the process.

    What changes from call to call stands in it as `bindparam(name)`.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, Compiled] = {}

    def on(self, dialect: Dialect) -> Compiled:
        """The statement as this database takes it."""
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = Compiled(self._statement, dialect)
        return compiled


def insert_into(table: Table, *columns: str) -> Statement:
    """A statement that adds a row. The values of these columns are given by their names, the rest are defaults."""
    return Statement(adding_to(table, *columns).inline())


def adding_to(table: Table, *columns: str) -> Insert:
    """The same, to be completed."""
    return table.insert().values({name: bindparam(name, type_=table.c[name].type) for name in columns})


def _slots(compiled: SQLCompiler, dialect: Dialect) -> list[Slot]:
    names = compiled.positiontup if compiled.positional else list(compiled.params)
    defaults = {column.key: column.default.arg for column in compiled.insert_prefetch}  # type: ignore[union-attr]
    slots = []
    for name in names or ():
        bind = compiled.binds[name]
        process = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if name in defaults or not bind.required:
            value = defaults.get(name, bind.effective_value)
            slots.append(Slot(name, None, None, value if process is None else process(value)))
        else:
            slots.append(Slot(name, bind.key, process))
    return slots


def _columns(statement: Any) -> list[tuple[str, TypeEngine[Any]]]:
    described = statement.column_descriptions if statement.is_select else statement.returning_column_descriptions
    return [(column["name"], column["type"]) for column in described]


def _reader(type_: TypeEngine[Any], dialect: Dialect) -> Process | None:
    return type_.dialect_impl(dialect).result_processor(dialect, None)
