"""A program whose flows start other processes, and that prints what came of those which its arguments name."""

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from signoff import InvalidFlow, flow, task
from signoff.flows.settings import default_database
from signoff.store.errors import ForkedProcess
from signoff.store.runs import runs


@task
def push(number: int) -> int:
    """A step."""
    return number


def push_in_child(number: int) -> int:
    """What a pool can be given."""
    return push(number)


def nested_in_child(number: int) -> int:
    """A flow called from another process."""
    return plain(number)


@flow
def plain(number: int) -> int:
    """A flow of its own."""
    return number


def in_pool(method: str, function: Any) -> list[int]:
    """Give a function to the processes of a pool, between two steps."""
    push(1)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        done = list(pool.map(function, range(2)))
    return [*done, push(2)]


@flow
def forks_a_pool() -> list[int]:
    """A step in a forked process."""
    return in_pool("fork", push_in_child)


@flow
def spawns_a_pool() -> list[int]:
    """A step in a fresh process."""
    return in_pool("spawn", push_in_child)


@flow
def calls_a_flow() -> list[int]:
    """A flow in a fresh process."""
    return in_pool("spawn", nested_in_child)


@flow
def gives_plain_functions() -> list[int]:
    """Work that is not recorded there, in both kinds of process."""
    return [*in_pool("fork", abs), *in_pool("spawn", abs)]


@flow
def forks() -> list[int]:
    """A step in a process that is a copy of this one, and the end of the flow."""
    codes = []
    for comes_to_a_step in (True, False):
        push(1)
        if (child := os.fork()) == 0:
            if comes_to_a_step:
                push(2)
            return []
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        push(3)
    return codes


@flow
def asks_the_database() -> list[int]:
    """The run's database and `DATABASE_URL`'s, in a copy of this process."""
    run = runs.newest(default_database())[0]
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        os.write(write_end, runs.get(default_database(), run.id).flow.encode())
        try:
            plain.create_run({"number": 1})
        except ForkedProcess as error:
            os.write(write_end, f" {type(error).__name__}".encode())
        os._exit(0)
    os.close(write_end)
    os.wait()
    with os.fdopen(read_end) as said:
        print(said.read())
    return [runs.get(default_database(), run.id).fencing_token]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        try:
            print(globals()[name]())
        except InvalidFlow as error:
            print(error)
        print(runs.newest(default_database())[0].state)
