"""Futures of submitted tasks, under the names of `prefect.futures`."""

from signoff.flows.futures import DoneAndNotDone, TaskFuture, TaskFutures, wait

__all__ = ["DoneAndNotDone", "TaskFuture", "TaskFutures", "wait"]
