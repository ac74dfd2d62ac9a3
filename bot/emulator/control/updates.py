"""Websockets that push what a person sees to the page and to waiting tests."""

import asyncio
import contextlib
import json

from starlette.websockets import WebSocket, WebSocketDisconnect

from signoff.bot.emulator.protocol import Json
from signoff.bot.emulator.workspace.changes import (
    AppConnected,
    Change,
    ConversationChanged,
    HomeChanged,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Notice,
    ReactionChanged,
    ThreadChanged,
    UserChanged,
    UserGroupChanged,
    ViewsChanged,
)
from signoff.bot.emulator.workspace.messages import message_control_json
from signoff.bot.emulator.workspace.workspace import Workspace


class UpdateFeed:
    """Pushes changes to the subscribers, each of which sees what one person sees."""

    def __init__(self, workspace: Workspace) -> None:
        self._directory = workspace.directory
        self._subscribers: dict[asyncio.Queue[str], str] = {}
        workspace.listeners.append(self._changed)

    async def serve(self, websocket: WebSocket, user: str, hello: Json) -> None:
        """Serve one subscriber until it disconnects. `hello` is the first message."""
        await websocket.accept()
        queue: asyncio.Queue[str] = asyncio.Queue()
        queue.put_nowait(json.dumps({"type": "hello", **hello}))
        self._subscribers[queue] = user
        sending = asyncio.create_task(_send(websocket, queue))
        try:
            while True:
                await websocket.receive_text()
        except (WebSocketDisconnect, KeyError):
            pass  # it disconnected, or sent bytes, which subscribers do not do
        finally:
            del self._subscribers[queue]
            sending.cancel()

    def _changed(self, change: Change) -> None:
        audience = [queue for queue, user in self._subscribers.items() if self._is_visible(change, user)]
        if audience:
            text = json.dumps(_update(change))
            for queue in audience:
                queue.put_nowait(text)

    def _is_visible(self, change: Change, user: str) -> bool:
        match change:
            case MessagePosted() | MessageEdited() | MessageDeleted():
                is_seen = self._directory.conversation(change.channel).is_seen_by(user)
                return is_seen and change.only_to in {None, user}
            case ThreadChanged(channel=channel) | ReactionChanged(channel=channel):
                return self._directory.conversation(channel).is_seen_by(user)
            case ViewsChanged() | HomeChanged() | Notice():
                return change.user == user
            case ConversationChanged(conversation, previous):
                return conversation.is_seen_by(user) or (previous is not None and previous.is_seen_by(user))
            case AppConnected() | UserChanged() | UserGroupChanged():
                return True
            case _:
                return False


def _update(change: Change) -> Json:
    match change:
        case MessagePosted() | MessageEdited() | ThreadChanged() | ReactionChanged() | MessageDeleted():
            return _message_update(change)
        case ViewsChanged(_, views):
            return {"type": "views", "views": views}
        case HomeChanged(_, view):
            return {"type": "home", "view": view}
        case Notice(_, text):
            return {"type": "notice", "text": text}
        case ConversationChanged(conversation):
            return {"type": "channel", "channel": conversation.control_json()}
        case UserChanged(user):
            return {"type": "person", "person": user.control_json()}
        case UserGroupChanged(group):
            return {"type": "usergroup", "usergroup": group.slack_json(with_users=True)}
        case AppConnected(connected):
            return {"type": "app", "connected": connected}
        case _:
            raise TypeError(f"{change} is not pushed")


def _message_update(
    change: MessagePosted | MessageEdited | ThreadChanged | ReactionChanged | MessageDeleted,
) -> Json:
    if isinstance(change, MessageDeleted):
        return {"type": "message_deleted", "channel": change.channel, "ts": change.previous["ts"]}
    only_to = None if isinstance(change, ThreadChanged | ReactionChanged) else change.only_to
    return {"type": "message", "message": message_control_json(change.channel, change.message, only_to)}


async def _send(websocket: WebSocket, queue: "asyncio.Queue[str]") -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.send_text(await queue.get())
