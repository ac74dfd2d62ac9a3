"""Whatever is wrong: one clear sentence, an exit code, and no traceback."""

import re

import pytest

from signoff.store.migrations import REVISIONS
from signoff.testing import Emulator
from tests.acceptance.cli.asking import FLOWS, assert_refused
from tests.acceptance.shell import Shell

HELPERS = {
    "helpers/deep.py": "import json\n\nLIMITS = json.loads('{')\n",
    "helpers/chain.py": "from helpers.deep import LIMITS\n",
    "helpers/typo.py": "\nprint(\n",
    "helpers/policy.py": "from signoff import Policy\n\nRULES = Policy(approvers='@ana', deadline='soon')\n",
    "helpers/stop.py": "import asyncio\n\nraise asyncio.CancelledError\n",
}

BAD_IMPORT = {
    "deep": "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) "
    "(line 3 of helpers/deep.py)",
    "chain": "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) "
    "(line 3 of helpers/deep.py)",
    "typo": "SyntaxError: '(' was never closed (line 2 of helpers/typo.py)",
    "policy": "InvalidPolicy: The policy is invalid: approvers: give a list, even of one: ['@ana']; deadline: Input "
    "should be a valid timedelta, invalid digit in duration. (line 3 of helpers/policy.py)",
    "stop": "CancelledError (line 3 of helpers/stop.py)",
}

BAD_SETTINGS = {
    "SIGNOFF_PORT": ("ninety", "99999", "-1", ""),
    "SIGNOFF_CONCURRENCY": ("many", "0", "99999999999999999999"),
    "SIGNOFF_MAX_IN_MEMORY": ("all", "0", "1.5"),
    "SIGNOFF_GRACE": ("long", "-1", "nan", "inf"),
    "SIGNOFF_OUTSIDE_SLACK": ("anybody",),
    "SLACK_API_URL": ("localhost:4000", "slack.com/api", "https://slack.com:99999/api/", "?"),
    "DATABASE_URL": ("foo", "?", "sqlite://", "oracle://host/x", "postgresql://ana:hidden@host:port/x"),
    "SLACK_BOT_TOKEN": ("xapp-hidden", "hidden", "xoxb-hid den"),
    "SLACK_APP_TOKEN": ("xoxb-hidden", "hidden"),
    "SLACK_SIGNING_SECRET": ("hid den", "xoxb-hidden"),
}

KNOWN = "shirt, only-slack-knows, in-slack, together, somebody-else, contradiction, typed, forgiving, go-on"
"""The flows of `asking.py`."""

BAD_INPUT = {
    "nothing.py": "The file nothing.py does not exist.",
    "notes.txt": "notes.txt is not a Python file: its name does not end in .py.",
    "plain.py": "plain.py has no flow. Decorate a function with @flow.",
    "broken.py": "broken.py could not be imported: ModuleNotFoundError: No module named 'gone' (line 1)",
    "typo.py": "typo.py could not be imported: SyntaxError: '(' was never closed (line 1)",
    "asking.py": (f"asking.py has several flows: {KNOWN}. Name one of them, as in asking.py:shirt."),
    "asking.py:trousers": f"asking.py has no flow 'trousers'. It has: {KNOWN}.",
}


@pytest.mark.parametrize("target", BAD_INPUT)
def test_a_flow_that_cannot_be_run_is_explained(empty: Shell, target: str) -> None:
    """Invariant 10: one sentence, exit code 1, no traceback, and no database is made for it."""
    empty.write("notes.txt", "Not a flow")
    empty.write("plain.py", "def shirt(): ...\n")
    empty.write("broken.py", "import gone\n")
    empty.write("typo.py", "print(\n")
    empty.write("asking.py", FLOWS)
    assert_refused(empty("run", target), 1, BAD_INPUT[target])
    assert not (empty.folder / "signoff.db").exists()


