"""The workspace is open to this machine, and to no website that the same browser visits."""

import json
from collections.abc import Callable, Iterator, Mapping

import httpx
import pytest
from slack_sdk import WebClient
from websockets.sync.client import connect

from signoff.testing import Emulator
from tests.support.local_http import LOCAL
from tests.unit.bot.emulator.samples import actions, button

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

FOREIGN: Mapping[str, Mapping[str, str]] = {
    "another website": {"Origin": "https://evil.example"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "a name for the same machine": {"Origin": "http://localhost:1"},
    "a file or a sandboxed frame": {"Origin": "null"},
    "a rebound name": {"Host": "evil.example"},
    "a rebound name with its own origin": {"Host": "evil.example:4000", "Origin": "http://evil.example:4000"},
    "a name that begins like ours": {"Host": "127.0.0.1.evil.example"},
    "a user before the host": {"Host": "localhost@evil.example"},
    "an address that leads here as well": {"Host": "0.0.0.0:4000"},
    "a picture or a script": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "a website of the same machine": {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
    "a frame": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
}
"""What a browser says when another website is behind a request."""


@pytest.fixture
def http(slack: Emulator) -> Iterator[httpx.Client]:
    """Plain HTTP."""
    with httpx.Client(base_url=slack.url, **LOCAL) as client:
        yield client


@pytest.mark.parametrize("said", list(FOREIGN))
def test_nothing_is_read_or_done_for_another_website(slack: Emulator, http: httpx.Client, said: str) -> None:
    """Neither through the page's own API nor through Slack's, whose tokens everybody knows here."""
    headers = FOREIGN[said]
    client = WebClient(slack.bot_token, base_url=slack.api_url)
    ts = client.chat_postMessage(channel="#releases", text="Ship it?", blocks=[actions(button())])["ts"]
    press = {"as": "ana", "channel": "#releases", "ts": ts, "action_id": button()["action_id"]}
    calls = len(slack.client.calls())
    token = {"token": slack.bot_token, "channel": "#releases", "text": "Forged"}
    answers = [
        http.post("/control/press", json=press, headers=headers),
        http.post("/control/say", json={"as": "ana", "channel": "#releases", "text": "Forged"}, headers=headers),
        http.post("/control/disconnect", json={}, headers=headers),
        http.delete("/control/faults", headers=headers),
        http.get("/control/workspace", headers=headers),
        http.get("/control/messages", params={"channel": "#releases", "as": "ana"}, headers=headers),
        http.get("/control/calls", headers=headers),
        http.get("/page/main.js", headers=headers),
        http.get("/", headers=headers),
        http.post("/api/chat.postMessage", data=token, headers=headers),
        http.get("/api/conversations.list", params=token, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert all("Ship it?" not in answer.text for answer in answers)
    assert len(slack.client.calls()) == calls
    assert slack.client.deliveries() == []
    assert [message.text for message in slack.person("ana").sees("#releases")] == ["Ship it?"]


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@pytest.mark.parametrize("said", list(FOREIGN))
@pytest.mark.parametrize("of", ["the page", "the app"])
def test_no_websocket_is_opened_for_another_website(slack: Emulator, http: httpx.Client, of: str, said: str) -> None:
    """Browsers let every website open one, to any address, and only the server can refuse."""
    path = "/control/updates?as=ana"
    if of == "the app":
        app = WebClient(slack.app_token, base_url=slack.api_url)
        path = str(app.apps_connections_open(app_token=slack.app_token)["url"]).partition(slack.url.split("//")[1])[2]
    assert http.get(path, headers=HANDSHAKE | dict(FOREIGN[said])).status_code == 403
    assert slack.client.get("workspace")["connected"] is False
    with connect(f"{slack.url.replace('http', 'ws')}{path}", proxy=None) as websocket:
        assert json.loads(websocket.recv())["type"] == "hello"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_page_may_use_its_own_workspace_by_any_name_of_this_machine(
    slack: Emulator, http: httpx.Client, name: str
) -> None:
    """Also behind a forwarded port, where the browser knows another one than the server."""
    for port in (slack.url.rpartition(":")[2], "5000"):
        own = {"Host": f"{name}:{port}", "Origin": f"http://{name.lower()}:{port}", "Sec-Fetch-Site": "same-origin"}
        said = http.post("/control/say", json={"as": "ana", "channel": "#general", "text": "Hello"}, headers=own)
        assert said.status_code == 200
        assert http.get("/control/workspace", headers=own).status_code == 200


def test_a_link_to_the_page_can_be_followed(http: httpx.Client) -> None:
    """From a wiki or a terminal. The page is shown to the person, and not to the website."""
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert http.get("/", headers=link).status_code == 200
    assert http.get("/control/calls", headers=link).status_code == 403


@pytest.mark.parametrize("content_type", [None, "text/plain", *FORM.values(), "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("path", ["say", "press", "disconnect", "upload?as=ana&name=x", "profile", "faults"])
def test_a_request_that_a_form_could_send_is_refused(
    slack: Emulator, http: httpx.Client, path: str, content_type: str | None
) -> None:
    """Browsers ask before they send another website's JSON, and not before they send its form."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = b'{"as": "ana", "channel": "#general", "text": "Hello", "user": "ben", "deleted": true, "method": "*"}'
    answer = http.post(f"/control/{path}", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_content_type")
    assert slack.person("ana").sees("#general") == []


def read_of(http: httpx.Client) -> list[httpx.Response]:
    """Each kind of response: page, script, style, data, error, and one that does not exist."""
    paths = (
        "/",
        "/page/main.js",
        "/page/style.css",
        "/control/workspace",
        "/control/home",
        "/api/api.test",
        "/nothing",
    )
    return [*map(http.get, paths), http.get("/", headers={"Host": "evil.example"})]


CONFINED: Mapping[str, Callable[[str], bool]] = {
    "Content-Security-Policy": lambda policy: (
        {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"}
        <= set(policy.split("; "))
        and "unsafe" not in policy
    ),
    "X-Content-Type-Options": "nosniff".__eq__,
    "X-Frame-Options": "DENY".__eq__,
    "Referrer-Policy": "no-referrer".__eq__,
    "Cross-Origin-Opener-Policy": "same-origin".__eq__,
    "Cross-Origin-Resource-Policy": "same-origin".__eq__,
}


def test_every_response_confines_the_page(http: httpx.Client) -> None:
    """Only the workspace's own scripts and styles run, and no website can frame it or embed a part of it."""
    for answer in read_of(http):
        for name, holds in CONFINED.items():
            assert holds(answer.headers.get(name, "")), f"{answer.request.url}: {name}"
