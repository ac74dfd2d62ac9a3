"""No thread of Signoff ends by an error unseen: an error is thrown into each of them, and it works again."""

import ctypes
import gc
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signoff import Policy, RunInput, flow, pause_flow_run
from signoff.bot.connection.signed_http import HttpTransport
from signoff.bot.connection.socket_mode import SocketTransport
from signoff.bot.connection.web_client import retry_after
from signoff.bot.connection.websocket import Connection
from signoff.bot.service import Service
from signoff.bot.settings import Mode
from signoff.flows.engine import Accepted
from signoff.flows.engines.deliverer import Deliverer
from signoff.flows.liveness import heartbeat
from signoff.store import leases
from signoff.store.database import Database
from signoff.store.supervisor import ThreadState, thread_states
from signoff.testing import Emulator
from tests.integration.bot.asking import FLOWS, approve
from tests.integration.bot.running_service import RunningService, settings_for
from tests.integration.bot.test_slack_away import until_connected
from tests.integration.flows.engines.test_deliverer import Elsewhere, answered, until_taken
from tests.support.waiting import until, until_asked, until_over

a_thread_of_the_library_may_die = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

WAITS = {("threading.py", "wait"), ("selectors.py", "select")}
"""Where a thread is that has nothing to do."""

A_PAST_DATE = "Wed, 21 Oct 2015 07:28:00 GMT"


class Shirt(RunInput):
    """Which shirt."""

    approved: bool


@flow(name="async-approve")
async def async_approve() -> str:
    """Ask for a yes or a no, in an event loop."""
    answer = await pause_flow_run(  # type: ignore[misc]
        wait_for_input=Shirt, policy=Policy(channel="#releases", approvers=["@ana"])
    )
    return f"approved: {answer.approved}"


def throw(threads: list[threading.Thread], error: type[BaseException] = SystemExit) -> None:
    """Raise an error in each of these threads, as soon as it runs any Python."""
    assert threads
    for thread in threads:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(error))


def named(name: str) -> list[threading.Thread]:
    """The threads of this name."""
    return [thread for thread in threading.enumerate() if thread.name == name]


def idle(db: Database, name: str) -> list[threading.Thread]:
    """The threads of this name, as soon as all of them wait for work.

    In the middle of a request the error may be caught by whatever handles the errors of requests.
    """
    return until(db, lambda: threads if all(map(waits, threads := named(name))) else None, what=f"{name} to be idle")


def waits(thread: threading.Thread) -> bool:
    """Whether a thread waits for an event or for a file."""
    frame = sys._current_frames().get(thread.ident or 0)
    if frame is None:
        return False
    return (Path(frame.f_code.co_filename).name, frame.f_code.co_name) in WAITS


def state_of(name: str) -> list[ThreadState]:
    """What the supervisor knows of them."""
    return [state for state in thread_states() if state.name == name]


def until_restarted(db: Database, name: str) -> None:
    """Wait until all threads of this name have been restarted."""
    until(db, lambda: all(state.restarts for state in state_of(name)), what=f"{name} to be restarted")


def works(service: RunningService, other: Database) -> None:
    """A run that another process creates is asked, shown, answered and completed."""
    for asked in (approve, async_approve):
        run = asked.create_run(db=other)
        prompt = until_asked(service.db, run.id)
        card = service.card(prompt)
        service.slack.person("ana").press("Approve", message=card)
        assert str(until_over(service.db, run.id).result).startswith("approved: True")


def nothing(_: RunningService) -> None:
    """It wakes by itself."""


def wake_server(service: RunningService) -> None:
    """Wake the event loop of the HTTP server."""
    assert service.service.bot is not None
    transport = service.service.bot._transport
    assert isinstance(transport, HttpTransport)
    assert transport._server._server is not None
    transport._server._server.loop.call_soon_threadsafe(lambda: None)


def create_run(service: RunningService) -> None:
    """Wake what waits for changes."""
    approve.create_run(db=service.db)


WAKE: dict[str, Callable[[RunningService], None]] = {
    "signoff-async": create_run,
    "signoff-changes": nothing,
    "signoff-dispatcher": create_run,
    "signoff-heartbeat": nothing,
    "signoff-http": wake_server,
    "signoff-ticker": nothing,
    "signoff-worker": create_run,
}


