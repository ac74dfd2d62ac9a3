"""The list of revisions is complete."""

from pathlib import Path

from alembic.script import ScriptDirectory

import signoff.store.migrations


def test_every_script_is_a_known_revision() -> None:
    """In order, so that Signoff can tell without Alembic whether a database is up to date, or newer than itself."""
    scripts = ScriptDirectory(str(Path(signoff.store.migrations.__file__).parent)).walk_revisions()
    assert tuple(script.revision for script in scripts)[::-1] == signoff.store.migrations.REVISIONS
