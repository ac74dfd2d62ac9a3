"""What the database aborts in favour of others is done again."""

import ast
from pathlib import Path

import pytest

from signoff.store import sql
from signoff.store.errors import DatabaseUnavailable, TransactionConflict
from signoff.store.sql import conflicts
from signoff.store.sql.conflicts import transactional

STORE = Path(sql.__file__).parents[1]


def test_every_function_that_writes_is_done_again_after_a_conflict() -> None:
    """None of the store's functions may leave a deadlock to its caller."""
    writing, left = 0, []
    for file in STORE.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for function in [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]:
            if "db.write()" in ast.unparse(function):
                writing += 1
                if "transactional" not in map(ast.unparse, function.decorator_list):
                    left.append(f"{file.name}: {function.name}")
    assert writing > 30
    assert left == []


def test_a_conflict_that_never_ends_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some attempts. Any other error is raised at once."""
    monkeypatch.setattr(conflicts, "MAX_PAUSE_SECONDS", 0.0)
    tries = 0

    @transactional
    def collide(error: Exception) -> None:
        nonlocal tries
        tries += 1
        raise error

    with pytest.raises(TransactionConflict):
        collide(TransactionConflict())
    assert tries == conflicts.ATTEMPTS
    with pytest.raises(DatabaseUnavailable):
        collide(DatabaseUnavailable())
    assert tries == conflicts.ATTEMPTS + 1
