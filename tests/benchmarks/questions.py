"""The flows that are measured: each returns the moment, in seconds since the epoch, at which it went on."""

import time

from signoff import Policy, RunInput, flow, pause_flow_run, suspend_flow_run

CHANNEL = "#releases"
ANYBODY = Policy(channel=CHANNEL, approvers=["@ana"])


class Decision(RunInput):
    """Whether to go on."""

    approved: bool


@flow
def paused() -> float:
    """Waits where it stands."""
    pause_flow_run(wait_for_input=Decision, policy=ANYBODY, timeout=None)
    return time.time()


@flow
def computing(seconds: float) -> None:
    """Does nothing but compute, and so never gives up Python's lock by itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@flow
def suspended() -> float:
    """Leaves memory, and is replayed."""
    suspend_flow_run(wait_for_input=Decision, policy=ANYBODY)
    return time.time()
