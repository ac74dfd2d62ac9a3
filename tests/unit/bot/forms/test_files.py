"""Slack's file input asks for files, with the rules of the field's type."""

import base64
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Base64Bytes, BaseModel, Field, TypeAdapter, create_model

from signoff import RunInput
from signoff.bot.blockkit.blocks import Block
from signoff.bot.connection.slack_urls import is_of_slack
from signoff.bot.forms import UNSET, Form
from signoff.bot.forms.elements.element import UnreadableInput
from signoff.bot.forms.elements.files import Content, FileInput
from signoff.bot.forms.layout import blocks_of
from signoff.flows.schema.json_schema import schema_of
from signoff.input import Accepts, UploadedFile
from tests.unit.bot.forms.slack import check

CSV = Annotated[UploadedFile, Accepts("csv", "tsv", max_bytes=200_000)]
REPORT = {"id": "F0REPORT", "name": "report.csv", "size": 1234}


def form_of(annotation: Any, base: type[BaseModel] = RunInput, **field: Any) -> Form:
    """The form of a model with the one field `it`."""
    model: type[BaseModel] = create_model("Model", __base__=base, it=(annotation, Field(**field)))
    return Form.of(schema_of(model))


def block_of(form: Form, value: Any = UNSET) -> Block:
    """The block of the field."""
    blocks = blocks_of(form, {} if value is UNSET else {"it": value})
    check(blocks)
    (block,) = blocks
    return block


def read(form: Form, *files: Any, initial: Any = UNSET) -> Any:
    """What is read if Slack reports these files."""
    state = {"/it": {"value": {"type": "file_input", "files": list(files)}}}
    reading = form.read(state, {} if initial is UNSET else {"it": initial})
    return reading.errors or reading.values


@pytest.mark.parametrize(
    ("annotation", "most", "types", "hint"),
    [
        (UploadedFile, 1, None, "At most 1000 kB"),
        (UploadedFile | None, 1, None, "At most 1000 kB"),
        (CSV, 1, ["csv", "tsv"], "Csv or tsv, at most 200 kB"),
        (list[CSV], 10, ["csv", "tsv"], "Csv or tsv, at most 200 kB each"),
        (Annotated[list[UploadedFile], Field(max_length=3)], 3, None, "At most 1000 kB each"),
        (bytes, 1, None, "At most 1000 kB"),
        (Annotated[bytes, Accepts("png")], 1, ["png"], "Png, at most 1000 kB"),
        (list[bytes], 10, None, "At most 1000 kB each"),
        (Base64Bytes, 1, None, "At most 1000 kB"),
    ],
)
def test_the_input_has_the_rules_of_the_type(annotation: Any, most: int, types: Any, hint: str) -> None:
    """The input limits number and types. The hint gives the size, which Slack does not check."""
    block = block_of(form_of(annotation))
    assert block["element"]["type"] == "file_input"
    assert block["element"]["max_files"] == most
    assert block["element"].get("filetypes") == types
    assert block["hint"]["text"] == hint


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ({**REPORT, "name": "report.pdf"}, "“report.pdf” has the wrong type. Upload a file ending in .csv or .tsv."),
        ({**REPORT, "size": 300_000}, "“report.csv” is 300 kB. The limit is 200 kB."),
        ("F0REPORT", "Upload the file again."),
        ({"name": "report.csv"}, "Upload the file again."),
    ],
)
def test_a_file_that_is_not_accepted_is_refused_at_once(file: Any, message: str) -> None:
    """Its name and its size are checked before it is downloaded."""
    assert read(form_of(CSV), file) == {("it",): message}


def test_an_uploaded_file_is_a_claim_until_it_is_downloaded() -> None:
    """The content is then checked again."""
    form = form_of(list[CSV])
    value = read(form, REPORT, {**REPORT, "id": "F0OTHER"})["it"]
    (one,) = form.fields
    assert isinstance(one.element, FileInput)
    assert [claim.id for claim in one.element.claims(value)] == ["F0REPORT", "F0OTHER"]
    assert one.element.show(value) == "report.csv (2 kB), report.csv (2 kB)"
    with pytest.raises(UnreadableInput, match="is 201 kB"):
        one.element.filled([Content("report.csv", "text/csv", bytes(200_001))])


