"""The command as scripts and people use it: the real one, in processes of its own, on a record in a file."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.emulator import Emulator
from bot.emulator.app_manifest import SIGNOFF as MANIFEST
from store import migrations, prompts, runs
from store.records import Prompt, RunState
from tests.acceptance.shell import Said, Shell, line_with
from tests.waiting import until, until_over

FLOWS = '''
"""Flows that wait for somebody."""

from typing import Literal

from pydantic import model_validator

from flows import Policy, RunInput, flow, pause_flow_run, suspend_flow_run


class Shirt(RunInput):
    """Which shirt?"""

    size: Literal["small", "large"]
    color: Literal["red", "green"]
    count: int = 1

    @model_validator(mode="after")
    def _is_made(self):
        if (self.size, self.color) == ("large", "green"):
            raise ValueError("Large shirts are not made in green.")
        return self


@flow
def shirt(size: str = "small"):
    print("asking")
    order = pause_flow_run(
        wait_for_input=Shirt.with_initial_data(size=size),
        policy=Policy(channel="#orders", approvers=["@ana", "@ben"]),
    )
    return f"{order.count} {order.size} {order.color}"


@flow(name="go-on")
def ask_to_go_on():
    suspend_flow_run()
    return "went on"
'''


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A folder with a file of flows, and a worker that runs them."""
    shell = Shell(tmp_path_factory.mktemp("work"))
    shell.write("asking.py", FLOWS)
    with shell.started("worker", "asking.py") as worker:
        line_with(worker, "Ready")
        yield shell


@pytest.fixture
def empty(tmp_path: Path) -> Shell:
    """A folder without a record."""
    return Shell(tmp_path)


def asked(shell: Shell, *run: str) -> Prompt:
    """What a run that is started by `signoff run …` asks, once it does."""
    started = shell("run", *run, "--json")
    assert (started.code, started.err) == (0, "")
    with shell.record() as db:
        return until(db, lambda: prompts.of_run(db, started.json["id"]))[0]


def finished(shell: Shell, run_id: str) -> dict[str, object]:
    """The run as `signoff runs` lists it, once it is over."""
    with shell.record() as db:
        until_over(db, run_id)
    listed: dict[str, object] = next(run for run in shell("runs", "--json").json if run["id"] == run_id)
    return listed


def assert_refused(said: Said, code: int, *lines: str) -> None:
    """It failed with that exit code and those lines on stderr, and put nothing among what scripts read."""
    assert (said.code, said.err.splitlines(), said.out) == (code, [*lines], "")


def test_a_run_asks_is_answered_and_goes_on(shell: Shell) -> None:
    """The whole way through the command line, with the shapes that scripts rely on."""
    started = shell("run", "asking.py:shirt", "-p", "size=large", "--json")
    assert started.code == 0
    run = started.json
    assert list(run) == ["id", "name", "state"]
    assert run["state"] == "Scheduled"

    with shell.record() as db:
        prompt = until(db, lambda: prompts.of_run(db, run["id"]))[0]
    waiting = next(each for each in shell("pending", "--json").json if each["id"] == prompt.id)
    assert waiting == {
        "id": prompt.id,
        "run_id": run["id"],
        "run_name": run["name"],
        "flow": "shirt",
        "key": "1",
        "title": "Shirt",
        "description": "Which shirt?",
        "schema": prompt.schema,
        "initial": {"size": "large"},
        "policy": {"channel": "#orders", "approvers": ["@ana", "@ben"]},
        "opened_at": prompt.opened_at.isoformat(),
        "deadline": prompt.deadline and prompt.deadline.isoformat(),
    }

    answered = shell("answer", prompt.id, "--set", "color=red", "--set", "count=3", "--as", "@ana", "--json")
    assert (answered.code, answered.err) == (0, "")
    assert answered.json["outcome"] == "submitted"
    assert answered.json["answer"] == {"size": "large", "color": "red", "count": 3}

    ended = finished(shell, run["id"])
    assert list(ended) == ["id", "name", "flow", "state", "created_at", "finished_at", "result", "error"]
    assert (ended["state"], ended["result"], ended["error"]) == ("Completed", "3 large red", None)

    history = shell("history", prompt.id, "--json").json
    assert [line["event"] for line in history] == ["opened", "submitted", "run_ended"]
    assert {"prompt_id", "at", "event", "actor", "detail"} == set(history[0])
    assert history[1]["actor"] == "@ana"


