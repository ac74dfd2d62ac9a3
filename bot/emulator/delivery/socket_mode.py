"""Socket Mode: payloads are sent over websockets that the app opens.

See docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import contextlib
import json
import secrets
import uuid
from itertools import count

from starlette.websockets import WebSocket, WebSocketDisconnect

from signoff.bot.emulator.delivery.delivery import NotDelivered, Retry
from signoff.bot.emulator.protocol import Json
from signoff.bot.emulator.workspace.changes import AppConnected, Notify
from signoff.bot.emulator.workspace.directory import APP_ID

MAX_CONNECTIONS = 10
WITH_RESPONSE = frozenset({"view_submission", "block_suggestion", "slash_command"})
"""Kinds of payload whose ack may contain a response."""
ENVELOPE_TYPES = {"slash_command": "slash_commands", "event_callback": "events_api"}
"""The type of the envelope, by the kind of payload. It is `interactive` for all other kinds."""


class Connection:
    """One websocket of the app, and its envelopes that are not acked yet."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.unacked: dict[str, asyncio.Future[Json | None]] = {}

    async def listen(self) -> None:
        """Receive acks until the app disconnects."""
        while True:
            message = await self.websocket.receive_json()
            ack = self.unacked.pop(message.get("envelope_id", ""), None)
            if ack and not ack.done():
                ack.set_result(message.get("payload") or None)

    def abandon(self) -> None:
        """Fail the unacked envelopes, because the app has disconnected."""
        for ack in self.unacked.values():
            if not ack.done():
                ack.set_exception(NotDelivered("app_unreachable"))


class SocketMode:
    """The app's connections. Each payload goes to one of them, round-robin."""

    via = "socket"

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._tickets: set[str] = set()
        self._connections: list[Connection] = []
        self._round_robin = count()

    @property
    def is_connected(self) -> bool:
        """Whether the app has a connection open."""
        return bool(self._connections)

    def ticket(self) -> str:
        """A ticket for one connection."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection of the app."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close(code=1008)
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        if len(self._connections) >= MAX_CONNECTIONS:
            await _send_disconnect(websocket, "too_many_websockets")
            return
        connection = Connection(websocket)
        self._connections.append(connection)
        await websocket.send_json(self._hello())
        self._notify(AppConnected(True))
        try:
            await connection.listen()
        except (WebSocketDisconnect, ValueError):
            pass  # the app disconnected, or sent something other than JSON
        finally:
            if connection in self._connections:
                self._connections.remove(connection)
            connection.abandon()
            self._notify(AppConnected(self.is_connected))

    async def send(self, kind: str, payload: Json, retry: Retry) -> Json | None:
        """Send an envelope over one connection and wait for its ack."""
        if not self._connections:
            raise NotDelivered("app_unreachable")
        connection = self._connections[next(self._round_robin) % len(self._connections)]
        envelope_id = str(uuid.uuid4())
        ack = asyncio.get_running_loop().create_future()
        connection.unacked[envelope_id] = ack
        envelope = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": ENVELOPE_TYPES.get(kind, "interactive"),
            "accepts_response_payload": kind in WITH_RESPONSE,
        }
        if kind == "event_callback":
            envelope |= {"retry_attempt": retry.attempt, "retry_reason": retry.reason}
        try:
            await connection.websocket.send_text(json.dumps(envelope))
            response: Json | None = await ack
        except (WebSocketDisconnect, RuntimeError) as disconnected:
            raise NotDelivered("app_unreachable") from disconnected
        finally:
            connection.unacked.pop(envelope_id, None)
        return response

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to reconnect, as Slack does every few hours, and close the connections.

        Args:
            reason: `warning` is what Slack says some seconds before, so that connections stay open for now.
        """
        if reason == "warning":
            for connection in self._connections:
                await connection.websocket.send_json(_disconnect(reason))
            return
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
    # Both calls fail if the app has disconnected already. Then there is nothing left to do.
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await websocket.send_json(_disconnect(reason))
        await websocket.close()


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "emulator"}}
