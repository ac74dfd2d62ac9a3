"""SQLite lets one write at a time. The writers of one process take turns, and those that queue share a commit.

A commit is what costs: it waits for the disk. So whoever writes leaves the commit to the next in the queue, and only
the last one makes it, for all of them. Each of them waits for it, and if it fails none of them has written anything.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from store.patience import BUSY_TIMEOUT, in_hurry, patience
from store.transactions import Transaction

MOST = 64
"""How many writers share a commit at most."""

LOOK_EVERY = 0.05
"""Seconds after which a writer looks whether the next in the queue, who was to commit, has given up meanwhile."""

_BUSY_MILLISECONDS = round(BUSY_TIMEOUT * 1000)


class TooLong(Exception):
    """Whoever waits for a turn is in a hurry, and it did not come in time."""


@dataclass
class Group:
    """Writers that share a commit.

    Attributes:
        parts: How many of them have written.
        error: Why nothing of it was committed; `None` if all of it was.
    """

    connection: Connection
    parts: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None

    @property
    def driver(self) -> Any:
        """SQLite's own connection."""
        return self.connection.connection.driver_connection


class Turns:
    """The queue of one process before one file.

    Args:
        connect: Opens a connection on which no transaction has begun.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._group: Group | None = None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that is committed, perhaps with others, at the end of the block.

        Raises:
            TooLong: If the turn does not come in time.
            sqlite3.Error: If the database refuses, be it only another one's part of the commit.
        """
        self._take_turn()
        try:
            group = self._group or self._begin()
            with self._part_of(group):
                yield Transaction(group.connection)
        finally:
            self._turn.release()
        # Who commits is the last in the queue; unless that one gave up.
        while not group.ended.wait(LOOK_EVERY):
            if self._turn.acquire(blocking=False):
                self._end(group)
                self._turn.release()
        if group.error is not None:
            raise group.error

    def _take_turn(self) -> None:
        with self._counting:
            self._waiting += 1
        try:
            if not self._turn.acquire(timeout=patience() if in_hurry() else -1):
                raise TooLong
        finally:
            with self._counting:
                self._waiting -= 1

    def _begin(self) -> Group:
        """Begin with the lock that writers need, for which only so much time is waited."""
        connection = self._connect()
        group = Group(connection)
        try:
            milliseconds = round(patience() * 1000)
            if connection.info.get("busy_timeout", _BUSY_MILLISECONDS) != milliseconds:
                group.driver.execute(f"PRAGMA busy_timeout={milliseconds}")
                connection.info["busy_timeout"] = milliseconds
            group.driver.execute("BEGIN IMMEDIATE")
        except BaseException:
            connection.close()
            raise
        self._group = group
        return group

    @contextmanager
    def _part_of(self, group: Group) -> Iterator[None]:
        """Within the block one of a group writes; if it fails, the parts of the others stand."""
        if group.parts:
            group.driver.execute("SAVEPOINT part")
        try:
            yield
        except BaseException as error:
            if not group.driver.in_transaction:
                # SQLite itself has undone everything: the disk is full, for instance.
                group.error = error
            elif group.parts:
                group.driver.execute("ROLLBACK TO part")
            self._end_if_last(group)
            raise
        if group.parts:
            group.driver.execute("RELEASE part")
        group.parts += 1
        self._end_if_last(group)

    def _end_if_last(self, group: Group) -> None:
        if not self._waiting or group.parts in (0, MOST) or group.error is not None:
            self._end(group)

    def _end(self, group: Group) -> None:
        """Commit what stands, unless that was done; whoever calls this has the turn."""
        if self._group is not group:
            return
        self._group = None
        try:
            if group.error is None:
                group.driver.execute("COMMIT" if group.parts else "ROLLBACK")
        except sqlite3.Error as error:
            group.error = error
        finally:
            group.connection.close()
            group.ended.set()
