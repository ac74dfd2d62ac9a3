"""Notices that the database's files were deleted, moved or replaced while this process has them open.

SQLite does not. It goes on writing into files that nobody will ever open again, so commits would succeed and be lost.
Every commit therefore makes sure, before and after it, that the paths still lead to the files that are open.
"""

import os
import sqlite3
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, event

from signoff.store.sqlite.wakeup import processes_with_another_file

File = tuple[int, int] | None
"""The device and the number of a file; `None` if there is none."""

_HEADER = 100
"""How many bytes the header of the file has (https://sqlite.org/fileformat2.html, 1.3)."""

_COUNTER = slice(24, 28)
"""The change counter in that header. It only grows."""

_INDEX = struct.Struct("=14xHI12x8s56xI28xI")
"""What is used of the index of the write-ahead log, in the file `-shm` (https://sqlite.org/walformat.html, 2.1): the
size of a page, the number of frames in the log, its salts, and up to which frame a checkpoint has come and wants to."""

_LOG_HEADER, _FRAME_HEADER = 32, 24
_MAX_PAGE_SIZE = 65536  # written as 1


class _Index(NamedTuple):
    """The index of the write-ahead log, which says how far the log is and how far the file."""

    page_size: int
    frames: int
    salts: bytes
    copied: int
    being_copied: int

    @property
    def checkpoint(self) -> tuple[object, ...]:
        """What a checkpoint changes."""
        return self.salts, self.copied, self.being_copied

    @property
    def log_size(self) -> int:
        """The least number of bytes that the log must have."""
        return _LOG_HEADER + self.frames * (_FRAME_HEADER + self.page_size) if self.frames else 0


class FileReplaced(sqlite3.OperationalError):
    """The files are not those that were opened. The message says what happened, and what to do."""

    def __init__(self, message: str, *, in_doubt: bool = False) -> None:
        super().__init__(message)
        self.in_doubt = in_doubt
        """Whether it was noticed only after a commit, so that the change may be in the file that was meant."""


