"""A signed request that makes no sense is answered, logged in one line, and explained to the person who acted."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import field_validator

from signoff import Policy, RunInput, flow, pause_flow_run
from signoff.bot.service import Service
from signoff.bot.settings import Mode
from signoff.bot.surfaces import action_ids
from signoff.flows.flow import Flow
from signoff.store.database import Database
from signoff.store.errors import NoSuchPrompt, NoSuchRun
from signoff.store.prompts import prompts
from signoff.store.runs import runs
from signoff.testing import Emulator
from tests.integration.bot.asking import approve
from tests.integration.bot.running_service import RunningService, settings_for
from tests.integration.bot.test_forged_payloads import TEAM, press
from tests.support import raw_http
from tests.support.raw_http import signed

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def post(service: RunningService, body: str, kind: str) -> tuple[int, str]:
    """Post a signed body of this type."""
    data = body.encode()
    status, told = raw_http.post(service.request_url, [*signed(data), (b"Content-Type", kind.encode())], data)
    return status, told.decode()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("{", JSON),
        ("", JSON),
        ("[]", JSON),
        ("null", JSON),
        ('"text"', JSON),
        ("3", JSON),
        ("{}", JSON),
        ("[" * 100_000, JSON),
        ('{"type": 3}', JSON),
        ('{"type": ["block_actions"]}', JSON),
        ('{"type": "block_actions", "type": "block_actions"}', JSON),
        ('{"type": "event_callback"}', JSON),
        ('{"type": "event_callback", "event": []}', JSON),
        ('{"type": "event_callback", "event": {"type": null}}', JSON),
        ('{"type": "event_callback", "event": {"type": "message", "subtype": "message_deleted"}}', JSON),
        ('{"type": "event_callback", "event": {"type": "message", "subtype": "message_changed", "message": 1}}', JSON),
        ('{"type": "event_callback", "authorizations": 3, "event": {"type": "message"}}', JSON),
        ('{"type": "something_new"}', JSON),
        ("payload=", FORM),
        ("payload=%7B", FORM),
        ("payload=%5B%5D", FORM),
        ("payload=null", FORM),
        ("payload=%7B%22type%22%3A+%22block_actions%22%7D", FORM),
        ("nothing=at+all", FORM),
        ("command=%2Fapprovals", FORM),
        ("command=%2Fapprovals&user_id=&channel_id=", FORM),
        ("command=%2Fsomething-else&user_id=U0ANA&channel_id=C1", FORM),
    ],
)
def test_a_body_that_makes_no_sense_is_answered_and_logged_in_a_line(
    service: RunningService, caplog: pytest.LogCaptureFixture, body: str, kind: str
) -> None:
    """It is nobody's fault but Slack's, or that of a version that is too old."""
    status, told = post(service, body, kind)
    assert status in {200, 400}
    assert "Traceback" not in told
    assert "Traceback" not in caplog.text
    assert status == 200 or "cannot be read" in caplog.text


def broken(payload: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The payload with a part missing or of another type."""
    for gone in ("actions", "view"):
        if gone in payload:
            yield {key: value for key, value in payload.items() if key != gone}
            anything: list[Any] = [None, [], {}, "text", 3, [3], [None], [{}]]
            for wrong in anything:
                yield {**payload, gone: wrong}
    nonsense: list[Any] = [3, [3], {"values": 3}, {"values": {"b": {"a": 3}}}]
    for name in ("id", "type", "callback_id", "private_metadata", "blocks", "state"):
        if "view" in payload:
            for wrong in nonsense:
                yield {**payload, "view": {**payload["view"], name: wrong}}
    if "actions" in payload:
        for name in ("action_id", "block_id", "value", "selected_option"):
            for wrong in nonsense:
                yield {**payload, "actions": [{**payload["actions"][0], name: wrong}]}


@pytest.mark.parametrize("type_", ["block_actions", "view_submission", "view_closed"])
def test_a_payload_with_a_broken_part_decides_nothing_and_the_person_is_told(
    service: RunningService, caplog: pytest.LogCaptureFixture, type_: str
) -> None:
    """Each of them, on each listener."""
    prompt, card = service.ask_in("#releases", approve)
    pressed = dict(press(service, card, action_ids.choose(0), prompt.id))
    if type_ != "block_actions":
        del pressed["actions"]
        view = {"id": "V1", "type": "modal", "private_metadata": prompt.id, "blocks": [], "state": {"values": {}}}
        pressed = {**pressed, "type": type_, "view": {**view, "callback_id": action_ids.REJECT_MODAL}}
    for payload in broken(pressed):
        response = service.post(payload)
        assert response.status_code in {200, 400}, payload
        assert type_ == "view_closed" or response.status_code == 400 or "nothing was decided" in response.text.lower()
    assert prompts.get(service.db, prompt.id).is_open
    assert "Traceback" not in caplog.text
    if type_ == "block_actions":
        service.slack.person("ana").wait_for_message("@signoff", "so nothing was decided")


