"""Group commit: the writers of one process queue for SQLite's only write lock, and those in the queue share a commit.

The commit is the expensive part of a small write, because it waits for the disk. So a writer that sees others in the
queue leaves the commit to them, and waits; the last one in the queue commits for the whole batch. A transaction returns
only when it has been committed. If the commit fails, every writer of the batch gets the error, and none of them has
written anything.

The states of a batch:

             BEGIN IMMEDIATE            others are in the queue
    (none) ──────────────────► WRITING ─────────────────────────► WAITING
                                │   ▲                              │   │
                                │   └─── next writer: SAVEPOINT ───┘   │
      nobody is in the queue,   │                                      │  those in the queue gave up,
      or it is full, or failed  ▼                                      │  so a waiting writer ends it
                              ENDED ◄──────────────────────────────────┘

WRITING: the writer whose turn it is has the lock. WAITING: nobody has; the writers so far wait for the commit. ENDED:
the batch was committed or rolled back, and every writer returns, or raises `Batch.error`.

A writer that fails undoes only its own changes: each but the first of a batch begins with a savepoint. The first has
none, which saves two statements where writers are alone; if it fails, the batch is empty and is rolled back.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection

from signoff.store.changes import Topic
from signoff.store.sql.transactions import Transaction
from signoff.store.sql.write_timeout import BUSY_TIMEOUT, lock_timeout, seconds_left
from signoff.store.sqlite.file_guard import FileGuard

MAX_BATCH = 64
"""How many writers share a commit at most."""

MAX_BATCH_SECONDS = 0.02
"""How long a batch takes more writers. While the queue is not empty, the first writer waits for those that follow."""

CHECK_INTERVAL = 0.05
"""Seconds after which a waiting writer checks whether those in the queue, one of whom was to commit, have given up."""

_BUSY_MILLISECONDS = round(BUSY_TIMEOUT * 1000)


class WriteTimeout(Exception):
    """The writer's deadline passed while it was in the queue."""


@dataclass
class Batch:
    """Writers that share a commit.

    Attributes:
        size: How many of them have written.
        waiting_since: When the first of them had written, by the monotonic clock.
        topics: What they have changed.
        waiters: A lock for each writer that waits for the commit. It is released when the batch has ended.
        has_ended: Whether it has been committed or rolled back.
        error: Why it was not committed; `None` if it was.
    """

    opened: PoolProxiedConnection
    size: int = 0
    waiting_since: float = 0.0
    topics: set[Topic] = field(default_factory=set)
    waiters: list[threading.Lock] = field(default_factory=list)
    has_ended: bool = False
    error: BaseException | None = None

    @property
    def driver(self) -> Any:
        """The `sqlite3.Connection`."""
        return self.opened.driver_connection


