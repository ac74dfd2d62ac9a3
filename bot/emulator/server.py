"""The emulator's server, on one port of localhost."""

import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from signoff.bot.background_server import BackgroundServer, listen
from signoff.bot.emulator.client.command_response import respond
from signoff.bot.emulator.client.interactions import Interactions
from signoff.bot.emulator.control.administration import Administration
from signoff.bot.emulator.control.routes import Control
from signoff.bot.emulator.delivery.delivery import ACK_LIMIT_SECONDS, Delivery
from signoff.bot.emulator.delivery.socket_mode import SocketMode
from signoff.bot.emulator.events.events_api import RETRY_DELAYS, EventsApi
from signoff.bot.emulator.protocol import SlackError
from signoff.bot.emulator.same_origin import SameOriginOnly
from signoff.bot.emulator.web_api.faults import RESPONSE_URL, Faults
from signoff.bot.emulator.web_api.routes import LostResponse, WebApi
from signoff.bot.emulator.workspace.changes import AppConnected
from signoff.bot.emulator.workspace.directory import APP_ID
from signoff.bot.emulator.workspace.timestamps import Clock
from signoff.bot.emulator.workspace.triggers import LIFETIME_SECONDS
from signoff.bot.emulator.workspace.workspace import Workspace
from signoff.bot.manifest import SIGNOFF, AppManifest

# These import httpx, which is slow to import and which the demo does not need.
if TYPE_CHECKING:
    from signoff.bot.emulator.control.control_client import ControlClient
    from signoff.bot.emulator.control.person import Person
    from signoff.bot.emulator.delivery.http_delivery import HttpDelivery

BOT_TOKEN = "xoxb-emulator-bot-token"  # noqa: S105 (not a secret: it works only with the emulator)
APP_TOKEN = "xapp-emulator-app-token"  # noqa: S105
SIGNING_SECRET = "emulator-signing-secret"  # noqa: S105
PAGE = Path(__file__).parent / "page"


