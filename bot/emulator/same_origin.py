"""Keeps other websites out of the workspace. Any of them may be open in the browser that shows the page.

The workspace is for this machine alone, so its tokens are no secrets and nobody signs in. What a website could make the
browser send is therefore refused: requests from another origin, and requests to another name, which is how a website
whose name suddenly leads to 127.0.0.1 would send them (DNS rebinding). Programs such as bots send neither `Origin` nor
`Sec-Fetch-Site`.
"""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)

_HEADERS = {
    # Pictures in messages may come from anywhere; everything else comes from here, and nothing is written in the page.
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self' data: http: https:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SameOriginOnly:
    """Serves programs on this machine and the workspace's own page, with headers that confine the page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request with 403, and a websocket before it is accepted."""
        reason = _refusal(scope)
        if scope["type"] == "websocket":
            await (self._app(scope, receive, send) if reason is None else send({"type": "websocket.close"}))
            return

        async def send_confined(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        app = self._app if reason is None else PlainTextResponse(reason, status_code=403)
        await app(scope, receive, send_confined)


def _refusal(scope: Scope) -> str | None:
    """Why a request is refused; `None` if it is not."""
    headers = Headers(scope=scope)
    hosts, origins = headers.getlist("host"), headers.getlist("origin")
    if len(hosts) != 1 or not _LOOPBACK.fullmatch(hosts[0]):
        return "The workspace is served at localhost and 127.0.0.1 only."
    own = {f"http://{hosts[0]}".lower(), f"https://{hosts[0]}".lower()}
    if any(origin.lower() not in own for origin in origins):
        return "The workspace accepts no requests from other websites."
    # Sent with requests that have no `Origin` too, such as those for a picture or a script.
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not _is_link(scope, headers):
        return "The workspace accepts no requests from other websites."
    return None


def _is_link(scope: Scope, headers: Headers) -> bool:
    """Whether somebody follows a link to the page, which shows that website nothing."""
    return (
        scope.get("method") == "GET"
        and scope["path"] == "/"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )
