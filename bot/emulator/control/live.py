"""The live websockets: what people see, as it happens."""

import asyncio
import contextlib
import json

from starlette.websockets import WebSocket, WebSocketDisconnect

from signoff.bot.emulator.wire import Json
from signoff.bot.emulator.workspace.events import (
    AppConnected,
    ConversationChanged,
    Event,
    MessageChanged,
    MessageDeleted,
    Notice,
    ViewsChanged,
)
from signoff.bot.emulator.workspace.workspace import Workspace


class LiveHub:
    """Tells every watcher what their person sees. Watchers only listen."""

    def __init__(self, workspace: Workspace) -> None:
        self._directory = workspace.directory
        self._watchers: dict[asyncio.Queue[str], str] = {}
        workspace.listeners.append(self._announce)

    async def serve(self, websocket: WebSocket, user: str, hello: Json) -> None:
        """Serve one watcher until it goes. `hello` is the first thing it hears."""
        await websocket.accept()
        queue: asyncio.Queue[str] = asyncio.Queue()
        queue.put_nowait(json.dumps({"type": "hello", **hello}))
        self._watchers[queue] = user
        telling = asyncio.create_task(_tell(websocket, queue))
        try:
            while True:
                await websocket.receive_text()
        except (WebSocketDisconnect, KeyError):
            pass  # it went; or it sent bytes, which no watcher does
        finally:
            del self._watchers[queue]
            telling.cancel()

    def _announce(self, event: Event) -> None:
        audience = [queue for queue, user in self._watchers.items() if self._concerns(event, user)]
        if audience:
            told = json.dumps(_shown(event))
            for queue in audience:
                queue.put_nowait(told)

    def _concerns(self, event: Event, user: str) -> bool:
        match event:
            case MessageChanged(channel, _, only_to):
                return only_to in {None, user} and self._directory.conversation(channel).is_seen_by(user)
            case MessageDeleted(channel, _):
                return self._directory.conversation(channel).is_seen_by(user)
            case ViewsChanged(whose) | Notice(whose):
                return whose == user
            case ConversationChanged(conversation):
                return conversation.is_seen_by(user)
            case AppConnected():
                return True


def _shown(event: Event) -> Json:
    match event:
        case MessageChanged(_, message, _):
            return {"type": "message", "message": message}
        case MessageDeleted(channel, ts):
            return {"type": "message_deleted", "channel": channel, "ts": ts}
        case ViewsChanged(_, views):
            return {"type": "views", "views": views}
        case Notice(_, text):
            return {"type": "notice", "text": text}
        case ConversationChanged(conversation):
            return {"type": "channel", "channel": conversation.shown()}
        case AppConnected(connected):
            return {"type": "app", "connected": connected}


async def _tell(websocket: WebSocket, queue: "asyncio.Queue[str]") -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.send_text(await queue.get())
