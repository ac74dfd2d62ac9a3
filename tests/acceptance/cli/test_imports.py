"""Which libraries a command may not import, because it does not need them and its user would wait for them."""

import subprocess
import sys

import pytest

from tests.acceptance.cli.asking import asked
from tests.acceptance.shell import Shell

SLACK = {"slack_bolt", "slack_sdk"}
WEB = {"starlette", "uvicorn", "websockets", "httpx"}
DATABASES = {"alembic", "psycopg", "sqlalchemy.dialects.postgresql"}
"""What only migrations and PostgreSQL need. The database of these tests is an SQLite file that is up to date."""

SCHEMAS = {"pydantic_settings", "jsonschema", "email_validator"}
PROMPTS = {"pydantic"}
"""What reads the policy of a prompt."""

REST = {"apscheduler", "coolname", "rich.markdown"}

NOTHING_HEAVY = {*SLACK, *WEB, *DATABASES, *SCHEMAS, *REST, *PROMPTS, "sqlalchemy", "rich", "importlib.metadata"}

FORBIDDEN = {
    "--help": NOTHING_HEAVY,
    "pending": {*SLACK, *WEB, *DATABASES, *SCHEMAS, *REST},
    "pending --json": {*SLACK, *WEB, *DATABASES, *SCHEMAS, *REST, "rich"},
    "runs": {*SLACK, *WEB, *DATABASES, *SCHEMAS, *REST, *PROMPTS},
    "schedules": {*SLACK, *WEB, *DATABASES, *SCHEMAS, *REST, *PROMPTS},
    "history PROMPT": {*SLACK, *WEB, *DATABASES, *SCHEMAS, *REST},
    "audit verify --all": {*SLACK, *WEB, *DATABASES, *SCHEMAS, *REST, *PROMPTS, "rich"},
    "audit export": {*SLACK, *WEB, *DATABASES, *SCHEMAS, *REST, *PROMPTS, "rich"},
    "db upgrade": {*SLACK, *WEB, *DATABASES, *SCHEMAS, *REST, *PROMPTS, "rich"},
    "answer PROMPT": {*SLACK, *WEB, *DATABASES},
    "cancel RUN": {*SLACK, *WEB, *DATABASES},
    "run asking.py:go-on": {*SLACK, *WEB, *DATABASES},
    "doctor": {*WEB, *DATABASES, "slack_bolt"},
}

PROGRAM = """
import sys
from signoff.bot.cli import main

try:
    main()
finally:
    print("", *sys.modules, sep="\\n", file=sys.stderr)
"""


@pytest.mark.parametrize("command", FORBIDDEN)
def test_a_command_imports_no_more_than_it_needs(shell: Shell, command: str) -> None:
    """`signoff --help` is quick, and a command on SQLite does not wait for Slack, a web server or PostgreSQL."""
    words = command.split()
    if words[-1] in ("PROMPT", "RUN"):
        prompt = asked(shell, "asking.py:go-on")
        words[-1] = prompt.id if words[-1] == "PROMPT" else prompt.run_id
    ended = subprocess.run([sys.executable, "-c", PROGRAM, *words], cwd=shell.folder, capture_output=True, text=True)
    imported = set(ended.stderr.splitlines())
    assert "signoff.bot.cli" in imported, ended.stderr
    assert imported & FORBIDDEN[command] == set()
