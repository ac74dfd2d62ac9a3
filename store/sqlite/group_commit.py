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

from sqlalchemy import Engine, PoolProxiedConnection

from signoff.store.changes import Topic
from signoff.store.sql.transactions import Transaction
from signoff.store.sql.write_timeout import BUSY_TIMEOUT, in_hurry, patience

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
        topics: What they have changed.
        waiting: A lock for each that waits for the commit, held until it is made.
        error: Why nothing of it was committed; `None` if all of it was.
    """

    opened: PoolProxiedConnection
    parts: int = 0
    topics: set[Topic] = field(default_factory=set)
    waiting: list[threading.Lock] = field(default_factory=list)
    is_over: bool = False
    error: BaseException | None = None

    @property
    def driver(self) -> Any:
        """SQLite's own connection."""
        return self.opened.driver_connection


class Turns:
    """The queue of one process before one file.

    Args:
        engine: Its connections begin no transaction by themselves.
        committed: Told of each commit what it has changed.
    """

    def __init__(self, engine: Engine, committed: Callable[[set[Topic]], None]) -> None:
        self._engine = engine
        self._committed = committed
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._group: Group | None = None
        self._changed: set[Topic] = set()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that is committed, perhaps with others, at the end of the block.

        Raises:
            TooLong: If the turn does not come in time.
            sqlite3.Error: If the database refuses, be it only another one's part of the commit.
        """
        self._queue()
        with self._turn_taken():
            group = self._group or self._begin()
            with self._part_of(group):
                transaction = Transaction(self._engine, group.opened)
                yield transaction
                group.topics |= transaction.topics
            ended = None if group.is_over else self._promise(group)
        if ended is not None:
            self._wait_for(group, ended)
        if group.error is not None:
            raise group.error

    def _promise(self, group: Group) -> threading.Lock:
        """What is released as soon as the group has ended."""
        ended = threading.Lock()
        ended.acquire()
        group.waiting.append(ended)
        return ended

    def _wait_for(self, group: Group, ended: threading.Lock) -> None:
        while not ended.acquire(timeout=LOOK_EVERY):
            # Who commits is the last in the queue; unless that one gave up.
            if self._turn.acquire(blocking=False):
                with self._turn_taken():
                    self._end(group)

    @contextmanager
    def _turn_taken(self) -> Iterator[None]:
        """Until its end the block has the turn. Who has committed tells of it, for all, when others may go on."""
        try:
            yield
        finally:
            changed, self._changed = self._changed, set()
            self._turn.release()
            if changed:
                self._committed(changed)

    def _queue(self) -> None:
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
        opened = self._engine.raw_connection()
        group = Group(opened)
        try:
            milliseconds = round(patience() * 1000)
            if opened.info.get("busy_timeout", _BUSY_MILLISECONDS) != milliseconds:
                group.driver.execute(f"PRAGMA busy_timeout={milliseconds}")
                opened.info["busy_timeout"] = milliseconds
            group.driver.execute("BEGIN IMMEDIATE")
        except BaseException:
            opened.close()
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
                self._leave_part(group, "ROLLBACK TO part")
            self._end_if_last(group)
            raise
        if group.parts:
            self._leave_part(group, "RELEASE part")
        group.parts += 1
        self._end_if_last(group)

    def _leave_part(self, group: Group, statement: str) -> None:
        """Where it is not known what of a part stands, nothing of the group does."""
        try:
            group.driver.execute(statement)
        except sqlite3.Error as error:
            group.error = error
            self._end(group)
            raise

    def _let_go(self, group: Group) -> None:
        """Give the connection back, with nothing open in it."""
        try:
            if group.driver.in_transaction:
                group.driver.rollback()
        except sqlite3.Error:
            group.opened.invalidate()
        else:
            group.opened.close()

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
                self._changed = group.topics
        except sqlite3.Error as error:
            group.error = error
        finally:
            self._let_go(group)
            group.is_over = True
            for each in group.waiting:
                each.release()
