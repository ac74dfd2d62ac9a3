"""`signoff audit` and `signoff history`: whether the ledger is as it was written, and the whole of it."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from signoff.store import ledger, migrations
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from tests.acceptance.cli.asking import assert_refused
from tests.acceptance.shell import Shell
from tests.integration.store.samples import NOON, a_prompt_elsewhere, settle

HOSTILE = "=cmd|'/c calc'!A1"
SECRET = "xoxb-0123456789-abcdefghijkl"


@pytest.fixture
def audited(empty: Shell) -> tuple[Shell, Prompt]:
    """A folder whose database has a prompt with three lines, and one with two that is older."""
    with empty.database() as db:
        migrations.upgrade(db)
        older = a_prompt_elsewhere(db, key="1", title="Older")
        prompt = a_prompt_elsewhere(db, key="2", title=HOSTILE)
        ledger.note(db, older.id, "refused", now=NOON.replace(year=2030), actor=Actor("U2", "Ben"))
        detail = {"via": "slack", "reason": HOSTILE, "password": "hunter2", "said": f"Use {SECRET}."}
        ledger.note(db, prompt.id, "refused", now=NOON, actor=Actor("U3", HOSTILE), detail=detail)
        settle(db, prompt, answer={"size": "large"})
    return empty, prompt


def edited(shell: Shell, *statements: str) -> None:
    """Edit the database by hand."""
    with closing(sqlite3.connect(shell.folder / "signoff.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_an_intact_ledger_is_verified(audited: tuple[Shell, Prompt]) -> None:
    """All of it, or that of one prompt; nothing is written."""
    shell, prompt = audited
    before = (shell.folder / "signoff.db").read_bytes()
    said = shell("audit", "verify", "--all")
    assert (said.code, said.out, said.err) == (0, "The ledger is as it was written: 5 lines of 2 prompts.\n", "")
    said = shell("audit", "verify", prompt.id[:8])
    assert (said.code, said.out, said.err) == (0, "The ledger is as it was written: 3 lines of 1 prompt.\n", "")
    assert (shell.folder / "signoff.db").read_bytes() == before
    for arguments in ([], ["--all", prompt.id]):
        assert_refused(shell("audit", "verify", *arguments), 2, "Name one prompt, or check them all with --all.")


def test_a_ledger_that_was_edited_is_not_verified(audited: tuple[Shell, Prompt]) -> None:
    """A sentence for each fault and the exit code 1; `signoff history` says so too, and shows what there is."""
    shell, prompt = audited
    edited(
        shell,
        f"UPDATE ledger SET actor = 'U9' WHERE prompt_id = '{prompt.id}' AND number = 3",
        f"DELETE FROM ledger WHERE prompt_id <> '{prompt.id}' AND number = 2",
    )
    said = shell("audit", "verify", "--all")
    assert (said.code, said.err) == (1, "")
    *faults, last = said.out.splitlines()
    assert f"Prompt {prompt.id[:8]}: Line 3 (submitted, 2031-05-06 12:00:00 UTC) was changed, or" in said.out
    assert "Line 2 is missing at the end." in said.out
    assert len(faults) == 2
    assert last == "The ledger is not as it was written: 2 faults in 4 lines of 2 prompts."
    told = shell("history", prompt.id)
    assert told.code == 0
    assert f"The ledger of prompt {prompt.id[:8]} is not as it was written: Line 3" in told.err
    assert "Answered" in told.out


def test_a_value_that_cannot_be_read_is_a_change(audited: tuple[Shell, Prompt]) -> None:
    """SQLite lets somebody write what is no JSON. It is reported, and the other prompts are checked."""
    shell, prompt = audited
    edited(shell, f"UPDATE ledger SET detail = '(' WHERE prompt_id = '{prompt.id}' AND number = 2")
    said = shell("audit", "verify", "--all")
    assert (said.code, said.err) == (1, "")
    assert f"Prompt {prompt.id[:8]}: A line cannot be read, so it was changed.\n" in said.out
    assert "A line cannot be read" in shell("history", prompt.id).err


def test_what_a_person_tried_is_told_in_words(audited: tuple[Shell, Prompt]) -> None:
    """`signoff history` is for people; the name of an event is in its JSON."""
    shell, prompt = audited
    shown = shell("history", prompt.id)
    assert shown.err == ""
    assert "Tried to answer, and may not" in shown.out
    assert [line["event"] for line in shell("history", prompt.id, "--json").json] == ["opened", "refused", "submitted"]


def test_the_ledger_is_exported_as_json_lines(audited: tuple[Shell, Prompt]) -> None:
    """An object for each line, in the order of writing, without secrets, and with what the question was."""
    shell, prompt = audited
    said = shell("audit", "export")
    assert (said.code, said.err) == (0, "")
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [line["event"] for line in lines] == ["opened", "opened", "refused", "refused", "submitted"]
    refused = lines[3]
    assert (refused["prompt_id"], refused["number"], refused["actor"]) == (prompt.id, 2, "U3")
    assert refused["detail"]["password"] == "***"
    assert SECRET not in said.out
    assert (refused["title"], refused["flow"], refused["run_name"]) == (HOSTILE, "train", "quick-heron")
    assert [
        line["title"] for line in map(json.loads, shell("audit", "export", "--since", "2031-05-06").out.splitlines())
    ]
    since = [json.loads(line) for line in shell("audit", "export", "--since", "2031-05-06").out.splitlines()]
    assert len(since) == 4
    assert shell("audit", "export", "--flow", "another").out == ""
    assert len(shell("audit", "export", "--flow", "train").out.splitlines()) == 5
    bad = shell("audit", "export", "--since", "yesterday")
    assert bad.code == 2
    assert "'yesterday' is neither a date nor an age." in bad.err


def test_a_spreadsheet_runs_nothing_of_an_export(audited: tuple[Shell, Prompt]) -> None:
    """A cell that begins like a formula begins with an apostrophe in CSV, and a file is complete or not there."""
    shell, _ = audited
    said = shell("audit", "export", "--csv", "--output", "ledger.csv")
    assert (said.code, said.out, said.err) == (0, "", "")
    text = (shell.folder / "ledger.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["event"] for row in rows] == ["opened", "opened", "refused", "refused", "submitted"]
    assert rows[3]["name"] == rows[3]["title"] == f"'{HOSTILE}"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())
    assert json.loads(rows[3]["detail"])["reason"] == HOSTILE
    assert not list(Path(shell.folder).glob("*.unfinished"))
    missing = shell("audit", "export", "--output", "nowhere/ledger.csv")
    assert_refused(missing, 1, "Cannot write nowhere/ledger.csv: No such file or directory.")
