"""The revisions that Signoff knows are those that have a script."""

from pathlib import Path

from alembic.script import ScriptDirectory

import signoff.store.migrations


def test_every_script_is_a_known_revision() -> None:
    """In their order, so that a database is known to be up to date, or to be newer than Signoff, without Alembic."""
    scripts = ScriptDirectory(str(Path(signoff.store.migrations.__file__).parent)).walk_revisions()
    assert tuple(script.revision for script in scripts)[::-1] == signoff.store.migrations.REVISIONS
