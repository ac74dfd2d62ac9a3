"""The flows that are measured: each does one step, waits for a person, and does one more."""

import time

from signoff import flow, pause_flow_run, suspend_flow_run, task


@task
def step(number: int) -> int:
    """Something whose result is recorded."""
    return number


@flow
def pausing() -> float:
    """Wait in memory; gives when it went on, in seconds since the epoch."""
    step(1)
    pause_flow_run(wait_for_input=bool, timeout=None)
    went_on = time.time()
    step(2)
    return went_on


@flow
def suspending() -> float:
    """The same, waiting in the database only."""
    step(1)
    suspend_flow_run(wait_for_input=bool)
    went_on = time.time()
    step(2)
    return went_on


@flow
def stepping(steps: int) -> list[float]:
    """Take so many steps, then wait; gives when it began its last time and went on, and what each new step took."""
    began = time.time()
    taken = []
    for number in range(steps):
        before = time.perf_counter()
        step(number)
        taken.append((time.perf_counter() - before) * 1000)
    # A first execution's times, which the second would not find again.
    kept = keep(taken)
    suspend_flow_run(wait_for_input=bool)
    return [began, time.time(), *kept]


@task
def approve(number: int) -> bool:
    """Wait in memory, beside others."""
    return pause_flow_run(wait_for_input=bool, timeout=None)


@flow
def mapping(tasks: int) -> int:
    """Have so many tasks wait side by side; gives how many were approved."""
    return sum(approve.map(range(tasks)).result())


@task
def keep(taken: list[float]) -> list[float]:
    """Record what the first execution measured."""
    return taken
