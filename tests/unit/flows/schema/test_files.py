"""Files as values of a model."""

import base64
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from signoff import RunInput
from signoff.flows.durable.question import Question
from signoff.flows.durable.values.serialization import dump, load
from signoff.flows.schema.files import MAX_BYTES
from signoff.flows.schema.json_schema import schema_of
from signoff.flows.schema.schema_validation import schema_errors
from signoff.input import Accepts, UploadedFile


class Upload(RunInput):
    """A file of each kind."""

    any_: UploadedFile | None = None
    table: Annotated[UploadedFile, Accepts("csv", ".TSV", max_bytes=10)] | None = None
    raw: Annotated[bytes, Accepts(max_bytes=10)] = b""
    several: list[Annotated[UploadedFile, Accepts("csv")]] = Field(default=[])


@settings(deadline=None)
@given(st.binary(max_size=50), st.text())
def test_content_survives_as_json(content: bytes, name: str) -> None:
    """Whatever bytes and name a file has, the flow gets them, and the bare schema takes them."""
    file = UploadedFile(name=name, content=content)
    values = Upload(any_=file, several=[]).model_dump(mode="json")
    answered = Question.of(Upload).answer(values)
    assert answered.any_ == file
    assert answered.any_.size == len(content)
    assert schema_errors(schema_of(Upload), values) == []


@given(st.binary(max_size=10))
def test_bare_bytes_survive_as_json(content: bytes) -> None:
    """They need not be text."""
    question = Question.of(Upload.with_initial_data(raw=content))
    assert question.answer(dict(question.initial_values)).raw == content


def test_a_file_can_be_the_result_of_a_task() -> None:
    """It reads back equal from the database."""
    file = UploadedFile(name="a.bin", mimetype="text/plain", content=b"\xff\x00")
    assert load(dump(file)) == file


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"table": {"name": "a.pdf", "content": ""}}, "Upload a file of the type csv or tsv."),
        ({"table": {"name": "csv", "content": ""}}, "Upload a file of the type csv or tsv."),
        (
            {"table": {"name": "a.CSV", "content": base64.b64encode(b"x" * 11).decode()}},
            "The file is 11 bytes. The limit is 10 bytes.",
        ),
        ({"raw": base64.b64encode(b"x" * 11).decode()}, "The file is 11 bytes"),
        ({"several": [{"name": "a.pdf", "content": ""}]}, "Upload a file of the type csv."),
    ],
)
def test_what_a_field_does_not_accept_is_refused_in_every_process(values: dict[str, Any], message: str) -> None:
    """By the model itself, and by its bare schema."""
    ((place, told),) = schema_errors(schema_of(Upload), values)
    assert message in told
    assert place[0] in values
    with pytest.raises(ValidationError, match=message.replace(".", r"\.")):
        Question.of(Upload).answer(values)


def test_a_file_is_small() -> None:
    """It is stored in the database."""
    UploadedFile(name="a", content=bytes(MAX_BYTES))
    with pytest.raises(ValidationError, match=r"The file is 1001 kB\. The limit is 1000 kB"):
        UploadedFile(name="a", content=bytes(MAX_BYTES + 1))
    large = {"any_": {"name": "a", "content": base64.b64encode(bytes(MAX_BYTES + 1)).decode()}}
    assert "The file is 1001 kB" in str(schema_errors(schema_of(Upload), large))


@pytest.mark.parametrize("most", [0, -1, MAX_BYTES + 1])
def test_a_limit_is_one_that_can_be_kept(most: int) -> None:
    """A limit above the maximum of the database is not accepted."""
    with pytest.raises(ValueError, match="max_bytes must be from 1 to 1000000"):
        Accepts(max_bytes=most)


@pytest.mark.parametrize("annotation", [str, list[UploadedFile], UploadedFile | None])
def test_accepts_stands_at_the_file_itself(annotation: Any) -> None:
    """Elsewhere it would not hold."""
    with pytest.raises(TypeError, match="has to annotate the file itself"):
        TypeAdapter(Annotated[annotation, Accepts("csv")])


class Plain(BaseModel):
    """A model of pydantic's."""

    raw: bytes


def test_the_bytes_of_other_models_are_text() -> None:
    """As pydantic has it."""
    assert Question.of(Plain).answer({"raw": "é"}).raw == "é".encode()