def send_over_websocket(service: RunningService, payload: Mapping[str, Any]) -> None:
    """Send a payload to the bot as Slack does in Socket Mode, and wait for no ack."""
    slack = service.slack
    (connection,) = slack._socket_mode._connections
    envelope = {"envelope_id": "1", "type": "interactive", "accepts_response_payload": False, "payload": payload}
    slack._server.run(connection.websocket.send_json(envelope))


UNREADABLE: list[dict[str, Any]] = [
    {"team": 3},
    {"enterprise": 3},
    {"authorizations": 3},
    {"channel": 3},
    {"response_urls": [3]},
]


@pytest.mark.parametrize("service", list(Mode), indirect=True)
def test_a_payload_of_which_bolt_makes_no_request_is_explained_to_the_person(
    service: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    """Over HTTP and over a websocket; it is no reason for a traceback."""
    prompt, card = service.ask_in("#releases", approve)
    assert service.service.bot is not None
    for changed in UNREADABLE:
        payload = {**press(service, card, action_ids.choose(0), prompt.id), **changed}
        if service.service.bot.request_url is not None:
            assert service.post(payload).status_code == 400
        else:
            send_over_websocket(service, payload)
    service.slack.person("ana").wait_for_message("@signoff", "Slack sent something that Signoff cannot read")
    assert prompts.get(service.db, prompt.id).is_open
    assert "Traceback" not in caplog.text
    assert "Bolt cannot read it" in caplog.text


@pytest.mark.parametrize("claim", ["\0", "\ud800", "\ud800" * 36, "\0" * 36])
@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_an_id_that_no_database_can_hold_is_nobodys(db: Database, claim: str) -> None:
    """On both databases, whatever they raise for it."""
    for get in (prompts.get, prompts.get_exact, runs.get):
        with pytest.raises((NoSuchPrompt, NoSuchRun)):
            get(db, claim)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "user_change", "user": {}},
        {"type": "user_change", "user": {"id": "U1", "profile": 3}},
        {"type": "team_join", "user": {"id": "U1", "enterprise_user": {"teams": [{}]}}},
        {"type": "subteam_updated", "subteam": "S1"},
    ],
)
def test_an_event_with_a_broken_part_is_not_asked_for_again(
    service: RunningService, caplog: pytest.LogCaptureFixture, fields: dict[str, Any]
) -> None:
    """It would not be any better."""
    assert service.post_event(fields).status_code == 200
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("type_", ["shortcut", "message_action", "view_submission", "something_new"])
def test_an_act_of_an_unknown_kind_is_explained(service: RunningService, type_: str) -> None:
    """A form of a newer version does not close as if it had been submitted."""
    _, card = service.ask_in("#releases", approve)
    view = {"id": "V1", "type": "modal", "callback_id": "of-a-newer-version", "private_metadata": "", "blocks": []}
    payload = {**press(service, card, "", ""), "type": type_, "callback_id": "newer", "view": view}
    response = service.post(payload)
    assert response.status_code == 200
    told = "This version of Signoff does not know that action, so nothing was decided."
    if type_ == "view_submission":
        assert told in response.text
    else:
        service.slack.person("ana").wait_for_message("@signoff", told)


class Fails(RunInput):
    """A model whose validator has a fault."""

    how: str

    @field_validator("how")
    @classmethod
    def _fail(cls, how: str) -> str:
        match how:
            case "key":
                return {"a": "password=hunter2"}[f"{how} password=hunter2"]
            case "recursion":
                return cls._fail(how)
            case "exit":
                raise SystemExit("password=hunter2")
            case "base":
                raise BaseException("password=hunter2")
        return how


@flow(name="fails")
def fails() -> str:
    """Ask for a way to fail."""
    return pause_flow_run(wait_for_input=Fails, policy=Policy(channel="#orders")).how


FLOWS: list[Flow[Any, Any]] = [fails]


@pytest.mark.parametrize("how", ["key", "recursion", "exit", "base"])
def test_a_validator_that_raises_what_it_should_not_is_one_sentence_to_the_person(
    slack: Emulator, sqlite_url: str, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """The traceback is in the log, the form stays open, and another value is accepted."""
    with Service(settings_for(slack.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        prompt, _ = service.ask_in("#orders", fails)
        mei = slack.person("mei")
        mei.press("Answer…", in_="#orders")
        mei.wait_for_modal()
        mei.submit({"How": how})
        modal = mei.wait_for_modal(lambda seen: "The validation of Fails failed" in json.dumps(seen.blocks))
        assert "hunter2" not in json.dumps(modal.blocks)
        assert "Traceback" in caplog.text
        assert prompts.get(service.db, prompt.id).is_open
        mei.submit({"How": "well"})
        assert service.over(prompt).result == "well"


def test_a_command_with_a_broken_part_is_answered(service: RunningService) -> None:
    """The sentence is its response."""
    body = urlencode({"command": "/approvals", "user_id": service.slack.person("ana").id, "team_id": TEAM})
    status, told = post(service, body, FORM)
    assert status == 200
    assert "nothing was decided" in told