class CommitQueue:
    """The writers of one process on one file.

    Args:
        engine: Its connections must not begin transactions by themselves.
        committed: Called after each commit with the topics that it changed.
        guard: Knows whether the file is still the one that is written to.
    """

    def __init__(self, engine: Engine, committed: Callable[[set[Topic]], None], guard: FileGuard) -> None:
        self._engine = engine
        self._committed = committed
        self._guard = guard
        # Held by the writer whose turn it is. It guards `_batch`, the batch itself and `_unannounced`.
        self._lock = threading.Lock()
        self._counter_lock = threading.Lock()
        self._batch: Batch | None = None
        self._unannounced: set[Topic] = set()
        self.queued = 0
        """How many writers wait for their turn."""

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that is committed at the end of the block, perhaps together with others.

        Raises:
            WriteTimeout: If the writer's deadline passes before its turn comes.
            sqlite3.Error: If the database refuses this transaction, or the commit of the batch.
        """
        self._queue()
        with self._holding_lock():
            batch = self._batch or self._begin()
            with self._savepoint(batch):
                transaction = Transaction(self._engine, batch.opened)
                yield transaction
                batch.topics |= transaction.topics
            waiter = None if batch.has_ended else self._add_waiter(batch)
        if waiter is not None:
            self._wait_for_end(batch, waiter)
        if batch.error is not None:
            raise batch.error

    def _queue(self) -> None:
        with self._counter_lock:
            self.queued += 1
        try:
            left = seconds_left()
            if not self._lock.acquire(timeout=-1 if left is None else left):
                raise WriteTimeout
        finally:
            with self._counter_lock:
                self.queued -= 1

    @contextmanager
    def _holding_lock(self) -> Iterator[None]:
        """Release the lock at the end of the block. If a batch was committed in it, announce what that has changed."""
        try:
            yield
        finally:
            changed, self._unannounced = self._unannounced, set()
            self._lock.release()
            # Afterwards, so that other writers need not wait for it.
            if changed:
                self._committed(changed)

    def _begin(self) -> Batch:
        """Begin a batch. Other processes may hold SQLite's write lock: wait for it as long as this writer may."""
        opened = self._engine.raw_connection()
        batch = Batch(opened)
        try:
            milliseconds = round(lock_timeout() * 1000)
            if opened.info.get("busy_timeout", _BUSY_MILLISECONDS) != milliseconds:
                batch.driver.execute(f"PRAGMA busy_timeout={milliseconds}")
                opened.info["busy_timeout"] = milliseconds
            batch.driver.execute("BEGIN IMMEDIATE")
        except BaseException:
            opened.close()
            raise
        self._batch = batch
        return batch

    @contextmanager
    def _savepoint(self, batch: Batch) -> Iterator[None]:
        """Let one writer write within the block. If it fails, what the others of the batch wrote stays."""
        if batch.size:
            batch.driver.execute("SAVEPOINT writer")
        try:
            yield
        except BaseException as error:
            if not batch.driver.in_transaction:
                # SQLite itself has rolled the whole batch back, because the disk is full for instance.
                batch.error = error
            elif batch.size:
                self._leave_savepoint(batch, "ROLLBACK TO writer")
            self._end_if_last(batch)
            raise
        if batch.size:
            self._leave_savepoint(batch, "RELEASE writer")
        batch.size += 1
        if batch.size == 1:
            batch.waiting_since = time.monotonic()
        self._end_if_last(batch)

    def _leave_savepoint(self, batch: Batch, statement: str) -> None:
        """Leave it, or fail the whole batch: otherwise half of this writer's changes might be committed."""
        try:
            batch.driver.execute(statement)
        except sqlite3.Error as error:
            batch.error = error
            self._end(batch)
            raise

    def _add_waiter(self, batch: Batch) -> threading.Lock:
        waiter = threading.Lock()
        waiter.acquire()
        batch.waiters.append(waiter)
        return waiter

    def _wait_for_end(self, batch: Batch, waiter: threading.Lock) -> None:
        while not waiter.acquire(timeout=CHECK_INTERVAL):
            # The last in the queue is to commit. If those in the queue have given up, this writer has to. The queue is
            # looked at and not the lock alone, which is free for a moment between any two writers.
            if not self.queued and self._lock.acquire(blocking=False):
                with self._holding_lock():
                    self._end(batch)

    def _end_if_last(self, batch: Batch) -> None:
        is_full = batch.size == MAX_BATCH or time.monotonic() - batch.waiting_since >= MAX_BATCH_SECONDS
        if not self.queued or is_full or not batch.size or batch.error is not None:
            self._end(batch)

    def _end(self, batch: Batch) -> None:
        """Commit the batch, unless it has ended. The caller holds the lock."""
        if self._batch is not batch:
            return
        self._batch = None
        try:
            if batch.error is None:
                self._commit(batch)
        except sqlite3.Error as error:
            batch.error = error
        finally:
            self._release(batch)
            batch.has_ended = True
            for waiter in batch.waiters:
                waiter.release()

    def _commit(self, batch: Batch) -> None:
        if batch.size == 0:
            batch.driver.execute("ROLLBACK")
            return
        self._guard.check()
        batch.driver.execute("COMMIT")
        self._guard.check_commit()
        self._unannounced = batch.topics

    def _release(self, batch: Batch) -> None:
        """Return the connection to the pool, with no transaction open."""
        try:
            if batch.driver.in_transaction:
                batch.driver.rollback()
        except sqlite3.Error:
            batch.opened.invalidate()
        else:
            batch.opened.close()
