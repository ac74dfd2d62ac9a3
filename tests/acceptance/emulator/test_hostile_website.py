"""A website that is open in the same browser as the workspace can neither act in it nor read it."""

import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

from signoff.testing import Emulator
from tests.acceptance.emulator.conftest import OpenAs
from tests.acceptance.emulator.form_app import FormApp

pytestmark = pytest.mark.browser

ATTACK = """
async ([url, ts, channel, token]) => {
  const got = {};
  const attempt = async (name, act) => { try { got[name] = await act(); } catch (error) { got[name] = "refused"; } };
  const seen = async (response) => (response.type === "opaque" ? "opaque" : response.ok ? "read" : "refused");
  const press = JSON.stringify({ as: "ana", channel, ts, action_id: "open" });
  const loaded = (node, source) => new Promise((resolve, reject) => {
    node.onload = () => resolve("loaded"); node.onerror = reject; node.src = source; document.body.append(node);
  });
  await attempt("json", async () => seen(await fetch(`${url}/control/press`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: press })));
  await attempt("form", async () => seen(await fetch(`${url}/control/press`, { method: "POST", body: press })));
  await fetch(`${url}/control/press`, { method: "POST", mode: "no-cors", body: press }).catch(() => {});
  await fetch(`${url}/api/chat.postMessage`, { method: "POST", mode: "no-cors",
    body: new URLSearchParams({ token, channel, text: "Forged" }) }).catch(() => {});
  await attempt("messages", async () => seen(await fetch(`${url}/control/messages?as=ana&channel=${channel}`)));
  await attempt("script", () => loaded(document.createElement("script"), `${url}/page/theme.js`));
  await attempt("websocket", () => new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/control/updates?as=ana`);
    socket.onmessage = () => resolve("read"); socket.onerror = reject;
  }));
  return got;
}
"""
"""Everything that a script can try. What it must not get is "read" or "loaded"."""


class _Website(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """An empty page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>A website</title><body></body>")

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing."""


@pytest.fixture
def website() -> Iterator[str]:
    """The address of another website, whose name leads to this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Website) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://evil.example:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_website_gets_nothing(
    workspace: Emulator, app: FormApp, channel: str, page: Page, website: str, name: str
) -> None:
    """No press counts, no message is posted, nothing can be read, whatever it tries."""
    ts = app.offer(channel)
    page.goto(website)
    url = workspace.url.replace("127.0.0.1", name)
    got = page.evaluate(ATTACK, [url, ts, channel, workspace.bot_token])
    assert got == dict.fromkeys(("json", "form", "messages", "script", "websocket"), "refused")
    assert [message.text for message in workspace.person("ana").sees(channel)] == ["A form"]
    assert workspace.person("ana").modal is None


def test_a_name_that_suddenly_leads_here_gets_nothing(
    workspace: Emulator, app: FormApp, channel: str, page: Page
) -> None:
    """DNS rebinding: to the browser, the website and the workspace are then one."""
    ts = app.offer(channel)
    rebound = workspace.url.replace("127.0.0.1", "evil.example")
    response = page.goto(rebound)
    assert response is not None
    assert response.status == 403
    got = page.evaluate(ATTACK, [rebound, ts, channel, workspace.bot_token])
    assert got == dict.fromkeys(("json", "form", "messages", "script", "websocket"), "refused")
    assert [message.text for message in workspace.person("ana").sees(channel)] == ["A form"]


def test_a_website_cannot_frame_the_workspace(workspace: Emulator, page: Page, website: str) -> None:
    """Otherwise it could show it invisibly above something that a person wants to click."""
    # In a page of its own, because the browser's complaint about the policy is what is wanted here.
    with closing(page.context.new_page()) as other:
        other.goto(website)
        with other.expect_console_message(lambda line: "frame-ancestors 'none'" in line.text):
            other.evaluate(
                """(url) => { const frame = document.createElement("iframe"); frame.src = url;
                    document.body.append(frame); }""",
                workspace.url,
            )


def test_a_link_on_a_website_opens_the_page(workspace: Emulator, app: FormApp, page: Page, website: str) -> None:
    """A person who follows it sees the workspace, which works as always."""
    page.goto(website)
    page.evaluate(
        """(url) => { const a = document.createElement("a"); a.href = url; a.id = "a"; a.text = "Demo";
            document.body.append(a); }""",
        workspace.url,
    )
    page.click("#a")
    page.get_by_text("Signoff is connected").wait_for()


def test_a_script_in_the_page_does_not_run(open_as: OpenAs) -> None:
    """Whatever text would get into the page as HTML, the policy of the page stops it."""
    page = open_as("ana")
    context = page.context
    with closing(context.new_page()) as other:
        other.goto(page.url)
        other.evaluate(
            """() => { const script = document.createElement("script"); script.textContent = "window.ran = true";
                document.body.append(script);
                const image = document.createElement("div");
                image.innerHTML = "<img src=x onerror='window.ran = true'>";
                document.body.append(image); }"""
        )
        assert other.evaluate("() => [window.ran === true, document.styleSheets.length > 0]") == [False, True]
