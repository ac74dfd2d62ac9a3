"""The flows that are run while processes are killed. A copy of this file stands beside the effects of its tasks."""

import asyncio
import os
import random
import time
from pathlib import Path

from signoff import flow, idempotency_key, pause_flow_run, suspend_flow_run, task
from signoff.flows.durable.context import require_run_context

HERE = Path(__file__).parent


def append(line: str) -> None:
    """Add a line to this process's file in one write, so that no kill leaves half of it."""
    file = os.open(HERE / f"effects-{os.getpid()}.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{line}\n".encode())
    os.close(file)


@task
def work(number: int) -> int:
    """Have an effect: of which step, when in nanoseconds, and under which claim of the run."""
    # It takes a moment before the effect or after it, so that kills find some in the middle.
    time.sleep(random.uniform(0, 0.02))
    append(f"{idempotency_key()} {time.time_ns()} {require_run_context('work').run.fencing_token}")
    time.sleep(random.uniform(0, 0.02))
    return number


@flow
def pausing() -> list[int]:
    """Ask twice in memory."""
    work(1)
    first = pause_flow_run(wait_for_input=int, timeout=None)
    work(2)
    second = pause_flow_run(wait_for_input=int, timeout=None)
    work(3)
    return [first, second]


@flow
def suspending() -> list[int]:
    """Ask twice, each time leaving the process."""
    work(1)
    first = suspend_flow_run(wait_for_input=int)
    work(2)
    second = suspend_flow_run(wait_for_input=int)
    work(3)
    return [first, second]


@flow
async def gathering() -> list[int]:
    """Ask two people at once."""
    work(1)
    first, second = await asyncio.gather(ask(), ask())
    work(2)
    return [first, second]


async def ask() -> int:
    """Ask one of them."""
    answer: int = await pause_flow_run(wait_for_input=int, timeout=None)
    return answer