# An error between any two steps may leave a socket open, of which Python warns when it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", WAKE)
def test_a_thread_that_failed_works_again(
    slack: Emulator, sqlite_url: str, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says which one failed, and with what."""
    monkeypatch.setattr(heartbeat, "LEASE", timedelta(seconds=3))
    flows: list[Any] = [*FLOWS, async_approve]
    with (
        Service(settings_for(slack.api_url, sqlite_url), flows, with_bot=True, grace=1.0) as started,
        closing(Database(sqlite_url)) as other,
    ):
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        works(service, other)
        service.until_all_is_said()
        throw(idle(service.db, name))
        if name == "signoff-async":
            async_approve.create_run(db=service.db)
        WAKE[name](service)
        # The loop of the flows goes on by itself, whatever its coroutines raise.
        said = "A coroutine of a flow raised" if name == "signoff-async" else f"The thread {name} failed; restarting it"
        until(service.db, lambda: said in caplog.text, what=said)
        works(service, other)
        assert "SystemExit" in caplog.text
        if name == "signoff-heartbeat":
            until_renewed(service.db)
    gc.collect()


def until_renewed(db: Database) -> None:
    """Wait until the leases of all workers have been renewed."""
    before = {worker.id: worker.expires_at for worker in leases.all_workers(db)}
    until(
        db,
        lambda: all(worker.expires_at > before[worker.id] for worker in leases.all_workers(db)),
        what="the leases to be renewed",
    )


def test_outcomes_are_handed_to_an_engine_after_an_error(sqlite_url: str) -> None:
    """What was answered before the error, and what is answered after it."""
    name = "signoff-deliver-elsewhere"
    with closing(Database(sqlite_url)) as db, Deliverer(db, Elsewhere(lambda _: Accepted("thanks"))):
        throw(idle(db, name))
        before = answered(db, "1")
        until_restarted(db, name)
        until_taken(db, before)
        until_taken(db, answered(db, "2"))
    assert not state_of(name)


def test_an_error_in_the_job_of_a_ticker_does_not_end_it(slack: Emulator, sqlite_url: str) -> None:
    """It is thrown into the thread in which APScheduler runs the job."""
    before = set(threading.enumerate())
    with Service(settings_for(slack.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started:
        pools = [each for each in set(threading.enumerate()) - before if each.name.startswith("ThreadPoolExecutor")]
        throw(pools)
        run = approve.create_run({"deadline": 0.5}, db=started.db)
        assert until_over(started.db, run.id).state == "TimedOut"


@a_thread_of_the_library_may_die
@pytest.mark.parametrize("name", ["signoff-socket", "signoff-socket-watch", "the library's own"])
def test_a_websocket_works_after_an_error_in_one_of_its_threads(slack: Emulator, sqlite_url: str, name: str) -> None:
    """The watch goes on. If one of the others ends, the connection is replaced."""
    with Service(settings_for(slack.api_url, sqlite_url, Mode.SOCKET), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        connection = connection_of(service)
        (seen_by_slack,) = slack._socket_mode._connections
        if name == "signoff-socket-watch":
            throw(idle(service.db, name))
            until_restarted(service.db, name)
        else:
            # Both wait until Slack sends something.
            throw(named(name) or [connection._websocket.recv_events_thread])
            slack._server.run(seen_by_slack.websocket.send_text("{}"))
            until(service.db, lambda: connection_of(service) is not connection, what="another connection")
            until(service.db, lambda: seen_by_slack not in slack._socket_mode._connections, what="the end of the first")
        prompt, card = service.ask_in("#releases", approve)
        slack.person("ana").press("Approve", message=card)
        assert service.over(prompt).result == "approved: True"


@pytest.mark.parametrize("retry_after", [A_PAST_DATE, "soon", "-1", "nan", "", "1e9"])
def test_a_rate_limit_that_makes_no_sense_does_not_end_the_connection(
    slack: Emulator, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, retry_after: str
) -> None:
    """HTTP allows a date where Slack sends seconds."""
    monkeypatch.setattr("signoff.bot.connection.socket_mode.RETRY_REFUSED_AFTER", 0.1)
    slack.client.inject_fault("apps.connections.open", error="ratelimited", retry_after=retry_after, times=2)
    with Service(settings_for(slack.api_url, sqlite_url, Mode.SOCKET), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        until_connected(slack)
        prompt, card = service.ask_in("#releases", approve)
        slack.person("ana").press("Approve", message=card)
        assert service.over(prompt).result == "approved: True"


def test_a_rate_limit_while_slack_refreshes_the_connection_does_not_end_it(slack: Emulator, sqlite_url: str) -> None:
    """Slack's SDK would sleep for as long as it says, and end its own thread if it says a date."""
    with Service(settings_for(slack.api_url, sqlite_url, Mode.SOCKET), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        until_connected(slack)
        slack.client.inject_fault("apps.connections.open", error="ratelimited", retry_after=A_PAST_DATE, times=2)
        slack.client.post("disconnect")
        until(service.db, lambda: len(refusals(slack)) == 2, what="two refusals")
        until_connected(slack)
        prompt, card = service.ask_in("#releases", approve)
        slack.person("ana").press("Approve", message=card)
        assert service.over(prompt).result == "approved: True"


def refusals(slack: Emulator) -> list[Any]:
    """The refused attempts to connect."""
    return [call for call in slack.client.calls("apps.connections.open") if call["error"]]


def connection_of(service: RunningService) -> Connection:
    """The newest connection."""
    assert service.service.bot is not None
    transport = service.service.bot._transport
    assert isinstance(transport, SocketTransport)
    return until(service.db, lambda: transport._connections[-1] if transport._connections else None)


class Refusal:
    """A response with these headers."""

    def __init__(self, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("999999999999", 3600.0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("inf", None),
        ("-5", None),
        ("١٢", None),
        ("", None),
        ("Thu, 99 Foo", None),
    ],
)
def test_a_retry_after_is_read_whatever_it_says(value: str, seconds: float | None) -> None:
    """Seconds or a date, in whatever case a proxy writes the name of the header, and an hour at the most."""
    assert retry_after(Refusal(Retry_After=value), now=100.0) == seconds
    assert retry_after(Refusal(retry_after=value), now=100.0) == seconds
    assert retry_after(Refusal()) is None
