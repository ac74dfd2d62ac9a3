"""The live websockets: what people see, as it happens."""

import asyncio
import contextlib
import json

from starlette.websockets import WebSocket, WebSocketDisconnect

from signoff.bot.emulator.wire import Json
from signoff.bot.emulator.workspace.changes import (
    AppConnected,
    Change,
    ConversationChanged,
    HomeChanged,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Notice,
    ThreadChanged,
    UserChanged,
    UserGroupChanged,
    ViewsChanged,
)
from signoff.bot.emulator.workspace.messages import shown_message
from signoff.bot.emulator.workspace.workspace import Workspace


class LiveHub:
    """Tells every watcher what their person sees. Watchers only listen."""

    def __init__(self, workspace: Workspace) -> None:
        self._directory = workspace.directory
        self._watchers: dict[asyncio.Queue[str], str] = {}
        workspace.listeners.append(self._changed)

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

    def _changed(self, change: Change) -> None:
        audience = [queue for queue, user in self._watchers.items() if self._concerns(change, user)]
        if audience:
            text = json.dumps(_shown(change))
            for queue in audience:
                queue.put_nowait(text)

    def _concerns(self, change: Change, user: str) -> bool:
        match change:
            case MessagePosted() | MessageEdited() | MessageDeleted():
                is_seen = self._directory.conversation(change.channel).is_seen_by(user)
                return is_seen and change.only_to in {None, user}
            case ThreadChanged(channel=channel):
                return self._directory.conversation(channel).is_seen_by(user)
            case ViewsChanged() | HomeChanged() | Notice():
                return change.user == user
            case ConversationChanged(conversation, previous):
                return conversation.is_seen_by(user) or (previous is not None and previous.is_seen_by(user))
            case AppConnected() | UserChanged() | UserGroupChanged():
                return True
            case _:
                return False


def _shown(change: Change) -> Json:
    match change:
        case MessagePosted() | MessageEdited() | ThreadChanged() | MessageDeleted():
            return _shown_message(change)
        case ViewsChanged(_, views):
            return {"type": "views", "views": views}
        case HomeChanged(_, view):
            return {"type": "home", "view": view}
        case Notice(_, text):
            return {"type": "notice", "text": text}
        case ConversationChanged(conversation):
            return {"type": "channel", "channel": conversation.shown()}
        case UserChanged(user):
            return {"type": "person", "person": user.shown()}
        case UserGroupChanged(group):
            return {"type": "usergroup", "usergroup": group.wire(with_users=True)}
        case AppConnected(connected):
            return {"type": "app", "connected": connected}
        case _:
            raise TypeError(f"nobody watches for {change}")


def _shown_message(change: MessagePosted | MessageEdited | ThreadChanged | MessageDeleted) -> Json:
    if isinstance(change, MessageDeleted):
        return {"type": "message_deleted", "channel": change.channel, "ts": change.previous["ts"]}
    only_to = None if isinstance(change, ThreadChanged) else change.only_to
    return {"type": "message", "message": shown_message(change.channel, change.message, only_to)}


async def _tell(websocket: WebSocket, queue: "asyncio.Queue[str]") -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.send_text(await queue.get())