def test_an_answer_that_does_not_fit_says_every_error_by_field(shell: Shell) -> None:
    """Exit code 1, one line for each field, and the prompt stays open."""
    prompt = asked(shell, "asking.py:shirt")
    wrong = shell("answer", prompt.id, "--as", "@ana", "--values", '{"size": "huge", "count": "many"}')
    assert_refused(
        wrong,
        1,
        "size: Input should be 'small' or 'large'",
        "color: This is required.",
        "count: Input should be a valid integer, unable to parse string as an integer",
    )
    together = shell("answer", prompt.id, "--as", "@ana", "--set", "size=large", "--set", "color=green")
    assert_refused(together, 1, "Large shirts are not made in green.")
    unknown = shell("answer", prompt.id, "--as", "@ana", "--set", "colour=red")
    assert_refused(unknown, 1, "colour: Shirt has no such field. Its fields are size, color, count.")
    with shell.record() as db:
        assert prompts.get(db, prompt.id).is_open


def test_who_may_not_answer_is_told_who_may(shell: Shell) -> None:
    """Exit code 1, and the names as the policy has them."""
    prompt = asked(shell, "asking.py:shirt")
    refused = shell("answer", prompt.id, "--as", "chloe", "--set", "color=red")
    assert_refused(refused, 1, "@chloe may not answer; @ana, @ben may.")


def test_who_comes_too_late_is_told_who_won_and_with_what(shell: Shell) -> None:
    """Exit code 1, and the answer that counts."""
    prompt = asked(shell, "asking.py:shirt")
    assert shell("answer", prompt.id[:8], "--set", "color=red", "--as", "ana").code == 0
    late = shell("answer", prompt.id, "--reject", "--reason", "Too dear", "--as", "@ben")
    assert late.code == 1
    assert late.err.startswith("Already submitted by ana at ")
    assert late.err.endswith(": size=small, color=red, count=1\n")


def test_a_rejection_reaches_the_flow_with_its_reason(shell: Shell) -> None:
    """It counts, and the run that does not catch it fails by it."""
    prompt = asked(shell, "asking.py:shirt")
    assert shell("answer", prompt.id, "--reject", "--reason", "Too dear", "--as", "@ben").code == 0
    ended = finished(shell, prompt.run_id)
    assert (ended["state"], ended["error"]) == ("Failed", "Rejected by ben: Too dear")


def test_an_answer_without_values_submits_what_is_shown(shell: Shell) -> None:
    """Where nothing is asked for, it lets the run go on; who acts is the user of this machine."""
    prompt = asked(shell, "asking.py:go-on")
    answered = shell("answer", prompt.id, LOGNAME="dora")
    assert (answered.code, answered.err) == (0, "")
    assert finished(shell, prompt.run_id)["result"] == "went on"
    with shell.record() as db:
        settled_by = prompts.get(db, prompt.id).settled_by
    assert settled_by is not None
    assert settled_by.id == "@dora"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--reject"], "--reject needs a --reason."),
        (["--reject", "--reason", "No", "--set", "size=small"], "--reject takes no values: leave --set and"),
        (["--reason", "No"], "--reason belongs to --reject."),
        (["--set", "size"], "--set takes name=value, not 'size'."),
        (["--values", "[1]"], "--values takes a JSON object, such as"),
    ],
)
def test_wrong_usage_of_answer_ends_with_two(shell: Shell, options: list[str], told: str) -> None:
    """Options that contradict each other, or cannot be read, are told apart from an answer that does not count."""
    with shell.record() as db:
        prompt = next(iter(prompts.pending(db)), None)
    said = shell("answer", prompt.id if prompt else asked(shell, "asking.py:shirt").id, *options)
    assert said.code == 2
    assert said.err.startswith(told)
    assert len(said.err.splitlines()) == 1


