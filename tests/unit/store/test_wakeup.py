"""Processes that ring each other's bells, without a database."""

import os
import select
import stat
from pathlib import Path

import pytest

from signoff.store.sqlite.wakeup import Doorbell, heard


@pytest.fixture
def file(tmp_path: Path) -> Path:
    record = tmp_path / "signoff.db"
    record.touch(0o640)
    return record


def folder(file: Path) -> Path:
    return file.with_name("signoff.db-bells")


def test_everybody_else_hears_and_who_rings_does_not(file: Path) -> None:
    """Words of several rings are heard together, each once."""
    bells = [Doorbell(file) for _ in range(3)]
    with bells[0].hung() as mine, bells[1].hung() as second, bells[2].hung() as third:
        assert mine is not None
        assert second is not None
        assert third is not None
        bells[0].ring(["runs", "prompts"])
        bells[0].ring(["cards", "runs"])
        assert heard(second) == heard(third) == {"runs", "prompts", "cards"}
        assert heard(mine) == set()


def test_a_ring_ends_the_wait_at_once(file: Path) -> None:
    """Nobody has to look: the pipe can be waited for."""
    bell, other = Doorbell(file), Doorbell(file)
    with bell.hung() as pipe:
        assert pipe is not None
        assert select.select([pipe], [], [], 0)[0] == []
        other.ring(["runs"])
        assert select.select([pipe], [], [], 0)[0] == [pipe]
        heard(pipe)
        assert select.select([pipe], [], [], 0)[0] == []


def test_links_to_one_file_lead_to_the_same_bells(file: Path, tmp_path: Path) -> None:
    """As SQLite keeps one write-ahead log for them."""
    link = tmp_path / "link.db"
    link.symlink_to(file)
    with Doorbell(link).hung() as pipe:
        assert pipe is not None
        Doorbell(file).ring(["runs"])
        assert heard(pipe) == {"runs"}


def test_the_last_who_leaves_takes_the_folder_away(file: Path) -> None:
    """And not the others' bells with it."""
    first, last = Doorbell(file), Doorbell(file)
    with first.hung():
        with last.hung():
            assert len(os.listdir(folder(file))) == 2
        assert len(os.listdir(folder(file))) == 1
    assert not folder(file).exists()
    first.ring(["runs"])


def test_the_bell_of_a_dead_process_is_taken_down_by_who_rings_it(file: Path) -> None:
    """Killed processes leave their pipes; they do not pile up."""
    folder(file).mkdir()
    os.mkfifo(folder(file) / "dead")
    with Doorbell(file).hung() as pipe:
        assert pipe is not None
        Doorbell(file).ring(["runs"])
        assert heard(pipe) == {"runs"}
        assert "dead" not in os.listdir(folder(file))


def test_who_rings_never_waits_for_who_does_not_listen(file: Path) -> None:
    """A stopped process's pipe fills up, and the commits of others go on."""
    bell, other = Doorbell(file), Doorbell(file)
    with bell.hung() as pipe:
        assert pipe is not None
        for _ in range(20_000):
            other.ring(["runs"])
        assert heard(pipe) == {"runs"}
        assert heard(pipe) == set()


def test_who_may_use_the_record_may_ring(file: Path) -> None:
    """Nobody else may, whatever the umask is."""
    with Doorbell(file).hung():
        (bell,) = folder(file).iterdir()
        assert [stat.S_IMODE(path.stat().st_mode) for path in (bell, folder(file))] == [0o640, 0o750]


def test_where_there_can_be_no_bell_nothing_fails(file: Path) -> None:
    """Something else has the folder's name, for instance."""
    folder(file).write_text("a file")
    bell = Doorbell(file)
    with bell.hung() as pipe:
        assert pipe is None
        bell.ring(["runs"])
    assert folder(file).read_text() == "a file"
