"""Slack's Web API: tokens, scopes, injected faults, and the log of calls."""

import asyncio
from collections import deque
from collections.abc import Callable
from email.utils import formatdate

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.arguments import Arguments
from signoff.bot.emulator.web_api.faults import Fault, Faults
from signoff.bot.emulator.web_api.methods import METHODS
from signoff.bot.emulator.web_api.methods.call import Call, Method, require_any
from signoff.bot.emulator.workspace.workspace import Workspace

MAX_LOG_ENTRIES = 10_000
SCOPES_HEADER = "x-oauth-scopes"


class LostResponse(Response):
    """A response that never arrives completely, because the connection closes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send only the headers. The server then closes the connection."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class WebApi:
    """Serves `/api/{method}`. `tokens` maps each valid token to its kind, `bot` or `app`."""

    def __init__(
        self,
        workspace: Workspace,
        faults: Faults,
        tokens: dict[str, str],
        open_socket: Callable[[], str],
    ) -> None:
        self.calls: deque[Json] = deque(maxlen=MAX_LOG_ENTRIES)
        self._workspace = workspace
        self._faults = faults
        self._tokens = tokens
        self._open_socket = open_socket

    async def serve(self, request: Request) -> Response:
        """Handle one call."""
        name = request.path_params["method"]
        fault = self._faults.next_for(name, at=self._workspace.clock())
        arguments = Arguments({})
        content = await request.body()
        if fault and fault.slow_by:
            await asyncio.sleep(fault.slow_by)
        if fault and fault.hold == "before":
            await self._faults.hold()
            if await request.is_disconnected():
                return Response(status_code=408)
        try:
            arguments = Arguments.parse(content, request.headers.get("content-type", ""), request.url.query)
            body = self._execute(name, arguments, request, fault)
        except SlackError as error:
            body = error.body()
        self._log(name, arguments, body)
        if fault and fault.hold == "after":
            await self._faults.hold()
        if fault and fault.drop:
            return LostResponse()
        headers = {
            "date": formatdate(self._workspace.clock(), usegmt=True),
            SCOPES_HEADER: ",".join(sorted(self._workspace.manifest.scopes)),
        }
        if fault:
            return JSONResponse(body, status_code=fault.status, headers=headers | fault.headers)
        return JSONResponse(body, headers=headers)

    def _execute(self, name: str, arguments: Arguments, request: Request, fault: Fault | None) -> Json:
        if fault and not fault.is_executed:
            raise SlackError(fault.error)
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        self._authorise(method, arguments, request)
        call = Call(self._workspace, arguments, self._open_socket)
        return {"ok": True, **method.run(call)}

    def _authorise(self, method: Method, arguments: Arguments, request: Request) -> None:
        if method.caller == "anyone":
            return
        header = request.headers.get("authorization", "")
        token = header.removeprefix("Bearer ").strip() or arguments.text("token")
        if not token:
            raise SlackError("not_authed")
        kind = self._tokens.get(token)
        if kind is None:
            raise SlackError("invalid_auth")
        if kind == "bot" and not self._workspace.is_installed:
            raise SlackError("account_inactive")
        if kind != method.caller:
            raise SlackError("not_allowed_token_type")
        require_any(method.scopes, self._workspace.manifest.scopes)

    def _log(self, name: str, arguments: Arguments, body: Json) -> None:
        self.calls.append(
            {
                "method": name,
                "arguments": arguments.redacted(),
                "ok": body["ok"],
                "error": body.get("error"),
                "at": self._workspace.clock(),
            }
        )