@pytest.mark.parametrize("helper", BAD_IMPORT)
def test_an_error_in_a_helper_names_its_file_and_line(empty: Shell, helper: str) -> None:
    """Invariant 10: however deep it is, so that nobody has to look for it. Libraries in between do not count."""
    (empty.folder / "helpers").mkdir()
    for name, text in HELPERS.items():
        empty.write(name, text)
    empty.write("order.py", f"from signoff import flow\nfrom helpers.{helper} import *\n\n\n@flow\ndef order(): ...\n")
    assert_refused(empty("run", "order.py"), 1, f"order.py could not be imported: {BAD_IMPORT[helper]}")


@pytest.mark.parametrize("name", BAD_SETTINGS)
def test_a_malformed_setting_is_one_sentence_and_leaves_no_database(empty: Shell, name: str) -> None:
    """Invariants 9 and 10: it names the setting, hides what may be a secret, and comes before anything is created."""
    slack = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "" if name == "SLACK_SIGNING_SECRET" else "xapp-1",
        "SLACK_SIGNING_SECRET": "hidden",
        "SLACK_API_URL": "http://127.0.0.1:1/api/",
    }
    for value in BAD_SETTINGS[name]:
        said = empty("bot", **{**slack, name: value})
        assert (said.code, len(said.err.splitlines())) == (1, 1), said.err
        assert said.err.startswith(name)
        assert said.err.endswith(".\n")
        assert not re.search(r"hidden|\.\.|[?!:]\.|Value error|bug", said.err), said.err
        assert [*empty.folder.iterdir()] == []


@pytest.mark.parametrize("command", [["run", "echo.py", "--wait"], ["worker", "echo.py"], ["serve", "echo.py"]])
def test_several_malformed_settings_are_told_at_once(empty: Shell, command: list[str]) -> None:
    """Nobody has to start it again for each of them; and a run that could not run here is not created."""
    empty.write("echo.py", "from signoff import flow\n\n@flow\ndef echo(): ...\n")
    said = empty(*command, SIGNOFF_OUTSIDE_SLACK="anybody", DATABASE_URL="sqlite:///here.db", SIGNOFF_PORT="ninety")
    assert said.code == 1
    assert "SIGNOFF_OUTSIDE_SLACK: Input should be 'claims', 'own-name' or 'never'." in said.err
    assert "SIGNOFF_PORT: Input should be a valid integer" in said.err or command[0] == "run"
    assert not (empty.folder / "here.db").exists()


def test_a_dotenv_file_that_cannot_be_read_is_explained(empty: Shell) -> None:
    """One sentence that names the file, and one line for each of its lines that makes no sense."""
    (empty.folder / ".env").write_bytes(b"SIGNOFF_CHANNEL=caf\xe9\n")
    fault = ".env is not text in UTF-8. Save it as UTF-8, or set the variables in the environment."
    for command in ("pending", "bot"):
        assert_refused(empty(command), 1, fault)
    doctor = empty("doctor", "--json")
    assert (doctor.code, doctor.json) == (1, [{"check": "settings", "ok": False, "message": fault}])
    empty.write(".env", "SIGNOFF_CHANNEL='#orders\nSIGNOFF_PORT=3000\n")
    said = empty("doctor")
    assert [line.partition("WARNING ")[2] for line in said.err.splitlines()] == [
        "Cannot read the statement of .env starting at line 1"
    ]


def test_parameters_that_a_flow_does_not_take_are_explained(shell: Shell) -> None:
    """Invariant 10: the sentence names the parameter and shows what the flow takes; what has no name is wrong usage."""
    assert_refused(
        shell("run", "asking.py:shirt", "-p", "sise=large"),
        1,
        "Invalid parameters for shirt: sise: there is no such parameter. Its signature is shirt(size: str = 'small').",
    )
    assert_refused(shell("run", "asking.py:shirt", "-p", "large"), 2, "-p requires name=value, not 'large'.")