def test_an_empty_input_keeps_the_file_among_the_initial_values() -> None:
    """Slack cannot show the file in the input, so the hint does."""
    form = form_of(CSV)
    initial = {"name": "old.csv", "mimetype": "text/csv", "content": base64.b64encode(b"a,b").decode()}
    block = block_of(form, initial)
    assert block["optional"] is True
    assert block["hint"]["text"].endswith("Leave empty to keep old.csv (3 bytes).")
    assert read(form, initial=initial) == {"it": initial}
    assert read(form, REPORT, initial=initial)["it"]["name"] == "report.csv"
    assert read(form) == {("it",): "This field is required."}


@pytest.mark.parametrize("base", [RunInput, BaseModel])
@pytest.mark.parametrize("annotation", [UploadedFile, bytes, Base64Bytes, list[bytes], list[UploadedFile]])
@given(data=st.data())
def test_the_content_reaches_the_model(base: type[BaseModel], annotation: Any, data: st.DataObject) -> None:
    """Every byte arrives, however the model writes bytes."""
    is_text = base is BaseModel and annotation in (bytes, list[bytes])
    contents = st.text(max_size=20).map(str.encode) if is_text else st.binary(max_size=20)
    form = form_of(annotation, base)
    (one,) = form.fields
    assert isinstance(one.element, FileInput)
    count = data.draw(st.integers(1, 3)) if one.element.many else 1
    files = [Content("a.bin", "text/plain", data.draw(contents)) for _ in range(count)]
    model: type[BaseModel] = create_model("Model", __base__=base, it=(annotation, ...))
    value = model.model_validate_json(TypeAdapter(Any).dump_json({"it": one.element.filled(files)})).it  # type: ignore[attr-defined]
    values = value if one.element.many else [value]
    assert [each.content if isinstance(each, UploadedFile) else each for each in values] == [
        file.data for file in files
    ]


def test_a_binary_file_is_refused_if_the_model_accepts_only_text() -> None:
    """In a model that is not a `RunInput`, bytes are UTF-8."""
    (one,) = form_of(bytes, BaseModel).fields
    assert isinstance(one.element, FileInput)
    with pytest.raises(UnreadableInput, match=r"“a\.bin” is not text in UTF-8\."):
        one.element.filled([Content("a.bin", "", b"\xff")])


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/a.csv", True),
        ("https://acme.enterprise.slack.com/files/a.csv", True),
        ("https://files.slack-gov.com/a.csv", True),
        ("http://127.0.0.1:8910/files/F1/a.csv", True),
        ("http://files.slack.com/a.csv", False),
        ("https://files.slack.com:8443/a.csv", False),
        ("http://127.0.0.1:9999/files/F1/a.csv", False),
        ("https://127.0.0.1:8910/files/F1/a.csv", False),
        ("https://files.slack.com.evil.example/a.csv", False),
        ("https://evilslack.com/a.csv", False),
        ("https://files.slack.com@evil.example/a.csv", False),
        ("https://evil.example/.slack.com", False),
        ("https://evil.example#.slack.com", False),
        ("file:///etc/passwd", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_the_token_is_sent_only_to_slack(url: str, right: bool) -> None:
    """It is sent to Slack's own hosts over HTTPS, and to the host of the Web API."""
    assert is_of_slack(url, "http://127.0.0.1:8910/api/") is right


def test_a_file_can_be_a_variant_of_a_union() -> None:
    """It is uploaded, not asked for by name and content."""
    form = form_of(UploadedFile | int | None)
    (one,) = form.fields
    file = {"name": "a.csv", "mimetype": "text/csv", "content": ""}
    blocks = blocks_of(form, {"it": file})
    check(blocks)
    assert [block["element"]["type"] for block in blocks] == ["radio_buttons", "file_input"]
    assert one.element.show(file) == "Uploaded File"
