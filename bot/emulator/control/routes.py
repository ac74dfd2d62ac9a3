"""The control API: act as a person, and read what a person sees. `docs/emulator.md` documents it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from signoff.bot.emulator.client.actions import Acts
from signoff.bot.emulator.client.places import Target
from signoff.bot.emulator.control.live import LiveHub
from signoff.bot.emulator.delivery.delivery import Delivery
from signoff.bot.emulator.wire import Json, SlackError
from signoff.bot.emulator.workspace.directory import BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME, User
from signoff.bot.emulator.workspace.workspace import Workspace

Act = Callable[[User, Json], Awaitable[Json]]


class Control:
    """Serves `/control/…` for people."""

    def __init__(self, workspace: Workspace, acts: Acts, delivery: Delivery) -> None:
        self._workspace = workspace
        self._acts = acts
        self._delivery = delivery
        self._live = LiveHub(workspace)

    def routes(self) -> Sequence[BaseRoute]:
        """Everything a person can read and do."""
        acts: dict[str, Act] = {
            "press": self._press,
            "submit": self._submit,
            "close": self._close,
            "command": self._command,
            "say": self._say,
            "edit": self._edit,
            "join": self._join,
            "leave": self._leave,
            "open_home": self._open_home,
            "options": self._options,
        }
        return [
            Route("/workspace", answering(self._show_workspace)),
            Route("/messages", answering(self._show_messages)),
            Route("/views", answering(self._show_views)),
            Route("/home", answering(self._show_home)),
            Route("/upload", answering(self._upload), methods=["POST"]),
            Route("/delete", answering(self._delete), methods=["POST"]),
            *(Route(f"/{name}", answering(self._as_person(act)), methods=["POST"]) for name, act in acts.items()),
            WebSocketRoute("/live", self._watch),
        ]

    def overview(self) -> Json:
        """The workspace as a person finds it."""
        directory = self._workspace.directory
        manifest = self._workspace.manifest
        return {
            "team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN},
            "app": {"name": manifest.name, "bot_user_id": BOT_USER_ID},
            "people": [user.shown() for user in directory.users.values()],
            "channels": [conversation.shown() for conversation in directory.conversations.values()],
            "usergroups": [group.wire(with_users=True) for group in directory.groups.values()],
            "commands": [
                {"command": c.command, "description": c.description, "usage_hint": c.usage_hint}
                for c in manifest.commands
            ],
            "connected": self._delivery.transport.is_connected,
        }

    async def _watch(self, websocket: WebSocket) -> None:
        try:
            user = self._person(websocket.query_params)
        except SlackError:
            await websocket.close(code=1008)
            return
        await self._live.serve(websocket, user.id, self.overview())

    async def _show_workspace(self, _request: Request) -> Json:
        return self.overview()

    async def _show_messages(self, request: Request) -> Json:
        user = self._person(request.query_params)
        conversation = self._workspace.place(user.id, request.query_params.get("channel", ""))
        messages = self._workspace.messages
        return {
            "messages": [
                messages.shown(message)
                for message in messages.in_channel(conversation.id)
                if message.ephemeral_to in {None, user.id}
            ]
        }

    async def _show_views(self, request: Request) -> Json:
        user = self._person(request.query_params)
        return {"views": [view.shown() for view in self._workspace.views.stack(user.id)]}

    async def _show_home(self, request: Request) -> Json:
        home = self._workspace.views.home(self._person(request.query_params).id)
        return {"view": home.shown() if home else None}

    async def _upload(self, request: Request) -> Json:
        user = self._person(request.query_params)
        name = request.query_params.get("name", "file")
        file = self._workspace.files.add(user.id, name, await request.body())
        return {"ok": True, "file": file.wire()}

    async def _press(self, user: User, body: Json) -> Json:
        return (await self._acts.press(user, _target(body), body.get("value"), body.get("values", {}))).shown()

    async def _submit(self, user: User, body: Json) -> Json:
        return (await self._acts.submit(user, body["view_id"], body.get("values", {}))).shown()

    async def _close(self, user: User, body: Json) -> Json:
        return (await self._acts.close(user, body["view_id"])).shown()

    async def _command(self, user: User, body: Json) -> Json:
        return (await self._acts.command(user, body["channel"], body["text"])).shown()

    async def _options(self, user: User, body: Json) -> Json:
        return {"ok": True, **await self._acts.suggest(user, _target(body), body.get("query", ""))}

    async def _say(self, user: User, body: Json) -> Json:
        message = self._acts.say(user, body["channel"], body["text"], body.get("thread_ts"))
        return {"ok": True, "message": self._workspace.messages.shown(message)}

    async def _edit(self, user: User, body: Json) -> Json:
        message = self._acts.edit(user, body["channel"], body["ts"], body["text"])
        return {"ok": True, "message": self._workspace.messages.shown(message)}

    async def _delete(self, request: Request) -> Json:
        body = await json_object(request)
        user = self._person(body) if "as" in body else self._workspace.directory.administrator
        self._acts.delete(user, body["channel"], body["ts"])
        return {"ok": True}

    async def _join(self, user: User, body: Json) -> Json:
        conversation = self._workspace.place(user.id, body["channel"])
        return {"ok": True, "channel": self._workspace.add_member(conversation, user.id, by=user.id).shown()}

    async def _leave(self, user: User, body: Json) -> Json:
        conversation = self._workspace.place(user.id, body["channel"])
        return {"ok": True, "channel": self._workspace.remove_member(conversation, user.id, by=user.id).shown()}

    async def _open_home(self, user: User, body: Json) -> Json:
        self._workspace.open_home(user.id, body.get("tab"))
        return {"ok": True}

    def _person(self, given: Any) -> User:
        """Who acts. Raises `user_not_found` or `account_inactive`."""
        user = self._workspace.directory.person(given.get("as", ""))
        if user.is_bot:
            raise SlackError("user_not_found")
        if user.deleted:
            raise SlackError("account_inactive")
        return user

    def _as_person(self, act: Act) -> Callable[[Request], Awaitable[Json]]:
        async def acting(request: Request) -> Json:
            body = await json_object(request)
            return await act(self._person(body), body)

        return acting


async def json_object(request: Request) -> Json:
    """The request's JSON object. Raises `invalid_json`."""
    try:
        body = await request.json()
    except ValueError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(body, dict):
        raise SlackError("invalid_json")
    return body


def answering(serve: Callable[[Request], Awaitable[Json | list[Json]]]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that answers with JSON: 422 for input that Slack's client would not send, 400 for other refusals."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await serve(request))
        except KeyError as missing:
            refusal = SlackError("invalid_arguments", message=f"missing: {missing.args[0]}")
        except SlackError as error:
            refusal = error
        return JSONResponse(refusal.body(), status_code=422 if refusal.error == "invalid_input" else 400)

    return endpoint


def _target(body: Json) -> Target:
    view_id = body.get("view_id")
    if view_id is None:
        return Target(body["action_id"], body.get("block_id"), None, body["channel"], body["ts"])
    return Target(body["action_id"], body.get("block_id"), view_id)
