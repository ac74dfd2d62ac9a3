"""The control API for people: act as a person, and read what a person sees. See `docs/emulator.md`."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from signoff.bot.emulator.client.containers import Target
from signoff.bot.emulator.client.interactions import Interactions
from signoff.bot.emulator.control.updates import UpdateFeed
from signoff.bot.emulator.delivery.delivery import Delivery
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.workspace.directory import BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME, User
from signoff.bot.emulator.workspace.workspace import Workspace

Action = Callable[[User, Json], Awaitable[Json]]


class Control:
    """Serves `/control/…` for people."""

    def __init__(self, workspace: Workspace, interactions: Interactions, delivery: Delivery) -> None:
        self._workspace = workspace
        self._interactions = interactions
        self._delivery = delivery
        self._updates = UpdateFeed(workspace)

    def routes(self) -> Sequence[BaseRoute]:
        """The routes for what a person reads and does."""
        actions: dict[str, Action] = {
            "press": self._press,
            "submit": self._submit,
            "close": self._close,
            "command": self._command,
            "shortcut": self._shortcut,
            "say": self._say,
            "edit": self._edit,
            "join": self._join,
            "leave": self._leave,
            "open_direct": self._open_direct,
            "open_home": self._open_home,
            "react": self._react,
            "unreact": self._remove_reaction,
            "options": self._options,
        }
        return [
            Route("/workspace", json_endpoint(self._show_workspace)),
            Route("/messages", json_endpoint(self._show_messages)),
            Route("/views", json_endpoint(self._show_views)),
            Route("/home", json_endpoint(self._show_home)),
            Route("/upload", json_endpoint(self._upload, takes="application/octet-stream"), methods=["POST"]),
            Route("/delete", json_endpoint(self._delete), methods=["POST"]),
            *(
                Route(f"/{name}", json_endpoint(self._as_person(action)), methods=["POST"])
                for name, action in actions.items()
            ),
            WebSocketRoute("/updates", self._subscribe),
        ]

    def overview(self) -> Json:
        """The workspace, its people and its channels."""
        directory = self._workspace.directory
        manifest = self._workspace.manifest
        return {
            "team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN},
            "app": {"name": manifest.name, "bot_user_id": BOT_USER_ID, "home_tab": manifest.home_tab},
            "people": [user.control_json() for user in directory.users.values()],
            "channels": [conversation.control_json() for conversation in directory.conversations.values()],
            "usergroups": [group.slack_json(with_users=True) for group in directory.groups.values()],
            "commands": [
                {"command": c.command, "description": c.description, "usage_hint": c.usage_hint}
                for c in manifest.commands
            ],
            "shortcuts": [
                {"name": s.name, "callback_id": s.callback_id, "description": s.description, "of_message": s.of_message}
                for s in manifest.shortcuts
            ],
            "connected": self._delivery.transport.is_connected,
        }

    async def _subscribe(self, websocket: WebSocket) -> None:
        try:
            user = self._person(websocket.query_params)
        except SlackError:
            await websocket.close(code=1008)
            return
        await self._updates.serve(websocket, user.id, self.overview())

    async def _show_workspace(self, _request: Request) -> Json:
        return self.overview()

    async def _show_messages(self, request: Request) -> Json:
        user = self._person(request.query_params)
        conversation = self._workspace.conversation_for(user.id, request.query_params.get("channel", ""))
        messages = self._workspace.messages
        return {
            "messages": [
                messages.control_json(message)
                for message in messages.in_channel(conversation.id)
                if message.ephemeral_to in {None, user.id}
            ]
        }

    async def _show_views(self, request: Request) -> Json:
        user = self._person(request.query_params)
        return {"views": [view.control_json() for view in self._workspace.views.stack(user.id)]}

    async def _show_home(self, request: Request) -> Json:
        home = self._workspace.views.home(self._person(request.query_params).id)
        return {"view": home.control_json() if home else None}

    async def _upload(self, request: Request) -> Json:
        user = self._person(request.query_params)
        name = request.query_params.get("name", "file")
        file = self._workspace.files.add(user.id, name, await request.body())
        return {"ok": True, "file": file.slack_json()}

    async def _press(self, user: User, body: Json) -> Json:
        return (
            await self._interactions.press(user, _target(body), body.get("value"), body.get("values", {}))
        ).control_json()

    async def _submit(self, user: User, body: Json) -> Json:
        return (await self._interactions.submit(user, body["view_id"], body.get("values", {}))).control_json()

    async def _close(self, user: User, body: Json) -> Json:
        return (await self._interactions.close(user, body["view_id"])).control_json()

    async def _command(self, user: User, body: Json) -> Json:
        return (await self._interactions.command(user, body["channel"], body["text"])).control_json()

    async def _shortcut(self, user: User, body: Json) -> Json:
        chosen = await self._interactions.shortcut(user, body["callback_id"], body.get("channel"), body.get("ts"))
        return chosen.control_json()

    async def _options(self, user: User, body: Json) -> Json:
        return {"ok": True, **await self._interactions.suggest(user, _target(body), body.get("query", ""))}

    async def _say(self, user: User, body: Json) -> Json:
        message = self._interactions.say(user, body["channel"], body["text"], body.get("thread_ts"))
        return {"ok": True, "message": self._workspace.messages.control_json(message)}

    async def _edit(self, user: User, body: Json) -> Json:
        message = self._interactions.edit(user, body["channel"], body["ts"], body["text"])
        return {"ok": True, "message": self._workspace.messages.control_json(message)}

    async def _delete(self, request: Request) -> Json:
        body = await json_object(request)
        user = self._person(body) if "as" in body else self._workspace.directory.administrator
        self._interactions.delete(user, body["channel"], body["ts"])
        return {"ok": True}

    async def _join(self, user: User, body: Json) -> Json:
        conversation = self._workspace.conversation_for(user.id, body["channel"])
        return {"ok": True, "channel": self._workspace.add_member(conversation, user.id, by=user.id).control_json()}

    async def _leave(self, user: User, body: Json) -> Json:
        conversation = self._workspace.conversation_for(user.id, body["channel"])
        return {"ok": True, "channel": self._workspace.remove_member(conversation, user.id, by=user.id).control_json()}

    async def _open_home(self, user: User, body: Json) -> Json:
        self._workspace.open_home(user.id, body.get("tab"))
        return {"ok": True}

    async def _open_direct(self, user: User, body: Json) -> Json:
        other = self._workspace.directory.person(body["user"])
        return {"ok": True, "channel": self._interactions.open_direct(user, other).control_json()}

    async def _react(self, user: User, body: Json) -> Json:
        message = self._interactions.react(user, body["channel"], body["ts"], body["name"])
        return {"ok": True, "message": self._workspace.messages.control_json(message)}

    async def _remove_reaction(self, user: User, body: Json) -> Json:
        message = self._interactions.remove_reaction(user, body["channel"], body["ts"], body["name"])
        return {"ok": True, "message": self._workspace.messages.control_json(message)}

    def _person(self, given: Any) -> User:
        """The person who acts. Raises `user_not_found` or `account_inactive`."""
        user = self._workspace.directory.person(given.get("as", ""))
        if user.is_bot:
            raise SlackError("user_not_found")
        if user.deleted:
            raise SlackError("account_inactive")
        return user

    def _as_person(self, action: Action) -> Callable[[Request], Awaitable[Json]]:
        async def endpoint(request: Request) -> Json:
            body = await json_object(request)
            return await action(self._person(body), body)

        return endpoint


async def json_object(request: Request) -> Json:
    """The JSON object in the body of a request. Raises `invalid_json`."""
    try:
        body = await request.json()
    except ValueError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(body, dict):
        raise SlackError("invalid_json")
    return body


def json_endpoint(
    serve: Callable[[Request], Awaitable[Json | list[Json]]], *, takes: str = "application/json"
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that returns JSON. Errors have the status 422 for invalid input in a modal, and 400 otherwise.

    Args:
        takes: The content type that a POST must have. A website cannot send it here without asking, as it can a form.
    """

    async def endpoint(request: Request) -> Response:
        try:
            content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if request.method == "POST" and content_type != takes:
                raise SlackError("invalid_content_type", message=f"the Content-Type must be {takes}")
            return JSONResponse(await serve(request))
        except KeyError as missing:
            error = SlackError("invalid_arguments", message=f"missing: {missing.args[0]}")
        except SlackError as raised:
            error = raised
        return JSONResponse(error.body(), status_code=422 if error.error == "invalid_input" else 400)

    return endpoint


def _target(body: Json) -> Target:
    view_id = body.get("view_id")
    if view_id is None:
        return Target(body["action_id"], body.get("block_id"), None, body["channel"], body["ts"])
    return Target(body["action_id"], body.get("block_id"), view_id)
