"""Transactions that the database has aborted in favour of others, as it does in a deadlock, are done again."""

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from signoff.store.errors import TransactionConflict

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 10
"""How often a transaction is tried. Of those that collide, one is committed each time."""

MAX_PAUSE_SECONDS = 0.02
"""Before each retry, so that those which collided do not meet again."""


def transactional(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function that is one transaction run again when that was aborted. Nothing of it was recorded then."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(ATTEMPTS - 1):
            try:
                return function(*args, **kwargs)
            except TransactionConflict:
                time.sleep(random.uniform(0, MAX_PAUSE_SECONDS))  # noqa: S311 - not for secrets
        return function(*args, **kwargs)

    return run
