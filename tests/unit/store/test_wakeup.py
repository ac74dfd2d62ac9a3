"""Named pipes by which processes on one SQLite file wake each other, without a database."""

import os
import select
import stat
from pathlib import Path

import pytest

from signoff.store.sqlite.wakeup import Wakeup, drain


@pytest.fixture
def file(tmp_path: Path) -> Path:
    database = tmp_path / "signoff.db"
    database.touch(0o640)
    return database


def folder(file: Path) -> Path:
    return file.with_name("signoff.db-wakeup")


def test_a_notification_reaches_every_process_but_the_sender(file: Path) -> None:
    """The topics of several notifications are received together, each once."""
    wakeups = [Wakeup(file) for _ in range(3)]
    with wakeups[0].listen((1, 2)) as own, wakeups[1].listen((1, 2)) as second, wakeups[2].listen((1, 2)) as third:
        assert own is not None
        assert second is not None
        assert third is not None
        wakeups[0].notify(["runs", "prompts"])
        wakeups[0].notify(["cards", "runs"])
        assert drain(second) == drain(third) == {"runs", "prompts", "cards"}
        assert drain(own) == set()


def test_a_notification_ends_the_wait_at_once(file: Path) -> None:
    """Nothing has to poll: the pipe becomes readable."""
    listener, sender = Wakeup(file), Wakeup(file)
    with listener.listen((1, 2)) as pipe:
        assert pipe is not None
        assert select.select([pipe], [], [], 0)[0] == []
        sender.notify(["runs"])
        assert select.select([pipe], [], [], 0)[0] == [pipe]
        drain(pipe)
        assert select.select([pipe], [], [], 0)[0] == []


def test_links_to_one_file_lead_to_the_same_pipes(file: Path, tmp_path: Path) -> None:
    """As they lead to one write-ahead log of SQLite."""
    link = tmp_path / "link.db"
    link.symlink_to(file)
    with Wakeup(link).listen((1, 2)) as pipe:
        assert pipe is not None
        Wakeup(file).notify(["runs"])
        assert drain(pipe) == {"runs"}


def test_the_last_process_to_leave_removes_the_folder(file: Path) -> None:
    """Earlier ones leave the pipes of the others alone."""
    first, last = Wakeup(file), Wakeup(file)
    with first.listen((1, 2)):
        with last.listen((1, 2)):
            assert len(os.listdir(folder(file))) == 2
        assert len(os.listdir(folder(file))) == 1
    assert not folder(file).exists()
    first.notify(["runs"])


def test_the_pipe_of_a_dead_process_is_removed_by_the_next_notification(file: Path) -> None:
    """Pipes that killed processes leave behind do not pile up."""
    folder(file).mkdir()
    os.mkfifo(folder(file) / "dead")
    with Wakeup(file).listen((1, 2)) as pipe:
        assert pipe is not None
        Wakeup(file).notify(["runs"])
        assert drain(pipe) == {"runs"}
        assert "dead" not in os.listdir(folder(file))


def test_a_sender_never_waits_for_a_process_that_does_not_read(file: Path) -> None:
    """The pipe of a stopped process fills up, and the commits of others continue."""
    listener, sender = Wakeup(file), Wakeup(file)
    with listener.listen((1, 2)) as pipe:
        assert pipe is not None
        for _ in range(20_000):
            sender.notify(["runs"])
        assert drain(pipe) == {"runs"}
        assert drain(pipe) == set()


def test_whoever_may_use_the_database_may_send_notifications(file: Path) -> None:
    """Nobody else may, whatever the umask is."""
    with Wakeup(file).listen((1, 2)):
        (pipe,) = folder(file).iterdir()
        assert [stat.S_IMODE(path.stat().st_mode) for path in (pipe, folder(file))] == [0o640, 0o750]


def test_nothing_fails_where_no_pipe_can_be_made(file: Path) -> None:
    """Something else has the folder's name, for instance."""
    folder(file).write_text("a file")
    wakeup = Wakeup(file)
    with wakeup.listen((1, 2)) as pipe:
        assert pipe is None
        wakeup.notify(["runs"])
    assert folder(file).read_text() == "a file"
