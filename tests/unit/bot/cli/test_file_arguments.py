"""A file is given on the command line by its path."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from signoff import RunInput
from signoff.bot.cli.arguments import submission
from signoff.bot.cli.failures import CommandFailed
from signoff.flows.durable.question import Question
from signoff.input import Accepts, UploadedFile
from tests.support.prompts import prompt_for


class Report(RunInput):
    """Files, and a text that may begin with an at sign."""

    table: Annotated[UploadedFile, Accepts("csv", max_bytes=10)] | None = None
    several: list[UploadedFile] = Field(default=[])
    raw: bytes = b""
    author: str = ""


QUESTION = Question.of(Report)
PROMPT = replace(prompt_for(None), schema=QUESTION.schema)


def given(*sets: str) -> Any:
    """What the flow gets for these options."""
    return QUESTION.answer(submission(PROMPT, sets, None))


def test_the_file_at_a_path_is_the_value(tmp_path: Path) -> None:
    """With its name and each of its bytes, one or in a list; a text stays a text."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff,1")
    file = UploadedFile(name="a.csv", mimetype="text/csv", content=b"\xff,1")
    answered = given(f"table=@{path}", f"several=@{path}", f"raw=@{path}", "author=@ana")
    assert answered == Report(table=file, several=[file], raw=b"\xff,1", author="@ana")


def test_a_file_that_cannot_be_taken_is_said_to_be_wrong(tmp_path: Path) -> None:
    """Missing, of another type, or too large."""
    large, text = tmp_path / "large.csv", tmp_path / "a.txt"
    large.write_bytes(bytes(11))
    text.write_bytes(b"")
    for path, message in (
        (tmp_path / "no.csv", f"Cannot read {tmp_path / 'no.csv'}: No such file or directory."),
        (text, "“a.txt” has the wrong type. Upload a file ending in .csv."),
        (large, "“large.csv” is 11 bytes. The limit is 10 bytes."),
    ):
        with pytest.raises(CommandFailed) as failed:
            given(f"table=@{path}")
        assert message in str(failed.value)
