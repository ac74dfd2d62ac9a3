"""Invariant 9: no command and no log prints a secret, wherever a setting has it."""

import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from signoff.testing import Emulator
from tests.acceptance.shell import Shell, line_with
from tests.support.postgres_server import PostgresServer

URLS: Mapping[str, str] = {
    "before the host": "postgresql://ana:hunter2@127.0.0.1:1/orders",
    "with an @": "postgresql://ana:hun@ter2@127.0.0.1:1/orders",
    "with a colon and an @": "postgresql://ana:a:hunter2@b@127.0.0.1:1/orders",
    "as the option password": "postgresql://ana@127.0.0.1:1/orders?password=hunter2",
    "as an option, with an @": "postgresql://ana@127.0.0.1:1/orders?password=hun@ter2",
    "as sslpassword": "postgresql://ana@127.0.0.1:1/orders?sslmode=prefer&sslpassword=hunter2",
    "as an option that does not exist": "postgresql://ana@127.0.0.1:1/orders?sslpasswort=hunter2",
    "as the port": "postgresql://ana@127.0.0.1:hunter2/orders",
    "of another database": "mysql://ana:hun@ter2@127.0.0.1/orders?password=hunter2",
    "without a scheme": "ana:hunter2@127.0.0.1/orders",
    "as the host": "postgresql://ana@127.0.0.1@hunter2/orders",
}
COMMANDS = (
    *("doctor", "doctor --json", "db upgrade", "pending", "pending --json", "runs", "runs --json", "schedules"),
    *(
        "history 4f2c",
        "answer 4f2c --set a=1 --as @ana",
        "cancel 4f2c",
        "retry 4f2c",
        "run flows.py",
        "run flows.py --wait",
    ),
    *("serve flows.py", "worker flows.py", "bot"),
)
FLOWS = "from signoff import flow\n\n@flow\ndef a():\n    pass\n\nif __name__ == '__main__':\n    a.serve()\n"


def secrets_in(text: str) -> set[str]:
    """The parts of the passwords above that are in a text."""
    return {part for part in ("hunter", "ter2") if part in text}


@pytest.mark.parametrize("where", list(URLS))
def test_no_command_prints_the_password_of_the_database(empty: Shell, where: str) -> None:
    """Each says what is wrong with DATABASE_URL, as a sentence, and the report of a bug has no password either."""
    for command in ("doctor", "db upgrade"):
        said = empty(*command.split(), DATABASE_URL=URLS[where])
        assert said.code == 1
        assert secrets_in(said.out + said.err) == set(), command
        assert "DATABASE_URL" in said.out + said.err
        assert "Traceback" not in said.err
        assert "bug in Signoff" not in said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_opens_the_database_is_silent_about_it(empty: Shell, command: str) -> None:
    """With a password in two places, and tokens that are used for nothing."""
    url = "postgresql://ana:hunter2@127.0.0.1:1/orders?sslpassword=hunter2&sslmode=prefer"
    empty.write("flows.py", FLOWS)
    tokens = {
        "SLACK_BOT_TOKEN": "xoxb-hunter2",
        "SLACK_SIGNING_SECRET": "hunter2-signs",
        "SLACK_API_URL": "http://127.0.0.1:1/",
    }
    said = empty(*command.split(), DATABASE_URL=url, **tokens)
    assert said.code == 1, said
    assert secrets_in(said.out + said.err) == set()
    assert "postgresql://ana:***@127.0.0.1:1/orders?sslmode=prefer&sslpassword=***" in said.out + said.err


@pytest.mark.parametrize("where", ["before the host", "as the option password", "with an @"])
def test_a_program_that_serves_its_flow_prints_no_password(empty: Shell, where: str) -> None:
    """Python shows the whole chain of causes when a program ends by an error."""
    empty.write("flows.py", FLOWS)
    said = subprocess.run(
        [sys.executable, "flows.py"],
        cwd=empty.folder,
        env={"DATABASE_URL": URLS[where], "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert said.returncode == 1
    assert "DATABASE_URL" in said.stderr
    assert secrets_in(said.stdout + said.stderr) == set()


def test_a_database_that_is_lost_is_logged_without_its_password(
    empty: Shell, postgres: PostgresServer, slack: Emulator
) -> None:
    """The log of a bot that runs while its database goes away."""
    name = f"lost_{uuid.uuid4().hex}"
    postgres.execute("CREATE DATABASE {} TEMPLATE migrated", name)
    url = make_url(postgres.database(name)).set(password="hunter2").update_query_dict({"sslpassword": "hunter2"})
    shell = Shell(empty.folder, DATABASE_URL=url.render_as_string(hide_password=False), **slack.environment())
    with shell.started("bot") as process:
        line_with(process, "Ready")
        postgres.execute("DROP DATABASE {} WITH (FORCE)", name)
        said = line_with(process, "retrying")
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=100)
    assert secrets_in(said + "".join(rest)) == set()


@pytest.mark.parametrize("ends", ["\n", " \r\n\n"])
def test_a_token_from_a_mounted_file_works(empty: Shell, slack: Emulator, ends: str) -> None:
    """Files end in a line break, and so do secrets that are mounted as files or read with `$(cat …)` badly."""
    said = empty("doctor", **{name: value + ends for name, value in slack.environment().items()})
    assert (said.code, said.err) == (0, "")
    assert "✓ bot token" in said.out
    http = {name: value + ends for name, value in slack.environment().items() if name != "SLACK_APP_TOKEN"}
    assert "✓ signing secret" in empty("doctor", **http).out


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-hunter2\nxoxb-hunter2", "contains a character that no token has"),
        ("SLACK_BOT_TOKEN", "'xoxb-hunter2'", "is the wrong kind of token"),
        ("SLACK_BOT_TOKEN", 'xoxb-hunter2"', "contains a character that no token has"),
        ("SLACK_BOT_TOKEN", "xoxb-hunter2–ü", "contains a character that no token has"),
        ("SLACK_APP_TOKEN", "xapp-hunter2 ", "Slack rejects SLACK_APP_TOKEN (invalid_auth)"),
        ("SLACK_APP_TOKEN", "xapp-hun ter2", "contains a character that no token has"),
        ("SLACK_SIGNING_SECRET", "hun ter2", "contains a space, a line break or a quotation mark"),
        ("SLACK_SIGNING_SECRET", "xoxb-hunter2", "is a token, not the signing secret"),
    ],
)
def test_a_damaged_secret_is_named_and_not_shown(
    empty: Shell, slack: Emulator, name: str, value: str, says: str
) -> None:
    """One sentence says which setting it is and where to copy it from, in the doctor and at the start."""
    environment = slack.environment() | {name: value}
    if name == "SLACK_SIGNING_SECRET":
        del environment["SLACK_APP_TOKEN"]
    for command in ("doctor", "bot"):
        said = empty(*command.split(), **environment, SIGNOFF_PORT="0")
        assert said.code == 1
        assert name in said.out + said.err
        assert secrets_in(said.out + said.err) == set()
        if command == "doctor":
            assert says in said.out
        assert "bug in Signoff" not in said.err


