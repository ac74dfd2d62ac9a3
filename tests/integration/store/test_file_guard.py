"""A SQLite file that is deleted, moved or replaced while it is open: nothing is acknowledged that nobody will find."""

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.errors import DatabaseReplaced, DatabaseUnavailable
from signoff.store.runs import runs
from signoff.store.sqlite.file_system import network_file_system
from signoff.store.sqlite.wakeup import processes_with_another_file
from tests.integration.store.samples import a_run
from tests.support.waiting import PATIENCE

Change = Callable[[Path], Callable[[], object] | None]
"""Does something to the file; what undoes it, if anything does."""


@pytest.fixture
def file(tmp_path: Path, sqlite_file: Path) -> Path:
    """A database in a folder that a symbolic link leads to, and a backup of it."""
    (tmp_path / "real").mkdir()
    shutil.copy(sqlite_file, tmp_path / "real" / "signoff.db")
    shutil.copy(sqlite_file, tmp_path / "backup.db")
    (tmp_path / "link").symlink_to("real")
    return tmp_path / "link" / "signoff.db"


@pytest.fixture
def db(file: Path) -> Iterator[Database]:
    """The database, opened by the link."""
    with closing(Database(f"sqlite:///{file}")) as db:
        yield db


def deleted(file: Path) -> None:
    file.unlink()


def moved(file: Path) -> Callable[[], object]:
    aside = file.with_name("aside.db")
    file.rename(aside)
    return lambda: aside.rename(file)


def replaced(file: Path) -> Callable[[], object]:
    """As `cp --remove-destination`, `mv` and most editors do it."""
    aside = file.with_name("aside.db")
    file.rename(aside)
    shutil.copy(file.parents[1] / "backup.db", file)
    return lambda: aside.replace(file)


def link_switched(file: Path) -> Callable[[], object]:
    other = file.parents[1] / "other"
    other.mkdir()
    shutil.copy(file.parents[1] / "backup.db", other / "signoff.db")

    def lead_to(name: str) -> None:
        new = file.parents[1] / "new"
        new.symlink_to(name)
        new.replace(file.parent)

    lead_to("other")
    return lambda: lead_to("real")


def folder_renamed(file: Path) -> Callable[[], object]:
    folder = file.parents[1] / "real"
    folder.rename(folder.with_name("renamed"))
    return lambda: folder.with_name("renamed").rename(folder)


def wal_deleted(file: Path) -> None:
    Path(f"{file}-wal").unlink()


def shm_deleted(file: Path) -> None:
    Path(f"{file}-shm").unlink()


def overwritten(file: Path) -> None:
    """By another process: this one would lose its locks on the file."""
    subprocess.run(["cp", file.parents[1] / "backup.db", file], check=True)


def overwritten_by_a_newer_file(file: Path) -> None:
    """One whose counter of changes is ahead, such as a copy of another database."""
    other = file.parents[1] / "backup.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        for number in range(9):
            connection.execute(f"CREATE TABLE more_{number} (x TEXT)")
        connection.execute("PRAGMA journal_mode=WAL")
    overwritten(file)


def overwritten_by_a_copy_of_it(file: Path) -> None:
    """Its counter is the same: SQLite hardly ever raises it in WAL mode."""
    header = bytearray((file.parents[1] / "backup.db").read_bytes())
    header[24:28] = file.read_bytes()[24:28]
    (file.parents[1] / "backup.db").write_bytes(header)
    overwritten(file)


def wal_emptied(file: Path) -> None:
    """By another process, with the file itself left in its place."""
    subprocess.run(["truncate", "--size=0", f"{file}-wal"], check=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (deleted, "was deleted or moved while Signoff was using it"),
        (moved, "was deleted or moved while Signoff was using it"),
        (replaced, "Another file was put in the place of the database"),
        (link_switched, "Another file was put in the place of the database"),
        (folder_renamed, "was deleted or moved while Signoff was using it"),
        (wal_deleted, "Stop every Signoff process, but do not kill it"),
        (shm_deleted, "Stop every Signoff process, but do not kill it"),
        (overwritten, "was overwritten while Signoff was using it"),
        (overwritten_by_a_newer_file, "was overwritten while Signoff was using it"),
        (overwritten_by_a_copy_of_it, "was overwritten while Signoff was using it"),
        (wal_emptied, "was overwritten while Signoff was using it"),
    ],
)
def test_nothing_is_acknowledged_once_the_file_is_not_there(
    db: Database, file: Path, change: Change, says: str
) -> None:
    """Invariant 1: the error says what happened and what to do. If the file comes back, work goes on."""
    kept = a_run(db)
    with db.write() as tx:
        tx.execute(text("CREATE TABLE padding (x TEXT)"))
        tx.execute(text("INSERT INTO padding VALUES (hex(zeroblob(50000)))"))
    with db.read() as reading:
        reading.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    a_run(db)
    undo = change(file)
    for _ in range(2):
        with pytest.raises(DatabaseReplaced, match=says):
            a_run(db)
    if undo is not None:
        undo()
        also_kept = a_run(db)
        assert {kept.id, also_kept.id} <= {run.id for run in runs.newest(db)}


