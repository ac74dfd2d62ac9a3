"""Writes the journals anew: `uv run python -m tests.golden.journals`."""

import tempfile
from pathlib import Path

from signoff.store import migrations
from signoff.store.database import Database
from tests.golden.journals.recording import JOURNALS, file_of, recorded

if __name__ == "__main__":
    for name in JOURNALS:
        with tempfile.TemporaryDirectory() as folder:
            db = Database(f"sqlite:///{Path(folder)}/signoff.db")
            migrations.upgrade(db)
            file_of(name).write_text(recorded(db, name), encoding="utf-8")
            db.close()