@pytest.mark.parametrize(
    "address",
    [
        "https://ana:hunter2@127.0.0.1:1/api/",
        "https://ana:hun@ter2@[bad/",
        "http://127.0.0.1:1/?token=hunter2",
        "hunter2",
        "http://[hunter2",
        "http://127.0.0.1:1/api/\nhunter2",
        "http://127.0.0.1:hunter2/",
        "http://127.0.0.1:65536/api/",
    ],
)
def test_an_address_of_slack_with_a_secret_is_refused(empty: Shell, slack: Emulator, address: str) -> None:
    """One sentence says what to write, and nothing of what was written."""
    said = empty("doctor", **slack.environment() | {"SLACK_API_URL": address})
    assert said.code == 1
    assert "✗ settings: SLACK_API_URL: Set it to an address such as https://slack.com/api/." in said.out
    assert secrets_in(said.out + said.err) == set()


def test_the_report_of_a_bug_has_no_secret(tmp_path: Path) -> None:
    """Users attach it to an issue, which everybody can read."""
    program = (
        "import os, sys\n"
        "from signoff.bot.cli import application, running\n"
        "from signoff.bot.settings import load_settings\n"
        "def broken(*args, **kwargs):\n"
        "    load_settings()\n"
        "    token = os.environ['SLACK_BOT_TOKEN']\n"
        "    raise RuntimeError(f'invalid header: {token} password=hunter2 signs-hunter2')\n"
        "running.runs.callback = broken\n"
        "sys.argv = ['signoff', 'runs']\n"
        "application.main()\n"
    )
    environment = {
        "SLACK_BOT_TOKEN": "xoxb-hunter2\n",
        "SLACK_SIGNING_SECRET": "signs-hunter2\n",
        "TMPDIR": str(tmp_path),
    }
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100
    )
    assert "This is a bug in Signoff: RuntimeError" in said.stderr
    (report,) = tmp_path.glob("signoff-*.txt")
    assert "RuntimeError: invalid header: ***" in report.read_text()
    assert secrets_in(said.stdout + said.stderr) == set()
    assert secrets_in(report.read_text().partition("RuntimeError: ")[2]) == set()


@pytest.mark.parametrize(
    ("set_up", "others_are_redacted"),
    [
        ("from signoff.bot.cli.logs import log_to_stderr; log_to_stderr()", True),
        ("from signoff.flows.settings import default_database; default_database()", False),
        ("logging.basicConfig(); from signoff.flows.settings import default_database; default_database()", False),
    ],
)
def test_the_log_of_every_kind_of_program_is_redacted(tmp_path: Path, set_up: str, others_are_redacted: bool) -> None:
    """All of the command's. A program that runs its own flows, with or without logging of its own, keeps its own."""
    program = (
        f"import logging\n{set_up}\n"
        "def log(name):\n"
        "    try:\n"
        "        raise ValueError('password=hunter2')\n"
        "    except ValueError:\n"
        "        logging.getLogger(name).exception('%s failed', 'postgresql://ana:hunter2@db/orders')\n"
        "log('signoff.some.module')\n"
        "print('—', file=__import__('sys').stderr, flush=True)\n"
        "log('signoffs')\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, timeout=100
    )
    ours, _, others = said.stderr.partition("—")
    assert "postgresql://***@db/orders failed" in ours
    assert "ValueError: password=***" in ours
    assert secrets_in(ours) == set()
    assert ("postgresql://ana:hunter2@db/orders failed" in others) is not others_are_redacted
    assert ("ValueError: password=***" in others) is others_are_redacted
