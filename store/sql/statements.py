"""Statements that are compiled once and then run by the driver itself.

SQLAlchemy describes and compiles them, and knows how each type is written and read. Running a statement through it,
however, costs several times what SQLite needs for it, so the statements that every run of a flow goes through bypass
it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Dialect, Executable, Insert, Table, bindparam
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Process = Callable[[Any], Any]

_PREFIX = "p_"


def param(name: str, type_: TypeEngine[Any] | type[TypeEngine[Any]] | None = None) -> BindParameter[Any]:
    """A value that changes from call to call, and that callers give by this name.

    In the statement it has a prefix. SQLAlchemy refuses to execute an INSERT or UPDATE with a parameter that is named
    like a column, because it takes that name for a column to be set.

    Args:
        name: The name under which `Statement.bind` takes the value.
        type_: Its type, where SQLAlchemy cannot derive it from what the value is compared with.
    """
    return bindparam(_PREFIX + name, type_=type_)


class Slot(NamedTuple):
    """One value that the driver gets with a statement.

    Attributes:
        given: The name under which the caller gives it; `None` if it is the same in every call.
        process: Converts it to what the driver takes; `None` if the driver takes it as it is.
        value: The value that is the same in every call, as the driver takes it.
    """

    name: str
    given: str | None
    process: Process | None
    value: Any = None


class Compiled:
    """A statement in the dialect of one database."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: SQLCompiler = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.sql = compiled.string
        self._is_positional = compiled.positional
        self._slots = _slots(compiled, dialect)
        columns = _columns(statement)
        self._row: Any = NamedTuple("Row", [(name, Any) for name, _ in columns]) if columns else None
        readers = [(position, _reader(type_, dialect)) for position, (_, type_) in enumerate(columns)]
        self._readers = [(position, read) for position, read in readers if read is not None]

    def values(self, given: Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
        """The values of one call, as the driver takes them."""
        values = [
            value if name is None else given[name] if process is None else process(given[name])
            for _, name, process, value in self._slots
        ]
        return values if self._is_positional else dict(zip((slot.name for slot in self._slots), values, strict=True))

    def rows(self, fetched: Sequence[Sequence[Any]]) -> list[Any]:
        """The rows that the driver has fetched, as named tuples of Python values."""
        rows = []
        for each in fetched:
            row = list(each)
            for position, read in self._readers:
                row[position] = read(row[position])
            rows.append(self._row._make(row))
        return rows


class Statement:
    """A statement that is made once for the lifetime of the process.

    Args:
        executable: The statement for SQLAlchemy, which can execute it as well. The values that change from call to
            call are `param`s.
    """

    def __init__(self, executable: Executable) -> None:
        self.executable = executable
        self._compiled: dict[str, Compiled] = {}

    def on(self, dialect: Dialect) -> Compiled:
        """The statement in the dialect of this database."""
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = Compiled(self.executable, dialect)
        return compiled

    def bind(self, **values: Any) -> "BoundStatement":
        """The statement with its values, by the names of its `param`s."""
        return BoundStatement(self, values)


class BoundStatement(NamedTuple):
    """A statement with its values."""

    statement: Statement
    values: Mapping[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """The values as SQLAlchemy takes them, with `Statement.executable`."""
        return {_PREFIX + name: value for name, value in self.values.items()}


def insert_into(table: Table, *columns: str) -> Statement:
    """A statement that inserts a row. These columns are given by their names, the others have their defaults."""
    return Statement(insert_returning(table, *columns).inline())


def insert_returning(table: Table, *columns: str) -> Insert:
    """The same for SQLAlchemy, to which the caller adds what is to be returned."""
    return table.insert().values({name: param(name, table.c[name].type) for name in columns})


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
            slots.append(Slot(name, bind.key.removeprefix(_PREFIX), process))
    return slots


def _columns(statement: Any) -> list[tuple[str, TypeEngine[Any]]]:
    described = statement.column_descriptions if statement.is_select else statement.returning_column_descriptions
    return [(column["name"], column["type"]) for column in described]


def _reader(type_: TypeEngine[Any], dialect: Dialect) -> Process | None:
    return type_.dialect_impl(dialect).result_processor(dialect, None)
