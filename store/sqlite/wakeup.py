"""Processes on one SQLite file ring each other when they have committed: each hangs a named pipe beside the file.

Not sockets, whose paths may have 107 bytes only; and not the file system's own events, which Python does not come
with. Where no pipe can be made, and from a writer that rings nobody (`sqlite3` in a shell), SQLite's counter tells
of a commit, only later.
"""

import errno
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TRIES = 5
"""How often a bell is hung up anew when the one who left last took the folder away meanwhile."""

_FULL = 65536
"""Bytes that a pipe holds at most."""


class Doorbell:
    """The bell of one opened record, and the way to the others'. They hang in `FILE-bells`."""

    def __init__(self, file: Path) -> None:
        # SQLite follows links, too, before it names the files beside its own.
        self._file = file.resolve()
        self._folder = Path(f"{self._file}-bells")
        self._name = uuid.uuid4().hex

    @contextmanager
    def hung(self) -> Iterator[int | None]:
        """Within the block others can ring; the open pipe that they ring, or `None` where there can be none."""
        try:
            pipe = self._hang()
        except OSError:
            pipe = None
        try:
            yield pipe
        finally:
            if pipe is not None:
                os.close(pipe)
                with suppress(OSError):
                    (self._folder / self._name).unlink()
                    # Not while others' bells hang there.
                    self._folder.rmdir()

    def ring(self, words: Iterable[str]) -> None:
        """Tell every other process these words. It neither waits nor fails: who is not told notices by the counter."""
        try:
            names = os.listdir(self._folder)
        except OSError:
            return
        told = _line(words)
        for name in names:
            if name != self._name and not name.startswith("."):
                _ring(f"{self._folder}/{name}", told)

    def _hang(self) -> int | None:
        if not hasattr(os, "mkfifo"):
            return None
        # Who may use the record may ring.
        mode = self._file.stat().st_mode & 0o666
        for _ in range(TRIES):
            with suppress(FileNotFoundError):
                return self._hang_in_folder(mode)
        return None

    def _hang_in_folder(self, mode: int) -> int:
        with suppress(FileExistsError):
            self._folder.mkdir()
            self._folder.chmod(mode | (mode & 0o444) >> 2)
        # Others see it once it is open: a pipe that nobody reads is taken for that of a dead process.
        hidden = self._folder / f".{self._name}"
        os.mkfifo(hidden)
        hidden.chmod(mode)
        # Open for writing, too: so it never ends when those who ring close it.
        pipe = os.open(hidden, os.O_RDWR | os.O_NONBLOCK)
        hidden.rename(self._folder / self._name)
        return pipe


def heard(pipe: int) -> set[str]:
    """The words that were told since the last call."""
    with suppress(BlockingIOError):
        return set(os.read(pipe, _FULL).decode(errors="replace").split())
    return set()


def _line(words: Iterable[str]) -> bytes:
    return " ".join([*words, ""]).encode()


def _ring(path: str, told: bytes) -> None:
    try:
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno == errno.ENXIO:
            # Its process was killed.
            with suppress(OSError):
                os.unlink(path)
        return
    # One that is full has woken its process already.
    with suppress(OSError):
        os.write(pipe, told)
    os.close(pipe)
