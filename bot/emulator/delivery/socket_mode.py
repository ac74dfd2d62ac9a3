"""Socket Mode: payloads go over websockets that the app opens (docs.slack.dev/apis/events-api/using-socket-mode)."""

import asyncio
import contextlib
import json
import secrets
import uuid
from itertools import count

from starlette.websockets import WebSocket, WebSocketDisconnect

from signoff.bot.emulator.delivery.delivery import NotDelivered, Retry
from signoff.bot.emulator.wire import Json
from signoff.bot.emulator.workspace.changes import AppConnected, Notify
from signoff.bot.emulator.workspace.directory import APP_ID

MOST_CONNECTIONS = 10
ANSWERABLE = frozenset({"view_submission", "block_suggestion", "slash_command"})
"""Kinds of payload whose ack may carry an answer."""
ENVELOPE_TYPES = {"slash_command": "slash_commands", "event_callback": "events_api"}
"""The envelope's type by the kind of payload; it is `interactive` for every other kind."""


class Connection:
    """One websocket of the app, and the envelopes on it that wait for their ack."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.waiting: dict[str, asyncio.Future[Json | None]] = {}

    async def listen(self) -> None:
        """Take acks until the app goes."""
        while True:
            message = await self.websocket.receive_json()
            waiting = self.waiting.pop(message.get("envelope_id", ""), None)
            if waiting and not waiting.done():
                waiting.set_result(message.get("payload") or None)

    def abandon(self) -> None:
        """The app has gone: nobody will ack what it was sent here."""
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_exception(NotDelivered("app_unreachable"))


class SocketMode:
    """The app's connections. Each payload goes to one of them, in turn."""

    via = "socket"

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._tickets: set[str] = set()
        self._connections: list[Connection] = []
        self._turn = count()

    @property
    def is_connected(self) -> bool:
        """Whether the app has a connection open."""
        return bool(self._connections)

    def ticket(self) -> str:
        """The right to open one connection."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection of the app from hello to its end."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close(code=1008)
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        if len(self._connections) >= MOST_CONNECTIONS:
            await _send_disconnect(websocket, "too_many_websockets")
            return
        connection = Connection(websocket)
        self._connections.append(connection)
        await websocket.send_json(self._hello())
        self._notify(AppConnected(True))
        try:
            await connection.listen()
        except (WebSocketDisconnect, ValueError):
            pass  # the app went, or sent what is no JSON
        finally:
            if connection in self._connections:
                self._connections.remove(connection)
            connection.abandon()
            self._notify(AppConnected(self.is_connected))

    async def send(self, kind: str, payload: Json, retry: Retry) -> Json | None:
        """Send an envelope over one connection and wait for its ack."""
        if not self._connections:
            raise NotDelivered("app_unreachable")
        connection = self._connections[next(self._turn) % len(self._connections)]
        envelope_id = str(uuid.uuid4())
        waiting = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = waiting
        envelope = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": ENVELOPE_TYPES.get(kind, "interactive"),
            "accepts_response_payload": kind in ANSWERABLE,
        }
        if kind == "event_callback":
            envelope |= {"retry_attempt": retry.attempt, "retry_reason": retry.reason}
        try:
            await connection.websocket.send_text(json.dumps(envelope))
            answer: Json | None = await waiting
        except (WebSocketDisconnect, RuntimeError) as gone:
            raise NotDelivered("app_unreachable") from gone
        finally:
            connection.waiting.pop(envelope_id, None)
        return answer

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to open new connections, as Slack does every few hours, and close these."""
        connections, self._connections = self._connections, []
        for connection in connections:
            await _send_disconnect(connection.websocket, reason)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {"host": "emulator", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP_ID},
        }


async def _send_disconnect(websocket: WebSocket, reason: str) -> None:
    # Either call fails when the app went first, and then there is nothing left to end.
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await websocket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "emulator"}})
        await websocket.close()
