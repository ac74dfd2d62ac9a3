"""Processes that share a SQLite file wake each other after a commit, through named pipes in the folder `FILE-wakeup`.

A process that waits for changes listens on a pipe of its own. A process that commits writes the changed topics to
every other pipe in the folder.

Why pipes: the path of a Unix socket may be only about 107 bytes long, and Python has no file system notifications.
Where no pipe can be made, and for programs that notify nobody, such as `sqlite3`, the watcher polls SQLite's change
counter instead.
"""

import errno
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MAX_ATTEMPTS = 5
"""How often a pipe is created, if the last process to leave removes the folder at the same moment."""

_NAME = r"\d+\.\d+\.\d+\.[0-9a-f]+"
"""A process, the device and the number of the file that it has open, and something that makes it unique."""

_PIPE_CAPACITY = 65536
"""Bytes that a pipe holds at most."""


class Wakeup:
    """The pipe of one opened database, and the way to those of other processes."""

    def __init__(self, file: Path) -> None:
        # Resolved as SQLite does it before it names the files beside the database.
        self._file = file.resolve()
        self._folder = Path(f"{self._file}-wakeup")
        self._name = ""

    @contextmanager
    def listen(self, opened: tuple[int, int]) -> Iterator[int | None]:
        """Receive notifications within the block.

        Args:
            opened: The device and the number of the file that this process has open.

        Returns:
            The file descriptor of the pipe, ready to be read when a notification has come; `None` if no pipe can be
            made here.
        """
        device, number = opened
        self._name = f"{os.getpid()}.{device}.{number}.{uuid.uuid4().hex}"
        try:
            pipe = self._create_pipe()
        except OSError:
            pipe = None
        try:
            yield pipe
        finally:
            if pipe is not None:
                os.close(pipe)
                with suppress(OSError):
                    (self._folder / self._name).unlink()
                    # Fails as long as other processes have their pipes in it.
                    self._folder.rmdir()

    def notify(self, topics: Iterable[str]) -> None:
        """Tell every other process what has changed.

        This neither blocks nor fails. A process that misses a notification sees the change by the counter.
        """
        try:
            names = os.listdir(self._folder)
        except OSError:
            return
        message = " ".join([*topics, ""]).encode()
        for name in names:
            if name != self._name and not name.startswith("."):
                _write(f"{self._folder}/{name}", message)

    def _create_pipe(self) -> int | None:
        if not hasattr(os, "mkfifo"):
            return None
        # Whoever may use the database may send notifications.
        mode = self._file.stat().st_mode & 0o666
        for _ in range(MAX_ATTEMPTS):
            with suppress(FileNotFoundError):
                return self._create_pipe_in_folder(mode)
        return None

    def _create_pipe_in_folder(self, mode: int) -> int:
        with suppress(FileExistsError):
            self._folder.mkdir()
            self._folder.chmod(mode | (mode & 0o444) >> 2)
        # Hidden until it is open, because a pipe without a reader is taken for that of a dead process.
        hidden = self._folder / f".{self._name}"
        os.mkfifo(hidden)
        hidden.chmod(mode)
        # Open for writing too: otherwise the pipe would be at its end whenever no writer has it open.
        pipe = os.open(hidden, os.O_RDWR | os.O_NONBLOCK)
        hidden.rename(self._folder / self._name)
        return pipe


def processes_with_another_file(file: Path) -> list[int]:
    """The ids of the processes that listen here, but have another file open than the one that is there now.

    They opened one that was deleted, moved or replaced since.
    """
    folder = f"{file.resolve()}-wakeup"
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    try:
        found = os.stat(file)
        current = f".{found.st_dev}.{found.st_ino}."
    except OSError:
        current = None
    others = [name for name in names if re.fullmatch(_NAME, name) and (current is None or current not in name)]
    return sorted(int(name.partition(".")[0]) for name in others if _has_reader(f"{folder}/{name}"))


def _has_reader(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW))
    except OSError:
        return False
    return True


def drain(pipe: int) -> set[str]:
    """The topics of all notifications that came since the last call."""
    with suppress(BlockingIOError):
        return set(os.read(pipe, _PIPE_CAPACITY).decode(errors="replace").split())
    return set()


def _write(path: str, message: bytes) -> None:
    try:
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno == errno.ENXIO:
            # Nobody has it open for reading: its process was killed.
            with suppress(OSError):
                os.unlink(path)
        return
    # Not written to a full pipe: its process has enough to wake up for.
    with suppress(OSError):
        os.write(pipe, message)
    os.close(pipe)