def test_checkpoints_of_other_processes_are_not_taken_for_an_overwritten_file(db: Database, file: Path) -> None:
    """Whoever makes them, and whether they cut the log off or leave it."""
    with closing(sqlite3.connect(file)) as other:
        for number in range(40):
            a_run(db)
            other.execute(f"PRAGMA wal_checkpoint({('PASSIVE', 'FULL', 'RESTART', 'TRUNCATE')[number % 4]})").fetchall()
            other.execute(f"CREATE TABLE more_{number} (x TEXT)")
    assert len(runs.newest(db)) == 40


def test_another_file_is_not_even_opened(db: Database, file: Path) -> None:
    """A process that needs one more connection leaves no trace in it."""
    a_run(db)
    db.engine.dispose()
    replaced(file)
    before = file.read_bytes()
    with pytest.raises(DatabaseReplaced):
        runs.newest(db)
    assert file.read_bytes() == before
    assert not Path(f"{file}-wal").exists()


def test_what_only_a_deleted_wal_had_is_saved_by_a_stop(db: Database, file: Path) -> None:
    """The message asks for that, and not for `kill -9`."""
    kept = a_run(db)
    wal_deleted(file)
    with pytest.raises(DatabaseReplaced):
        a_run(db)
    db.close()
    with closing(Database(f"sqlite:///{file}")) as again:
        assert [run.id for run in runs.newest(again)] == [kept.id]


def test_of_many_writers_none_is_told_that_it_has_written_into_nothing(db: Database, file: Path) -> None:
    """Invariant 1: whatever was acknowledged is in the file that was there at that moment."""
    acknowledged: list[str] = []
    refused: list[Exception] = []

    def write() -> None:
        try:
            while True:
                acknowledged.append(a_run(db).id)
        except DatabaseUnavailable as error:
            refused.append(error)

    writers = [threading.Thread(target=write) for _ in range(8)]
    for writer in writers:
        writer.start()
    while len(acknowledged) < 50:
        assert any(writer.is_alive() for writer in writers)
    replaced(file)
    for writer in writers:
        writer.join(PATIENCE)
    assert len(refused) == len(writers)
    aside = file.with_name("aside.db")
    for end in ("-wal", "-shm"):
        Path(f"{file}{end}").rename(f"{aside}{end}")
    with closing(sqlite3.connect(aside)) as reading:
        assert {*acknowledged} <= {row[0] for row in reading.execute("SELECT id FROM flow_runs")}


def test_a_process_that_only_waits_says_so_too(db: Database, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It commits nothing that could be refused."""
    with db.changes.subscribe(Topic.RUNS) as changes:
        assert changes.wait(PATIENCE)
        undo = moved(file)
        while "was deleted or moved while Signoff was using it" not in caplog.text:
            # Nothing is announced while the database is away.
            changes.wait(0.1)
        changes.wait(0)
        undo()
        assert changes.wait(PATIENCE)


def test_a_file_that_is_opened_by_several_processes_keeps_its_neighbours(db: Database, file: Path) -> None:
    """Whoever comes and goes: the last one to go deletes them, and the next one makes new ones."""
    a_run(db)
    for _ in range(3):
        with closing(Database(f"sqlite:///{file}")) as other:
            a_run(other)
        a_run(db)
        db.engine.dispose()
        a_run(db)


def test_processes_that_still_use_an_earlier_file_are_found(db: Database, file: Path) -> None:
    """Those that wait for changes, as every service does."""
    with db.changes.subscribe(Topic.RUNS) as changes:
        assert changes.wait(PATIENCE)
        assert processes_with_another_file(file) == []
        undo = replaced(file)
        assert processes_with_another_file(file) == [os.getpid()]
        undo()
        assert processes_with_another_file(file) == []
        file.unlink()
        assert processes_with_another_file(file) == [os.getpid()]


MOUNTS = r"""
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:25 / /srv rw,relatime shared:2 - nfs4 files:/srv rw,vers=4.2
31 30 8:2 / /srv/local rw - xfs /dev/sdb1 rw
32 21 0:26 / /mnt/my\040share rw - cifs //files/share rw
""".strip()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/signoff.db", "nfs4"),
        ("/srv/local/signoff.db", None),
        ("/mnt/my share/a/signoff.db", "cifs"),
        ("/srvx/signoff.db", None),
    ],
)
def test_a_network_file_system_is_recognised(path: str, kind: str | None) -> None:
    """The innermost mount counts."""
    assert network_file_system(Path(path), MOUNTS) == kind


def test_this_machines_folders_are_local(tmp_path: Path) -> None:
    """Otherwise `signoff doctor` would complain about every database."""
    assert network_file_system(tmp_path / "signoff.db") is None