def test_a_text_parameter_gets_text_that_looks_like_a_number(empty: Shell) -> None:
    """Nobody has to quote a version for JSON; a parameter of another type is JSON."""
    empty.write(
        "echo.py", "from signoff import flow\n\n@flow\ndef echo(version: str, count: int): return [version, count]\n"
    )
    told = empty("run", "echo.py", "-p", "version=1.60", "-p", "count=2", "--wait", "--json")
    assert told.json["result"] == ["1.60", 2]


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
    assert "`signoff " in said.err


@pytest.mark.parametrize("command", [["pending"], ["runs"], ["answer", "1"], ["history", "1"], ["cancel", "1"]])
def test_without_a_database_nothing_is_made_up(empty: Shell, command: list[str]) -> None:
    """A mistyped path is told, and leaves no empty file behind."""
    assert_refused(
        empty(*command),
        1,
        "There is no database at sqlite:///signoff.db. Start a run with `signoff run`, "
        "or set DATABASE_URL to another database.",
    )
    assert [*empty.folder.iterdir()] == []


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all.db", "postgresql://ana:hidden@127.0.0.1:1/signoff", "oracle://ana:hidden@host/x", "?"],
)
def test_a_database_that_cannot_be_opened_is_explained(empty: Shell, url: str) -> None:
    """Invariant 9: one sentence that names the setting and keeps the password."""
    said = empty("db", "upgrade", DATABASE_URL=url)
    assert (said.code, len(said.err.splitlines())) == (1, 1)
    assert "DATABASE_URL" in said.err
    assert "hidden" not in said.err


def test_a_file_that_is_not_a_database_is_explained(empty: Shell) -> None:
    """It is told apart from one that has no tables yet, for which there is a command."""
    empty.write("signoff.db", "These are my notes.\n" * 100)
    assert "file is not a database" in empty("pending").err
    (empty.folder / "signoff.db").write_bytes(b"")
    assert "Run `signoff db upgrade`" in empty("pending").err
    upgraded = empty("db", "upgrade")
    assert (upgraded.code, upgraded.out) == (
        0,
        f"Upgraded sqlite:///signoff.db from empty to revision {REVISIONS[-1]}.\n",
    )
    assert empty("db", "upgrade").out == f"sqlite:///signoff.db is up to date at revision {REVISIONS[-1]}.\n"
    assert empty("pending", "--json").json == []
    assert empty("pending").out == "No prompt is waiting for an answer.\n"


@pytest.mark.parametrize("command", ["serve", "bot"])
def test_serving_slack_needs_its_settings(empty: Shell, command: str) -> None:
    """Invariant 10: missing or wrong tokens are one sentence that names the setting."""
    files = [empty.write("asking.py", FLOWS)] if command == "serve" else []
    missing = empty(command, *files)
    assert missing.code == 1
    assert missing.err.startswith("SLACK_BOT_TOKEN is not set.")
    with Emulator() as slack:
        wrong = empty(command, *files, **slack.environment() | {"SLACK_BOT_TOKEN": "xoxb-no"})
    assert wrong.code == 1
    assert "SLACK_BOT_TOKEN: Slack rejects it (invalid_auth)." in wrong.err
    assert "Traceback" not in missing.err + wrong.err


def test_a_port_that_is_taken_is_explained(empty: Shell, slack: Emulator) -> None:
    """One sentence, that names the option or the setting that chooses another."""
    port = slack.url.rpartition(":")[2]
    demo = empty("demo", "--port", port)
    assert_refused(demo, 1, f"Cannot use port {port}: Address already in use. Choose another one with --port.")
    bot = empty("bot", **slack.environment() | {"SLACK_APP_TOKEN": "", "SIGNOFF_PORT": port})
    assert bot.code == 1
    assert "SIGNOFF_PORT" in bot.err
    assert "Address already in use" in bot.err
    assert "Traceback" not in bot.err


def test_a_demo_that_cannot_write_its_database_is_explained(empty: Shell) -> None:
    """One sentence, that names the file and the option."""
    said = empty("demo", "--port", "0", "--db", "nowhere/demo.db")
    assert_refused(said, 1, "Cannot use nowhere/demo.db: unable to open database file. Choose another file with --db.")