def test_waiting_for_a_run_gives_its_end(empty: Shell) -> None:
    """`run --wait` does a worker's work, prints nothing but JSON on stdout, and exits with 0 when it completes."""
    empty.write("asking.py", FLOWS)
    with empty.started("run", "asking.py:shirt", "--wait", "--json") as waiting:
        line_with(waiting, "signoff pending")
        with empty.record() as db:
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
        with empty.record() as db:
            run = until(db, lambda: prompts.pending(db))[0].run_name
        assert empty("cancel", run, "--reason", "Not today", "--as", "@ana").out == f"{run} is cancelled.\n"
        out, err = waiting.communicate()
    assert waiting.returncode == 1
    assert "is Cancelled" in out
    assert err.endswith("Not today\n")
    assert_refused(empty("cancel", run), 1, f"The run {run} is over already: Cancelled.")


def test_an_interrupted_wait_is_quiet(empty: Shell) -> None:
    """Ctrl-C ends `run --wait` with 130 and no traceback; the run waits on, for any worker."""
    empty.write("asking.py", FLOWS)
    with empty.started("run", "asking.py:shirt", "--wait") as waiting:
        with empty.record() as db:
            line_with(waiting, "signoff pending")
            prompt = until(db, lambda: prompts.pending(db))[0]
        waiting.send_signal(signal.SIGINT)
        _, err = waiting.communicate()
        assert waiting.returncode == 130
        assert "Traceback" not in err
    with empty.record() as db:
        assert runs.get(db, prompt.run_id).state is RunState.PAUSED


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_ends_cleanly_when_asked_to(empty: Shell, number: signal.Signals) -> None:
    """It exits with 0, holds nothing any more, and the next worker goes on with what it left."""
    empty.write("asking.py", FLOWS)
    run_id = empty("run", "asking.py:shirt", "--json").json["id"]
    with empty.started("worker", "asking.py", "--grace", "5") as worker:
        line_with(worker, "Ready")
        with empty.record() as db:
            prompt = until(db, lambda: prompts.of_run(db, run_id))[0]
        worker.send_signal(number)
        worker.communicate()
        assert worker.returncode == 0
    with empty.record() as db:
        assert runs.get(db, run_id).lease_owner is None
    assert empty("answer", prompt.id, "--set", "color=red", "--as", "@ana").code == 0
    with empty.started("worker", "asking.py", "--concurrency", "1") as worker:
        line_with(worker, "Ready")
        assert finished(empty, run_id)["result"] == "1 small red"


BAD_INPUT = {
    "nothing.py": "There is no file nothing.py.",
    "notes.txt": "notes.txt is no Python file: its name does not end in .py.",
    "plain.py": "plain.py has no flow. Put @flow in front of a function.",
    "broken.py": "broken.py fails to import: ModuleNotFoundError: No module named 'gone' (line 1)",
    "typo.py": "typo.py fails to import: SyntaxError: '(' was never closed (line 1)",
    "asking.py": "asking.py has several flows: shirt, go-on. Say which, as in asking.py:shirt.",
    "asking.py:trousers": "asking.py has no flow 'trousers'. It has: shirt, go-on.",
}


@pytest.mark.parametrize("target", BAD_INPUT)
def test_a_flow_that_cannot_be_run_is_explained(empty: Shell, target: str) -> None:
    """One sentence, exit code 1, no traceback, and no record is made for it."""
    empty.write("notes.txt", "Not a flow")
    empty.write("plain.py", "def shirt(): ...\n")
    empty.write("broken.py", "import gone\n")
    empty.write("typo.py", "print(\n")
    empty.write("asking.py", FLOWS)
    assert_refused(empty("run", target), 1, BAD_INPUT[target])
    assert not (empty.folder / "signoff.db").exists()


def test_parameters_that_a_flow_does_not_take_are_explained(shell: Shell) -> None:
    """The sentence names the parameter and shows what the flow takes; what has no name is wrong usage."""
    assert_refused(
        shell("run", "asking.py:shirt", "-p", "sise=large"),
        1,
        "shirt does not take these parameters: sise: Extra inputs are not permitted. It is shirt(size: str = 'small').",
    )
    assert_refused(shell("run", "asking.py:shirt", "-p", "large"), 2, "-p takes name=value, not 'large'.")