class FileGuard:
    """Watches over the files of one opened database."""

    def __init__(self, file: Path) -> None:
        # Not resolved: a symbolic link that leads elsewhere later is what is looked for.
        self._file = file.absolute()
        self._path = str(self._file)
        # SQLite resolves links before it names the files beside the database.
        self._beside: tuple[str, str] | None = None
        self._lock = threading.Lock()
        self._open = 0
        self._known: tuple[File, File, File] | None = None
        self._modified = -1
        self._header = bytes(_HEADER)
        self._checkpoint: tuple[object, ...] | None = None
        self._overwritten = False
        # Where each of the files is open, as far as it was found.
        self._found: dict[int, tuple[int]] = {}

    def watch(self, engine: Engine) -> None:
        """Have every connection of this engine checked. It has to be set up before, so that its files are there."""
        event.listen(engine, "do_connect", self._before)
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "close", self._closed)

    @property
    def opened(self) -> tuple[int, int]:
        """The device and the number of the file that is open; zeros if none is."""
        return (self._known[0] if self._known else None) or (0, 0)

    def check_commit(self) -> None:
        """Make sure, after a commit, that the path still leads to the file that was written to.

        Raises:
            FileReplaced: If it does not.
        """
        if self._known is not None and _identify(self._path) != self._known[0]:
            raise FileReplaced(self._what_happened(), in_doubt=True)

    def check(self) -> None:
        """Make sure that the paths lead to the files that are open.

        Raises:
            FileReplaced: If they do not.
        """
        known, beside = self._known, self._beside
        if known is None or beside is None:
            return
        # Before the time of the file is read: as long as that is the same, no checkpoint has been made that the index
        # already tells of.
        index = self._read_index()
        try:
            found = os.stat(self._path)
        except OSError:
            raise FileReplaced(self._what_happened()) from None
        now = _identity(found), _identify(beside[0]), _identify(beside[1])
        if now != known or self._is_overwritten(found.st_mtime_ns, index) or self._is_log_cut(beside[0], index):
            raise FileReplaced(self._what_happened())

    def _before(self, *_: Any) -> None:
        """Do not even open another file: SQLite would change it, or create it."""
        if self._known is None:
            self._wait_for_others()
        elif _identify(self._path) != self._known[0] or self._overwritten:
            raise FileReplaced(self._what_happened())

    def _wait_for_others(self) -> None:
        """Do not open a new file whose neighbours are those of an earlier one: SQLite would mix the two."""
        if others := processes_with_another_file(self._file):
            raise FileReplaced(others_message(self._file, others))

    def _connected(self, connection: sqlite3.Connection, _record: object) -> None:
        resolved = self._file.resolve()
        beside = f"{resolved}-wal", f"{resolved}-shm"
        # Reading makes SQLite open the files beside the database, or create them.
        connection.execute("PRAGMA user_version").fetchone()
        found = _identify(self._path), _identify(beside[0]), _identify(beside[1])
        with self._lock:
            # SQLite deletes the files beside the database with the last connection, and creates them again.
            is_same = self._known is None or (found == self._known if self._open else found[0] == self._known[0])
            if is_same:
                self._known, self._beside = found, beside
                self._open += 1
        if not is_same:
            connection.close()
            raise FileReplaced(self._what_happened())

    def _closed(self, *_: Any) -> None:
        with self._lock:
            self._open -= 1

    def _is_overwritten(self, modified: int, index: _Index | None) -> bool:
        """Whether something else than SQLite has written into the file.

        SQLite writes into it only in a checkpoint, when it copies there what is in the log. So another header without
        a checkpoint is not SQLite's, and neither is one whose changes are older than before.
        """
        with self._lock:
            if modified != self._modified:
                header = self._read(0, _HEADER)
                if header is None:
                    return self._overwritten
                if index != self._read_index():
                    index = None
                is_older = _counter(header) < _counter(self._header)
                without_checkpoint = index is not None and index.checkpoint == self._checkpoint
                if is_older or (without_checkpoint and header != self._header):
                    self._overwritten = True
                    return True
                self._header, self._modified = header, modified
            # While a checkpoint is under way, or after one that was cut off, any header may be SQLite's.
            is_idle = index is not None and index.copied == index.being_copied
            self._checkpoint = index.checkpoint if index is not None and is_idle else None
            return self._overwritten

    def _is_log_cut(self, log: str, index: _Index | None) -> bool:
        """Whether the log is shorter than its index says. SQLite shortens it only once the index is empty."""
        if index is not None and _size(log) < index.log_size and index == self._read_index():
            self._overwritten = True
        return self._overwritten

    def _read_index(self) -> _Index | None:
        """The index of the log; `None` if it cannot be read."""
        found = self._read(2, _INDEX.size)
        if found is None:
            return None
        page_size, *rest = _INDEX.unpack(found)
        return _Index(_MAX_PAGE_SIZE if page_size == 1 else page_size, *rest)

    def _read(self, which: int, size: int) -> bytes | None:
        """The first bytes in one of the open files themselves, not as SQLite sees them; `None` if they cannot be read.

        Args:
            which: 0 for the database, 2 for the index.
        """
        # Read where SQLite has the file open. To close a second descriptor of it would release all locks that this
        # process has on it (https://sqlite.org/howtocorrupt.html, 2.2).
        wanted = self._known[which] if self._known else None
        for number in chain(self._found.get(which, ()), _descriptors()):
            with suppress(OSError):
                if _identity(os.fstat(number)) == wanted:
                    found = os.pread(number, size, 0)
                    if _identity(os.fstat(number)) == wanted and len(found) == size:
                        self._found[which] = (number,)
                        return found
        return None

    def _what_happened(self) -> str:
        known, beside = self._known or (None, None, None), self._beside or ("", "")
        found = _identify(self._path)
        if self._overwritten:
            return (
                f"The database file {self._path} was overwritten while Signoff was using it. Stop every Signoff "
                f"process, restore the file again, delete {Path(beside[0]).name} and {Path(beside[1]).name} beside it, "
                "and start Signoff."
            )
        if found is None:
            return (
                f"The database file {self._path} was deleted or moved while Signoff was using it. Put the same file "
                "back, and Signoff goes on; or stop every Signoff process, restore a backup, and start Signoff."
            )
        if found != known[0]:
            return (
                f"Another file was put in the place of the database {self._path} while Signoff was using it. Put the "
                f"first one back, and Signoff goes on; or, to use the new one, stop every Signoff process, delete "
                f"{Path(beside[0]).name} and {Path(beside[1]).name} if they are still there, and start Signoff."
            )
        return (
            f"{beside[0]} or {beside[1]}, which belong to the database, were deleted or replaced while Signoff was "
            "using it. Stop every Signoff process, but do not kill it: what only these files had is then saved. Start "
            "Signoff again."
        )


def others_message(file: Path, processes: list[int]) -> str:
    """What is wrong if processes use a file that was there earlier, and what to do."""
    which = ", ".join(map(str, processes))
    return (
        f"The database file {file} was deleted, moved or replaced while Signoff was using it. Processes that still "
        f"have the earlier file open, and record nothing: {which}. Put that file back, or stop them, delete "
        f"{file.name}-wal and {file.name}-shm if they are still there, and start Signoff."
    )


def _identify(path: str) -> File:
    try:
        return _identity(os.stat(path))
    except OSError:
        return None


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _counter(header: bytes) -> int:
    return int.from_bytes(header[_COUNTER], "big")


def _descriptors() -> Iterator[int]:
    """The files that this process has open, where the system tells."""
    with suppress(OSError):
        yield from map(int, os.listdir("/proc/self/fd"))
