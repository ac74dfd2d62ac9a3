"""`signoff run --wait`, `cancel` and `worker`: runs and who works on them, from start to signal."""

import getpass
import json
import signal
import sys
from pathlib import Path

import pytest

from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.acceptance.cli.asking import FLOWS, asked, assert_refused, finished
from tests.acceptance.shell import Shell, line_with
from tests.support.waiting import until


def test_waiting_for_a_run_gives_its_end(empty: Shell) -> None:
    """`run --wait` does a worker's work, prints nothing but JSON on stdout, and exits with 0 when it completes."""
    empty.write("asking.py", FLOWS)
    with empty.started("run", "asking.py:shirt", "--wait", "--json") as waiting:
        line_with(waiting, "signoff pending")
        with empty.database() as db:
            prompt = until(db, lambda: prompts.pending(db))[0]
        assert empty("answer", prompt.id, "--set", "color=red", "--as", "@ana").code == 0
        out, _ = waiting.communicate()
    assert waiting.returncode == 0
    assert json.loads(out) == {
        "id": prompt.run_id,
        "name": prompt.run_name,
        "state": "Completed",
        "result": "1 small red",
        "error": None,
    }


def test_waiting_for_a_run_that_does_not_complete_exits_with_one(empty: Shell) -> None:
    """Scripts can stop there: here the run was cancelled, with a reason."""
    empty.write("asking.py", FLOWS)
    with empty.started("run", "asking.py:go-on", "--wait") as waiting:
        line_with(waiting, "signoff pending")
        with empty.database() as db:
            run = until(db, lambda: prompts.pending(db))[0].run_name
        assert empty("cancel", run, "--reason", "Not today", "--as", "@ana").out == f"{run} is cancelled.\n"
        out, err = waiting.communicate()
    assert waiting.returncode == 1
    assert "is Cancelled" in out
    assert err.endswith("Not today\n")
    assert_refused(empty("cancel", run), 1, f"The run {run} is over already: Cancelled.")


def test_a_run_says_who_requested_it(shell: Shell) -> None:
    """By default the user of this machine did; the option names somebody else, and needs a name."""
    prompt = asked(shell, "asking.py:go-on", "--requester", "ana@example.com")
    by_default = asked(shell, "asking.py:go-on")
    told = {each["id"]: each["requester"] for each in shell("pending", "--json").json}
    assert (told[prompt.id], told[by_default.id]) == ("ana@example.com", f"@{getpass.getuser()}")
    listed = {each["id"]: each for each in shell("runs", "--json").json}
    assert listed[prompt.run_id]["requester"] == "ana@example.com"
    assert (listed[prompt.run_id]["engine"], listed[prompt.run_id]["external_id"]) == ("embedded", None)
    unnamed = shell("run", "asking.py:go-on", "--requester", " ")
    assert_refused(unnamed, 2, "--requester requires a name, such as @ana.")


def test_a_run_whose_flow_no_worker_has_says_so(empty: Shell) -> None:
    """`runs` and `doctor` say it, as long as it is so."""
    empty.write("asking.py", FLOWS)
    started = empty("run", "asking.py:go-on", "--json")
    name = started.json["name"]
    assert started.err == "No worker has the flow go-on. Start one with `signoff worker FILE`.\n"
    assert "no worker has this flow" in empty("runs").out
    assert "✗ flows: 1 run of the flow go-on is waiting, but no worker has that flow." in empty("doctor").out
    with empty.started("worker", "asking.py"), empty.database() as db:
        until(db, lambda: runs.get(db, name).state.is_waiting)
        assert "no worker" not in empty("runs").out
        assert [run["orphaned"] for run in empty("runs", "--json").json] == [False]
        assert "flows: " not in empty("doctor").out


def test_a_run_that_failed_is_retried(empty: Shell) -> None:
    """`retry` lets a worker take it again, and refuses a run that is not over."""
    empty.write("asking.py", FLOWS)
    with empty.started("run", "asking.py:go-on", "--wait") as waiting:
        line_with(waiting, "signoff pending")
        with empty.database() as db:
            prompt = until(db, lambda: prompts.pending(db))[0]
        assert empty("answer", prompt.id, "--reject", "--reason", "No", "--as", "@ana").code == 0
        waiting.communicate()
    assert waiting.returncode == 1
    assert empty("retry", prompt.run_name, "--as", "@ana").out == f"{prompt.run_name} ({prompt.run_id}) is Scheduled\n"
    refused = f"The run {prompt.run_name} is Scheduled. Only a run that has failed can be retried."
    assert_refused(empty("retry", prompt.run_name), 1, refused)


def test_an_interrupted_wait_is_quiet(empty: Shell) -> None:
    """Ctrl-C ends `run --wait` with 130 and no traceback; the run waits on, for any worker."""
    empty.write("asking.py", FLOWS)
    with empty.started("run", "asking.py:shirt", "--wait") as waiting:
        with empty.database() as db:
            line_with(waiting, "signoff pending")
            prompt = until(db, lambda: prompts.pending(db))[0]
        waiting.send_signal(signal.SIGINT)
        _, err = waiting.communicate()
        assert waiting.returncode == 130
        assert "Traceback" not in err
    with empty.database() as db:
        assert runs.get(db, prompt.run_id).state is RunState.PAUSED


SCRIPT = '''
"""A program that calls its flow."""

import threading

from signoff import flow


@flow
def nightly():
    print("began", flush=True)
    threading.Event().wait(600)


nightly()
'''


def test_the_run_of_a_program_that_was_killed_says_so(empty: Shell) -> None:
    """Where no other process is up, `runs` itself finds it dead; a worker that has the flow may go on with it."""
    assert empty("db", "upgrade").code == 0
    with empty.started(empty.write("nightly.py", SCRIPT), program=Path(sys.executable)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "began\n"
        assert empty("runs", "--json").json[0]["state"] == "Running"
        process.kill()
        process.wait()
    (run,) = empty("runs", "--json").json
    assert (run["state"], run["error"]) == ("Scheduled", None)
    assert run["message"] == "Its worker died. The run continues from its journal when a worker has its flow."
    assert "Its worker died." in empty("runs", "--state", "scheduled").out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_ends_cleanly_when_asked_to(empty: Shell, number: signal.Signals) -> None:
    """It exits with 0, holds nothing any more, and the next worker goes on with what it left."""
    empty.write("asking.py", FLOWS)
    run_id = empty("run", "asking.py:shirt", "--json").json["id"]
    with empty.started("worker", "asking.py", "--grace", "5") as worker:
        line_with(worker, "Ready")
        with empty.database() as db:
            prompt = until(db, lambda: prompts.of_run(db, run_id))[0]
        worker.send_signal(number)
        worker.communicate()
        assert worker.returncode == 0
    with empty.database() as db:
        assert runs.get(db, run_id).lease_owner is None
    assert empty("answer", prompt.id, "--set", "color=red", "--as", "@ana").code == 0
    with empty.started("worker", "asking.py", "--concurrency", "1") as worker:
        line_with(worker, "Ready")
        assert finished(empty, run_id)["result"] == "1 small red"