@pytest.mark.parametrize(
    "command",
    [["answer", "nobody-asked"], ["history", "nobody-asked"], ["cancel", "nobody-asked"]],
    ids=lambda command: command[0],
)
def test_an_unknown_id_is_explained(shell: Shell, command: list[str]) -> None:
    """One sentence that says where the ids are."""
    said = shell(*command)
    assert said.code == 1
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("There is no ")
    assert "lists" in said.err


@pytest.mark.parametrize("command", [["pending"], ["runs"], ["answer", "1"], ["history", "1"], ["cancel", "1"]])
def test_without_a_record_nothing_is_made_up(empty: Shell, command: list[str]) -> None:
    """A mistyped path is told, and leaves no empty file behind."""
    assert_refused(
        empty(*command),
        1,
        "There is no record at sqlite:///signoff.db. Start a run with `signoff run`, "
        "or name another record in DATABASE_URL.",
    )
    assert [*empty.folder.iterdir()] == []


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all.db", "postgresql://ana:hidden@127.0.0.1:1/signoff", "oracle://ana:hidden@host/x", "?"],
)
def test_a_database_that_cannot_be_opened_is_explained(empty: Shell, url: str) -> None:
    """One sentence that names the setting and keeps the password."""
    said = empty("db", "upgrade", DATABASE_URL=url)
    assert (said.code, len(said.err.splitlines())) == (1, 1)
    assert "DATABASE_URL" in said.err
    assert "hidden" not in said.err


def test_a_file_that_is_no_record_is_explained(empty: Shell) -> None:
    """It is told apart from one that has no tables yet, for which there is a command."""
    empty.write("signoff.db", "These are my notes.\n" * 100)
    assert "file is not a database" in empty("pending").err
    (empty.folder / "signoff.db").write_bytes(b"")
    assert "Run `signoff db upgrade`" in empty("pending").err
    upgraded = empty("db", "upgrade")
    assert (upgraded.code, upgraded.out) == (0, "sqlite:///signoff.db was upgraded: empty → 0001.\n")
    assert empty("db", "upgrade").out == "sqlite:///signoff.db is up to date: revision 0001.\n"
    assert empty("pending", "--json").json == []
    assert empty("pending").out == "Nothing waits for an answer.\n"


def test_the_record_can_be_named_in_a_dotenv_file(empty: Shell) -> None:
    """A `.env` in the working directory is read like the environment."""
    empty.write(".env", "DATABASE_URL=sqlite:///elsewhere.db\n")
    assert "elsewhere.db" in empty("db", "upgrade").out
    assert (empty.folder / "elsewhere.db").exists()


def test_people_read_tables(shell: Shell) -> None:
    """Without `--json` the lists are tables, with ids that every command takes, and say who may answer."""
    prompt = asked(shell, "asking.py:shirt")
    row = next(line for line in shell("pending").out.splitlines() if line.startswith(prompt.id[:8]))
    assert "@ana, @ben" in row
    assert re.search(r"in 5\d min", row)
    assert prompt.run_name in shell("runs", "--state", "paused").out
    assert prompt.run_name not in shell("runs", "--state", "Completed", "--limit", "1").out
    assert "opened" in shell("history", prompt.id[:8]).out


def test_a_terminal_that_cannot_show_a_letter_is_no_error(empty: Shell) -> None:
    """It shows a question mark in its place."""
    said = empty("db", "upgrade", PYTHONIOENCODING="latin-1")
    assert (said.code, said.out) == (0, "sqlite:///signoff.db was upgraded: empty ? 0001.\n")


def test_a_reader_that_hangs_up_is_no_error(shell: Shell) -> None:
    """`signoff runs | head -0` ends quietly."""
    with shell.started("runs") as listing:
        assert listing.stdout is not None
        listing.stdout.close()
        assert listing.stderr is not None
        assert listing.stderr.read() == ""


def test_the_doctor_says_what_is_missing(empty: Shell) -> None:
    """Without a Slack setting it exits with 1, and what works without one it says, too."""
    said = empty("doctor")
    assert said.code == 1
    assert "✓ database: sqlite:///signoff.db does not exist yet" in said.out
    assert "✗ bot token: SLACK_BOT_TOKEN is not set." in said.out
    assert "✗ signing secret: " in said.out
    broken = empty("doctor", SIGNOFF_PORT="ninety")
    assert broken.code == 1
    assert "✗ settings: SIGNOFF_PORT: " in broken.out
    assert [*empty.folder.iterdir()] == []


