"""The part of the control API that no person has: faults, deletions, what was called and delivered."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from signoff.bot.emulator.control.routes import answering, json_object
from signoff.bot.emulator.delivery.delivery import Delivery
from signoff.bot.emulator.delivery.socket_mode import SocketMode
from signoff.bot.emulator.web_api.faults import Faults
from signoff.bot.emulator.web_api.routes import WebApi
from signoff.bot.emulator.wire import Json
from signoff.bot.emulator.workspace.workspace import Workspace


class Administration:
    """Serves the rest of `/control/…`."""

    def __init__(
        self, workspace: Workspace, faults: Faults, web_api: WebApi, delivery: Delivery, socket_mode: SocketMode
    ) -> None:
        self._workspace = workspace
        self._faults = faults
        self._web_api = web_api
        self._delivery = delivery
        self._socket_mode = socket_mode

    def routes(self) -> Sequence[BaseRoute]:
        """Everything an administrator, or a test, can do."""
        return [
            Route("/calls", answering(self._calls)),
            Route("/deliveries", answering(self._deliveries)),
            Route("/faults", answering(self._want_fault), methods=["POST"]),
            Route("/faults", answering(self._clear_faults), methods=["DELETE"]),
            Route("/held", answering(self._until_held)),
            Route("/delete", answering(self._delete), methods=["POST"]),
            Route("/archive", answering(self._archive), methods=["POST"]),
            Route("/disconnect", answering(self._disconnect), methods=["POST"]),
            Route("/people", answering(self._add_person), methods=["POST"]),
            Route("/channels", answering(self._add_channel), methods=["POST"]),
            Route("/usergroups", answering(self._add_group), methods=["POST"]),
        ]

    async def _calls(self, _request: Request) -> list[Json]:
        return list(self._web_api.calls)

    async def _deliveries(self, _request: Request) -> list[Json]:
        return [ack.shown() for ack in self._delivery.log]

    async def _want_fault(self, request: Request) -> Json:
        self._faults.want(await json_object(request))
        return {"ok": True}

    async def _clear_faults(self, _request: Request) -> Json:
        self._faults.clear()
        return {"ok": True}

    async def _until_held(self, _request: Request) -> Json:
        await self._faults.until_held()
        return {"ok": True}

    async def _delete(self, request: Request) -> Json:
        body = await json_object(request)
        conversation = self._workspace.directory.conversation(body["channel"])
        self._workspace.messages.delete(self._workspace.messages.get(conversation.id, body["ts"]))
        return {"ok": True}

    async def _archive(self, request: Request) -> Json:
        body = await json_object(request)
        conversation = self._workspace.directory.conversation(body["channel"])
        return {
            "ok": True,
            "channel": self._workspace.put_conversation(replace(conversation, is_archived=True)).shown(),
        }

    async def _disconnect(self, _request: Request) -> Json:
        await self._socket_mode.disconnect()
        return {"ok": True}

    async def _add_person(self, request: Request) -> Json:
        body = await json_object(request)
        name = body["name"]
        user = self._workspace.add_person(
            name, body.get("real_name", name.title()), body.get("email", f"{name}@example.com")
        )
        return {"ok": True, "person": user.shown()}

    async def _add_channel(self, request: Request) -> Json:
        body = await json_object(request)
        directory = self._workspace.directory
        everybody = [user.id for user in directory.users.values()]
        named = [directory.person(name).id for name in body["members"]] if "members" in body else everybody
        channel = self._workspace.add_channel(
            body["name"], is_private=bool(body.get("is_private")), members=frozenset(named)
        )
        return {"ok": True, "channel": channel.shown()}

    async def _add_group(self, request: Request) -> Json:
        body = await json_object(request)
        users = tuple(self._workspace.directory.person(name).id for name in body["users"])
        group = self._workspace.add_group(body["handle"], body.get("name", body["handle"].title()), users)
        return {"ok": True, "usergroup": group.wire(with_users=True)}
