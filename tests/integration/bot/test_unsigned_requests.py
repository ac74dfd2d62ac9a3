"""Whoever does not know the signing secret cannot make the bot do anything, whatever they send."""

import hashlib
import hmac
import json
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_sdk.errors import SlackApiError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from signoff.bot.background_server import BackgroundServer, listen
from signoff.bot.connection.slack_urls import is_response_url
from signoff.bot.connection.web_client import web_client
from signoff.bot.service import Service
from signoff.bot.surfaces import action_ids
from signoff.testing import Emulator
from tests.integration.bot.asking import FLOWS, approve
from tests.integration.bot.running_service import RunningService, settings_for
from tests.integration.bot.test_forged_payloads import press
from tests.support import raw_http
from tests.support.raw_http import Header, signed

MARK = "MARKED-BY-AN-ATTACKER"
TIMESTAMP, SIGNATURE = b"X-Slack-Request-Timestamp", b"X-Slack-Signature"


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """A server of the attacker's choice."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def url_of(trap: socket.socket) -> str:
    """Its address."""
    return f"http://127.0.0.1:{trap.getsockname()[1]}/internal"


def is_sprung(trap: socket.socket) -> bool:
    """Whether anybody has connected to it."""
    return bool(select.select([trap], [], [], 0)[0])


def by(change: Callable[[bytes, bytes], list[Header]]) -> Callable[[bytes], list[Header]]:
    """Right headers of a body, changed."""

    def headers(body: bytes) -> list[Header]:
        (_, stamp), (_, digest) = signed(body)
        return change(stamp, digest)

    return headers


def timestamps(value: bytes) -> Callable[[bytes], list[Header]]:
    """Headers with this timestamp, and even the right signature of it."""

    def headers(body: bytes) -> list[Header]:
        digest = hmac.new(b"another secret", b"v0:%b:%b" % (value, body), hashlib.sha256).hexdigest()
        return [(TIMESTAMP, value), (SIGNATURE, b"v0=" + digest.encode())]

    return headers


WRONG: dict[str, Callable[[bytes], list[Header]]] = {
    "no headers": lambda _: [],
    "no timestamp": by(lambda _, digest: [(SIGNATURE, digest)]),
    "no signature": by(lambda stamp, _: [(TIMESTAMP, stamp)]),
    "a word": timestamps(b"abc"),
    "nothing": timestamps(b""),
    "a fraction": timestamps(b"1.5"),
    "nan": timestamps(b"nan"),
    "an underscore": timestamps(b"1_000"),
    "a negative number": timestamps(b"-5"),
    "digits of another script": timestamps("١٢٣".encode()),
    "a huge number": timestamps(b"9" * 5000),
    "a signature that is not ASCII": by(lambda stamp, _: [(TIMESTAMP, stamp), (SIGNATURE, b"v0=" + b"\xff" * 64)]),
    "a long signature": by(lambda stamp, _: [(TIMESTAMP, stamp), (SIGNATURE, b"v0=" + b"a" * 8000)]),
    "a signature of another version": by(lambda stamp, digest: [(TIMESTAMP, stamp), (SIGNATURE, b"v1" + digest[2:])]),
    "two timestamps": by(lambda stamp, digest: [(TIMESTAMP, stamp), (TIMESTAMP, b"1"), (SIGNATURE, digest)]),
    "two signatures": by(lambda stamp, digest: [(TIMESTAMP, stamp), (SIGNATURE, b"v0="), (SIGNATURE, digest)]),
    "too old": lambda body: signed(body, age=301),
    "in the future": lambda body: signed(body, age=-302),
    "another secret": lambda body: signed(body, secret="another secret"),
}


def bodies(trap: socket.socket, person: str) -> list[tuple[str, bytes]]:
    """Bodies that would make the bot act if it read them, with their content types."""
    user = {"id": person, "username": "ana", "name": "ana", "team_id": "T0SIGNOFF1"}
    action = {"type": "button", "action_id": action_ids.ANSWER, "block_id": "b", "value": MARK, "action_ts": "1"}
    interaction = {"type": "block_actions", "user": user, "response_url": url_of(trap), "actions": [action]}
    event = {"type": "event_callback", "event": {"type": "message", "user": person}, "response_url": url_of(trap)}
    return [
        ("application/x-www-form-urlencoded", urlencode({"payload": json.dumps(interaction)}).encode()),
        ("application/json", json.dumps({**interaction, "user": {"id": person}}).encode()),
        ("application/json", json.dumps(event).encode()),
        ("application/json", b'{"type": "url_verification", "challenge": "%b"}' % MARK.encode()),
        ("application/x-www-form-urlencoded", b"ssl_check=1&token=" + MARK.encode()),
        (
            "application/x-www-form-urlencoded",
            urlencode({"command": "/approvals", "user_id": person, "response_url": url_of(trap)}).encode(),
        ),
        ("application/x-www-form-urlencoded", b"payload=not+json&response_url=" + url_of(trap).encode()),
        ("text/plain; charset=utf-7", b"{" + MARK.encode()),
        ("application/json", b""),
    ]


def test_an_unsigned_request_is_refused_and_nothing_of_it_is_used(
    slack: Emulator, sqlite_url: str, trap: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 8: no message is sent, no address is called, and the log repeats nothing."""
    caplog.set_level("DEBUG")
    person = slack.person("ana").id
    with Service(settings_for(slack.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started:
        url = RunningService(slack, started).request_url
        caplog.clear()
        for case, headers in WRONG.items():
            for kind, body in bodies(trap, person):
                status, told = raw_http.post(url, [*headers(body), (b"Content-Type", kind.encode())], body)
                assert (case, status) == (case, 401)
                assert len(told.splitlines()) <= 1
                assert MARK.encode() not in told
        said = caplog.text
    # Whatever the bot began to do, it finished when it stopped.
    assert not is_sprung(trap)
    assert slack.client.calls("chat.postMessage") == []
    assert slack.client.calls("conversations.open") == []
    assert MARK not in said
    assert url_of(trap) not in said
    assert "Traceback" not in said
    assert said.count("SLACK_SIGNING_SECRET") == 1


def test_headers_larger_than_any_of_slacks_are_refused(service: RunningService) -> None:
    """They do not even reach the check of the signature."""
    status, told = raw_http.post(service.request_url, [(SIGNATURE, b"v0=" + b"a" * 200_000)], b"")
    assert status in {400, 401, 431}
    assert len(told.splitlines()) <= 1


def test_nobody_is_redirected(service: RunningService) -> None:
    """A request may name any host, and the bot repeats nothing of it."""
    status, told = raw_http.post(f"{service.request_url}/", [], b"")
    assert status == 404
    assert b"signoff.example" not in told


def test_a_body_that_is_not_text_is_refused(service: RunningService) -> None:
    """Its signature is checked over the bytes; signed, it is malformed, and unsigned, it is nothing."""
    body = b"payload=\xff\xfe\x00"
    stamp = str(int(time.time())).encode()
    secret = service.slack.signing_secret.encode()
    digest = hmac.new(secret, b"v0:%b:%b" % (stamp, body), hashlib.sha256).hexdigest().encode()
    right = [(TIMESTAMP, stamp), (SIGNATURE, b"v0=" + digest)]
    wrong = [(TIMESTAMP, stamp), (SIGNATURE, b"v0=" + b"0" * 64)]
    assert raw_http.post(service.request_url, wrong, body)[0] == 401
    assert raw_http.post(service.request_url, right, body)[0] == 400


def test_an_unsigned_body_is_refused_before_it_was_sent(service: RunningService) -> None:
    """Nobody has to be waited for."""
    with closing(raw_http.connect(service.request_url)) as connection:
        connection.sendall(raw_http.head(service.request_url, [], 4_000_000))
        assert raw_http.response(connection)[0] == 401


@pytest.mark.parametrize(
    "url",
    [
        "{trap}",
        "http://hooks.slack.com@127.0.0.1:{port}/",
        "https://hooks.slack.com.127.0.0.1:{port}/",
        "{trap}#https://hooks.slack.com/",
        "file:///etc/hosts",
    ],
)
def test_a_response_url_of_somebody_else_is_not_used(service: RunningService, trap: socket.socket, url: str) -> None:
    """The person is told by a direct message instead."""
    _, card = service.ask_in("#releases", approve)
    where = url.format(trap=url_of(trap), port=trap.getsockname()[1])
    response = service.post(press(service, card, "launch:missiles", "x", response_url=where))
    assert response.status_code == 200
    service.slack.person("ana").wait_for_message("@signoff", "nothing was decided")
    assert not is_sprung(trap)


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://hooks.slack.com/actions/T1/2/abc", True),
        ("https://hooks.slack.com/commands/T1/2/abc?x=1", True),
        ("https://hooks.slack-gov.com/actions/T1/2/abc", True),
        ("http://127.0.0.1:8910/respond/abc", True),
        ("http://hooks.slack.com/actions/T1", False),
        ("https://slack.com/actions/T1", False),
        ("https://hooks.slack.com:8443/actions", False),
        ("https://hooks.slack.com.evil.example/", False),
        ("https://hooks.slack.com@evil.example/", False),
        ("https://evil.example\\@hooks.slack.com/", False),
        ("https://evil.example/https://hooks.slack.com/", False),
        ("https://hooks.slack.com/a\r\nHost: evil.example", False),
        (" https://hooks.slack.com/", False),
        ("http://127.0.0.1:8910.evil.example/", False),
        ("http://127.0.0.1:8910@evil.example/", False),
        ("http://127.0.0.1:9999/respond/abc", False),
        ("https://127.0.0.1:8910/respond/abc", False),
        ("", False),
        (None, False),
        (["https://hooks.slack.com/"], False),
    ],
)
def test_a_response_url_belongs_to_slack(url: Any, right: bool) -> None:
    """Slack's own host over HTTPS, or the emulator."""
    assert is_response_url(url, "http://127.0.0.1:8910/api/") is right


def test_the_token_is_not_sent_where_a_response_redirects_to() -> None:
    """A wrong SLACK_API_URL, or a proxy that redirects, does not give it away."""
    sent: list[str | None] = []

    async def redirect(request: Request) -> Response:
        return RedirectResponse(str(request.url).replace("/api/auth.test", "/elsewhere"), status_code=302)

    async def elsewhere(request: Request) -> Response:
        sent.append(request.headers.get("authorization"))
        return Response("{}", media_type="application/json")

    listening = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = BackgroundServer(
        Starlette(routes=[Route("/api/auth.test", redirect, methods=["POST"]), Route("/elsewhere", elsewhere)]),
        listening,
    )
    server.start()
    with pytest.raises(SlackApiError):
        web_client("xoxb-secret", f"{url}/api/").auth_test()
    server.stop()
    assert sent == [None]