def test_the_doctor_finds_a_healthy_installation_healthy(empty: Shell, slack: Emulator) -> None:
    """Tokens, scopes and database are tried for real, and no secret is printed."""
    with empty.record() as db:
        migrations.upgrade(db)
    said = empty("doctor", **slack.environment())
    assert (said.code, said.err) == (0, "")
    assert [line.partition(":")[0] for line in said.out.splitlines()] == [
        "✓ database",
        "✓ settings",
        "✓ bot token",
        "✓ scopes",
        "✓ app token",
    ]
    assert slack.bot_token not in said.out
    assert slack.app_token not in said.out


def test_the_doctor_names_wrong_tokens_and_missing_scopes(empty: Shell) -> None:
    """Each finding says which setting it is about, for scripts as JSON."""
    fewer = replace(MANIFEST, scopes=MANIFEST.scopes - {"users:read", "im:write"})
    with Emulator(manifest=fewer) as slack:
        lacking = empty("doctor", "--json", **slack.environment())
        wrong = empty(
            "doctor", "--json", **slack.environment() | {"SLACK_BOT_TOKEN": "xoxb-no", "SLACK_APP_TOKEN": "xapp-no"}
        )
    assert lacking.code == wrong.code == 1
    found = {check["check"]: check for check in lacking.json}
    assert found["bot token"]["ok"]
    assert found["scopes"]["message"].startswith("im:write, users:read not granted.")
    refused = {check["check"]: check["message"] for check in wrong.json if not check["ok"]}
    assert refused.keys() == {"bot token", "app token"}
    assert "SLACK_BOT_TOKEN (invalid_auth)" in refused["bot token"]
    assert "SLACK_APP_TOKEN (invalid_auth)" in refused["app token"]


@pytest.mark.parametrize("command", ["serve", "bot"])
def test_serving_slack_needs_its_settings(empty: Shell, command: str) -> None:
    """Missing or wrong tokens are one sentence that names the setting."""
    files = [empty.write("asking.py", FLOWS)] if command == "serve" else []
    missing = empty(command, *files)
    assert missing.code == 1
    assert missing.err.startswith("SLACK_BOT_TOKEN is not set.")
    with Emulator() as slack:
        wrong = empty(command, *files, **slack.environment() | {"SLACK_BOT_TOKEN": "xoxb-no"})
    assert wrong.code == 1
    assert "SLACK_BOT_TOKEN: Slack refuses it (invalid_auth)." in wrong.err
    assert "Traceback" not in missing.err + wrong.err


def test_a_port_that_is_taken_is_explained(empty: Shell, slack: Emulator) -> None:
    """One sentence, that names the option or the setting that chooses another."""
    port = slack.url.rpartition(":")[2]
    demo = empty("demo", "--port", port)
    assert_refused(demo, 1, f"Port {port} cannot be used: Address already in use. Choose another with --port.")
    bot = empty("bot", **slack.environment() | {"SLACK_APP_TOKEN": "", "SIGNOFF_PORT": port})
    assert bot.code == 1
    assert "SIGNOFF_PORT" in bot.err
    assert "Address already in use" in bot.err
    assert "Traceback" not in bot.err


def test_a_demo_that_cannot_keep_its_record_is_explained(empty: Shell) -> None:
    """One sentence, that names the file and the option."""
    said = empty("demo", "--port", "0", "--db", "nowhere/demo.db")
    assert_refused(
        said, 1, "nowhere/demo.db cannot be used: unable to open database file. Give another file with --db."
    )


def test_the_command_is_quick_to_start() -> None:
    """Help and completion load no database and no Slack library: a command loads what it works with."""
    heavy = "{'sqlalchemy', 'alembic', 'pydantic', 'slack_sdk', 'slack_bolt', 'apscheduler', 'flows'}"
    looked = f"import sys, bot.cli; print(*({heavy} & sys.modules.keys()))"
    ended = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []
