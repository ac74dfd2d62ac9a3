"""A thread outlives the errors of its work, and says so."""

import threading
from collections.abc import Callable

import pytest

from signoff.store import supervisor
from signoff.store.supervisor import SupervisedThread, ThreadState, thread_states

PATIENCE = 20.0


@pytest.mark.parametrize("error", [RuntimeError("clouds"), SystemExit(3), BaseException("rain")])
def test_work_that_fails_is_started_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    """The log has the traceback and the thread's name; a SystemExit is no exception."""
    monkeypatch.setattr(supervisor, "FIRST_BACKOFF", 0.01)
    calls, stopping = threading.Semaphore(0), threading.Event()
    errors = [error, error]

    def work() -> None:
        calls.release()
        if errors:
            raise errors.pop()
        stopping.wait()

    thread = SupervisedThread(work, name="signoff-test")
    thread.start()
    for _ in range(3):
        assert calls.acquire(timeout=PATIENCE)
    (state,) = (each for each in thread_states() if each.name == "signoff-test")
    assert state == ThreadState("signoff-test", 2, type(error).__name__, True)
    assert caplog.text.count("The thread signoff-test failed; restarting it in 0.0") == 2
    assert "Traceback" in caplog.text
    stopping.set()
    assert thread.stop(PATIENCE)
    assert "signoff-test" not in {each.name for each in thread_states()}


def test_it_can_be_stopped_while_it_waits_to_start_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to wait for the end of the backoff."""
    monkeypatch.setattr(supervisor, "FIRST_BACKOFF", 3600.0)
    failed = threading.Event()

    def work() -> None:
        failed.set()
        raise RuntimeError("clouds")

    thread = SupervisedThread(work, name="signoff-test")
    thread.start()
    assert failed.wait(PATIENCE)
    assert thread.stop(PATIENCE)


def test_the_backoff_grows_and_ends(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """It doubles up to a limit."""
    monkeypatch.setattr(supervisor, "FIRST_BACKOFF", 0.1)
    monkeypatch.setattr(supervisor, "MAX_BACKOFF", 0.2)
    calls = threading.Semaphore(0)

    def work() -> None:
        calls.release()
        raise RuntimeError("clouds")

    thread = SupervisedThread(work, name="signoff-test")
    thread.start()
    for _ in range(4):
        assert calls.acquire(timeout=PATIENCE)
    thread.stop(PATIENCE)
    assert [record.args[1] for record in caplog.records if record.args][:3] == [0.1, 0.2, 0.2]  # type: ignore[index]


def test_work_that_returns_is_not_started_again() -> None:
    """Its thread ends."""
    calls: list[int] = []
    work: Callable[[], None] = lambda: calls.append(1)  # noqa: E731
    thread = SupervisedThread(work, name="signoff-test")
    thread.start()
    assert thread.stop(PATIENCE)
    assert calls == [1]
