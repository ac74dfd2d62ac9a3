"""Connections that say nothing, or never end what they say, are closed; what has arrived is answered."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from signoff.bot import http_limits
from signoff.bot.background_server import BackgroundServer, listen
from tests.support import raw_http
from tests.support.waiting import PATIENCE

UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
HALF_A_REQUEST = b"POST / HTTP/1.1\r\nHost: signoff.example\r\n"


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Request], Any]], str]]:
    """Serves an endpoint, and gives its URL."""
    with ExitStack() as stack:

        def start(endpoint: Callable[[Request], Any]) -> str:
            listening = listen("127.0.0.1", 0)
            server = BackgroundServer(Starlette(routes=[Route("/", endpoint, methods=["POST"])]), listening)
            server.start()
            stack.callback(server.stop)
            return f"http://127.0.0.1:{listening.getsockname()[1]}/"

        yield start


async def echo(request: Request) -> Response:
    """The body's length."""
    try:
        return PlainTextResponse(str(len(await request.body())))
    except ClientDisconnect:
        return Response()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        HALF_A_REQUEST,
        HALF_A_REQUEST + b"Content-Length: 10\r\n\r\nhalf",
        HALF_A_REQUEST + UPGRADE + b"Content-Length: 5\r\n\r\n",
        HALF_A_REQUEST + UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n",
    ],
    ids=["nothing", "head", "body", "an upgrade with a body", "an upgrade in parts"],
)
def test_a_request_that_does_not_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch, serve: Callable[..., str], sent: bytes
) -> None:
    """Its connection is closed."""
    monkeypatch.setattr(http_limits, "REQUEST_WITHIN", 0.2)
    with closing(raw_http.connect(serve(echo))) as connection:
        connection.sendall(sent)
        assert raw_http.is_closed(connection)


def test_the_second_request_of_a_connection_has_a_limit_too(
    monkeypatch: pytest.MonkeyPatch, serve: Callable[..., str]
) -> None:
    """A connection is not trusted because a request came through it."""
    monkeypatch.setattr(http_limits, "REQUEST_WITHIN", 0.5)
    with closing(raw_http.connect(serve(echo))) as connection:
        connection.sendall(HALF_A_REQUEST + b"Content-Length: 2\r\n\r\nok" + HALF_A_REQUEST)
        assert raw_http.response(connection)[0] == 200


def test_the_oldest_of_too_many_half_sent_requests_is_closed_first(
    monkeypatch: pytest.MonkeyPatch, serve: Callable[..., str]
) -> None:
    """The newest can still be completed, and so can one that comes after all of them."""
    monkeypatch.setattr(http_limits, "MAX_WAITING", 10)
    url = serve(echo)
    with ExitStack() as stack:
        crowd = [stack.enter_context(closing(raw_http.connect(url))) for _ in range(40)]
        for each in crowd:
            _send(each, HALF_A_REQUEST)
        assert raw_http.is_closed(crowd[0])
        crowd[-1].sendall(b"Content-Length: 2\r\nConnection: close\r\n\r\nok")
        assert raw_http.response(crowd[-1]) == (200, b"2")
        assert raw_http.post(url, [], b"four") == (200, b"4")


def test_a_request_that_has_arrived_is_answered_however_many_others_wait(
    monkeypatch: pytest.MonkeyPatch, serve: Callable[..., str]
) -> None:
    """It is not closed to make room."""
    monkeypatch.setattr(http_limits, "MAX_WAITING", 10)
    arrived, go_on = threading.Event(), threading.Event()

    async def slow(request: Request) -> Response:
        await request.body()
        arrived.set()
        await run_in_threadpool(go_on.wait, PATIENCE)
        return PlainTextResponse("done")

    url = serve(slow)
    with ExitStack() as stack:
        first = stack.enter_context(closing(raw_http.connect(url)))
        first.sendall(HALF_A_REQUEST + b"Content-Length: 2\r\nConnection: close\r\n\r\nok")
        assert arrived.wait(PATIENCE)
        crowd = [stack.enter_context(closing(raw_http.connect(url))) for _ in range(40)]
        assert raw_http.is_closed(crowd[0])
        go_on.set()
        assert raw_http.response(first) == (200, b"done")


def test_large_bodies_that_do_not_end_are_closed_before_they_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, serve: Callable[..., str]
) -> None:
    """The largest goes first, so that a small request that arrives slowly is left alone."""
    monkeypatch.setattr(http_limits, "MAX_WAITING_BYTES", 1_000_000)
    url = serve(echo)
    with ExitStack() as stack:
        small, large = (stack.enter_context(closing(raw_http.connect(url))) for _ in range(2))
        small.sendall(HALF_A_REQUEST)
        _send(large, raw_http.head(url, [], 5_000_000) + bytes(2_000_000))
        assert raw_http.is_closed(large)
        small.sendall(b"Content-Length: 2\r\nConnection: close\r\n\r\nok")
        assert raw_http.response(small) == (200, b"2")


def _send(connection: socket.socket, data: bytes) -> None:
    """Send what the server may refuse to read."""
    with suppress(ConnectionError):
        connection.sendall(data)