class Emulator:
    """A Slack workspace on localhost. It runs in its own thread from `start` to `stop`, or in a `with` block.

    Args:
        port: The port to listen on; 0 chooses a free one.
        path: A file that keeps messages, channels, people and groups across restarts.
        manifest: The app that is installed.
        clock: Returns seconds since the epoch, for trigger ids, response URLs, timestamps and signatures.
        ack_limit_seconds: How long the app has to ack. If it is more than in Slack, trigger ids are valid as long.
        event_retry_delays: The seconds before each retry of an event.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        path: Path | None = None,
        manifest: AppManifest = SIGNOFF,
        clock: Clock = time.time,
        ack_limit_seconds: float = ACK_LIMIT_SECONDS,
        event_retry_delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        listening = listen("127.0.0.1", port)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.api_url = f"{self.url}/api/"
        self.bot_token = BOT_TOKEN
        self.app_token = APP_TOKEN
        self.signing_secret = SIGNING_SECRET
        self._clock = clock
        self._faults = Faults()
        self._workspace = Workspace(
            path,
            url=self.url,
            manifest=manifest,
            clock=clock,
            trigger_lifetime=max(LIFETIME_SECONDS, ack_limit_seconds),
        )
        self._socket_mode = SocketMode(self._workspace.notify)
        self._delivery = Delivery(self._socket_mode, ack_limit_seconds, clock)
        self._events_api = EventsApi(self._workspace, self._delivery, event_retry_delays)
        self._http: HttpDelivery | None = None
        app = SameOriginOnly(self._application())
        self._server = BackgroundServer(app, listening, self._disconnect_all, websockets=True, name="slack-emulator")

    def start(self) -> Self:
        """Start the server. Returns when it accepts requests."""
        self._server.start()
        self._server.run(self._post_scheduled())
        return self

    def stop(self) -> None:
        """Close all connections and free the port."""
        if "client" in vars(self):
            self.client.close()
        self._server.stop()
        self._workspace.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    @cached_property
    def client(self) -> "ControlClient":
        """A client for the control API."""
        from signoff.bot.emulator.control.control_client import ControlClient

        return ControlClient(self.url)

    def person(self, reference: str) -> "Person":
        """A person to act as, by `ana`, `@ana`, an id or a full name."""
        return self.client.person(reference)

    def environment(self) -> dict[str, str]:
        """The environment variables that connect an app to this workspace."""
        return {
            "SLACK_API_URL": self.api_url,
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_APP_TOKEN": self.app_token,
            "SLACK_SIGNING_SECRET": self.signing_secret,
        }

    @property
    def event_retry_delays(self) -> Sequence[float]:
        """The seconds before each retry of an event. A change applies to events that are sent from then on."""
        return self._events_api.retry_delays

    @event_retry_delays.setter
    def event_retry_delays(self, seconds: Sequence[float]) -> None:
        self._events_api.retry_delays = seconds

    def deliver_to(self, request_url: str) -> None:
        """Deliver payloads by signed HTTP to this URL from now on, not through Socket Mode. The server must be started.

        If the app subscribes to events, the URL first gets a challenge that it has to repeat, as in Slack.
        """
        from signoff.bot.emulator.delivery.http_delivery import HttpDelivery

        self._server.run(self._switch_to(HttpDelivery(request_url, self.signing_secret, self._clock)))

    async def _switch_to(self, http: "HttpDelivery") -> None:
        await self._close_http()
        if self._workspace.manifest.events:
            await http.verify()
        self._http = self._delivery.transport = http
        self._workspace.notify(AppConnected(True))

    async def _close_http(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def _disconnect_all(self) -> None:
        self._faults.clear()
        self._events_api.stop()
        self._workspace.scheduled.stop()
        await self._socket_mode.disconnect()
        await self._events_api.wait_until_sent()
        await self._close_http()

    async def _post_scheduled(self) -> None:
        self._workspace.scheduled.start()

    def _application(self) -> Starlette:
        interactions = Interactions(self._workspace, self._delivery)
        tokens = {self.bot_token: "bot", self.app_token: "app"}
        web_api = WebApi(self._workspace, self._faults, tokens, self._socket_url)
        control = Control(self._workspace, interactions, self._delivery)
        administration = Administration(
            self._workspace, self._faults, web_api, self._delivery, self._socket_mode, self._events_api
        )
        return Starlette(
            routes=[
                Route("/api/{method}", web_api.serve, methods=["GET", "POST"]),
                WebSocketRoute("/socket/", self._socket_mode.serve),
                Route("/respond/{token}", self._respond, methods=["POST"]),
                Route("/files/{file}/{name}", self._download),
                Mount("/control", routes=[*control.routes(), *administration.routes()]),
                Mount("/page", StaticFiles(directory=PAGE, check_dir=False)),
                Route("/", _page),
            ]
        )

    def _socket_url(self) -> str:
        address = self.url.replace("http", "ws", 1)
        return f"{address}/socket/?ticket={self._socket_mode.ticket()}&app_id={APP_ID}"

    async def _respond(self, request: Request) -> Response:
        fault = self._faults.next_for(RESPONSE_URL, at=self._clock())
        if fault and not fault.is_executed:
            return PlainTextResponse(fault.error, status_code=fault.status)
        try:
            respond(self._workspace, request.path_params["token"], await request.json())
        except SlackError as error:
            status = 404 if error.error.endswith("_url") else 400
            return JSONResponse(error.body(), status_code=status)
        except ValueError:
            return PlainTextResponse("invalid_payload", status_code=400)
        return LostResponse() if fault and fault.drop else PlainTextResponse("ok")

    async def _download(self, request: Request) -> Response:
        file = self._workspace.files.find(request.path_params["file"])
        if file is None:
            return PlainTextResponse("not found", status_code=404)
        if request.headers.get("authorization") != f"Bearer {self.bot_token}":
            return PlainTextResponse("sign in", status_code=403)
        return Response(file.content, media_type=file.mimetype)


async def _page(_request: Request) -> Response:
    return FileResponse(PAGE / "index.html")
