"""Files travel from a person's computer through Slack to the flow, and into the database."""

import base64
import json
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import pytest
from pydantic import Field

from signoff import Policy, RunInput, flow, pause_flow_run
from signoff.bot.service import Service
from signoff.flows.flow import Flow
from signoff.flows.schema.files import MAX_BYTES
from signoff.input import Accepts, UploadedFile
from signoff.store.prompts import prompts
from signoff.testing import ActionFailed, Emulator
from tests.integration.bot.running_service import RunningService, opened, refused, settings_for
from tests.support.local_http import LOCAL

ORDERS = Policy(channel="#orders")


class Report(RunInput):
    """A table, and what belongs to it."""

    table: Annotated[UploadedFile, Accepts("csv", max_bytes=200_000)]
    appendix: list[UploadedFile] = Field(default=[], max_length=2)
    seal: bytes = b""


@flow(name="report")
def report() -> str:
    """Ask for files."""
    answer = pause_flow_run(wait_for_input=Report.with_initial_data(description="The report, please."), policy=ORDERS)
    appendix = [(file.name, file.size) for file in answer.appendix]
    return f"{answer.table.name} {answer.table.mimetype} {answer.table.content!r} {appendix} {answer.seal!r}"


@flow(name="correct")
def correct() -> str:
    """Ask whether to replace a file."""
    old = UploadedFile(name="old.csv", mimetype="text/csv", content=b"old")
    asked = Report.with_initial_data(description="Is it this one?", table=old)
    return pause_flow_run(wait_for_input=asked, policy=ORDERS).table.name


FLOWS: list[Flow[Any, Any]] = [report, correct]


@pytest.fixture
def service(slack: Emulator, sqlite_url: str) -> Iterator[RunningService]:
    """Signoff with these flows."""
    with Service(settings_for(slack.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def uploaded(service: RunningService, name: str, content: bytes) -> str:
    """The id of a file that Mei has uploaded."""
    answer = httpx.post(
        f"{service.slack.url}/control/upload",
        params={"as": "mei", "name": name},
        content=content,
        headers={"Content-Type": "application/octet-stream"},
        **LOCAL,
    )
    return str(answer.json()["file"]["id"])


def test_the_flow_gets_what_was_uploaded(service: RunningService) -> None:
    """Files of a wrong type or size are refused, every byte of the others arrives, and the card names them."""
    prompt = opened(service, report)
    mei = service.slack.person("mei")
    with pytest.raises(ActionFailed, match="Only these file types are accepted: csv"):
        mei.submit({"Table": uploaded(service, "table.pdf", b"%PDF")})
    large = uploaded(service, "table.csv", bytes(200_001))
    assert refused(service, {"Table": large}) == {"Table": "“table.csv” is 201 kB. The limit is 200 kB."}
    appendix = [uploaded(service, "a.bin", b"\xff\x00"), uploaded(service, "b.txt", b"b")]
    table, seal = uploaded(service, "Übersicht.csv", b"a,b\n"), uploaded(service, "seal", b"\xfe")
    mei.submit({"Table": table, "Appendix": appendix, "Seal": seal})
    expected = r"Übersicht.csv text/csv b'a,b\n' [('a.bin', 2), ('b.txt', 1)] b'\xfe'"
    assert service.over(prompt).result == expected
    answer = prompts.get(service.db, prompt.id).answer
    assert answer is not None
    assert base64.urlsafe_b64decode(answer["table"]["content"]) == b"a,b\n"
    shown = service.card(prompt, "#orders", open_=False).full_text
    assert "Übersicht.csv (4 bytes)" in shown
    assert "a.bin (2 bytes), b.txt (1 bytes)" in shown
    assert answer["table"]["content"] not in shown


def test_a_slow_file_loses_nothing(service: RunningService) -> None:
    """The form says so and keeps the upload, and the next submission counts."""
    prompt = opened(service, report)
    mei = service.slack.person("mei")
    service.slack.client.inject_fault("files.info", hold="before")
    errors = refused(service, {"Table": uploaded(service, "slow.csv", b"slow")})
    assert errors == {"Table": "“slow.csv” is still being downloaded from Slack. Submit again in a moment."}
    assert prompts.get(service.db, prompt.id).is_open
    service.slack.client.clear_faults()
    mei.submit()
    assert "slow.csv" in str(service.over(prompt).result)


@pytest.mark.parametrize(
    ("fault", "name"), [({"error": "file_not_found"}, "file_not_found"), ({"status": 503}, "internal_error")]
)
def test_a_file_that_slack_does_not_send_is_an_error_of_its_field(
    service: RunningService, fault: dict[str, Any], name: str
) -> None:
    """The error says what to do, and trying again works."""
    prompt = opened(service, report)
    service.slack.client.inject_fault("files.info", **fault)
    errors = refused(service, {"Table": uploaded(service, "table.csv", b"a")})
    told = f"Slack did not send “table.csv” ({name}). Submit again, or upload the file again."
    assert errors == {"Table": told}
    service.slack.person("mei").submit()
    assert "table.csv" in str(service.over(prompt).result)


def test_the_files_of_an_answer_have_a_common_limit(service: RunningService) -> None:
    """Each of them is small enough, but together they exceed a megabyte."""
    opened(service, report)
    half = MAX_BYTES // 2
    appendix = [uploaded(service, name, bytes(half)) for name in ("a.bin", "b.bin")]
    errors = refused(service, {"Table": uploaded(service, "t.csv", b"a"), "Appendix": appendix})
    assert errors == {"Appendix": "The files of one answer can total at most 1000 kB."}


def test_an_initial_file_stays_unless_another_is_uploaded(service: RunningService) -> None:
    """The form says what an empty input means."""
    prompt = opened(service, correct, "Edit…")
    mei = service.slack.person("mei")
    assert "Leave empty to keep old.csv (3 bytes)." in json.dumps(mei.wait_for_modal().blocks, ensure_ascii=False)
    mei.submit()
    assert service.over(prompt).result == "old.csv"


def test_an_uploaded_file_replaces_the_initial_one(service: RunningService) -> None:
    """The card says what it was before."""
    prompt = opened(service, correct, "Edit…")
    service.slack.person("mei").submit({"Table": uploaded(service, "new.csv", b"new")})
    assert service.over(prompt).result == "new.csv"
    assert "was old.csv" in service.card(prompt, "#orders", open_=False).full_text
