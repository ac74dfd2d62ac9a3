"""The part of the control API for administrators and tests: people, channels, injected faults and logs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from signoff.bot.emulator.control.routes import json_endpoint, json_object
from signoff.bot.emulator.delivery.delivery import Delivery
from signoff.bot.emulator.delivery.socket_mode import SocketMode
from signoff.bot.emulator.events.events_api import EventsApi
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.faults import Faults
from signoff.bot.emulator.web_api.routes import WebApi
from signoff.bot.emulator.workspace.directory import TEAM_ID, Conversation
from signoff.bot.emulator.workspace.workspace import Workspace


class Administration:
    """Serves `/control/…` for administrators and tests."""

    def __init__(
        self,
        workspace: Workspace,
        faults: Faults,
        web_api: WebApi,
        delivery: Delivery,
        socket_mode: SocketMode,
        events_api: EventsApi,
    ) -> None:
        self._workspace = workspace
        self._faults = faults
        self._web_api = web_api
        self._delivery = delivery
        self._socket_mode = socket_mode
        self._events_api = events_api

    def routes(self) -> Sequence[BaseRoute]:
        """The routes for administrators and tests."""
        actions: dict[str, Callable[[Json], Json]] = {
            "archive": self._archive,
            "unarchive": self._unarchive,
            "rename": self._rename,
            "invite": self._invite,
            "remove": self._remove,
            "people": self._add_person,
            "profile": self._change_person,
            "channels": self._add_channel,
            "usergroups": self._add_group,
            "uninstall": self._uninstall,
            "install": self._install,
            "lost_acks": self._lose_acks,
        }
        return [
            Route("/calls", json_endpoint(self._calls)),
            Route("/deliveries", json_endpoint(self._deliveries)),
            Route("/events", json_endpoint(self._events)),
            Route("/faults", json_endpoint(self._inject_fault), methods=["POST"]),
            Route("/faults", json_endpoint(self._clear_faults), methods=["DELETE"]),
            Route("/held", json_endpoint(self._wait_until_held)),
            Route("/disconnect", json_endpoint(self._disconnect), methods=["POST"]),
            *(
                Route(f"/{name}", json_endpoint(_as_administrator(action)), methods=["POST"])
                for name, action in actions.items()
            ),
        ]

    async def _calls(self, _request: Request) -> list[Json]:
        return list(self._web_api.calls)

    async def _deliveries(self, _request: Request) -> list[Json]:
        return [ack.control_json() for ack in self._delivery.log]

    async def _events(self, request: Request) -> list[Json]:
        query = request.query_params
        found = await self._events_api.attempts(query.get("kind", ""), int(query.get("at_least", "0")))
        return [attempt.control_json() for attempt in found]

    async def _inject_fault(self, request: Request) -> Json:
        self._faults.inject(await json_object(request))
        return {"ok": True}

    async def _clear_faults(self, _request: Request) -> Json:
        self._faults.clear()
        return {"ok": True}

    async def _wait_until_held(self, _request: Request) -> Json:
        await self._faults.wait_until_held()
        return {"ok": True}

    async def _disconnect(self, request: Request) -> Json:
        body = await json_object(request)
        await self._socket_mode.disconnect(body.get("reason", "refresh_requested"))
        return {"ok": True}

    def _archive(self, body: Json) -> Json:
        return self._set_archived(body, is_archived=True)

    def _unarchive(self, body: Json) -> Json:
        return self._set_archived(body, is_archived=False)

    def _rename(self, body: Json) -> Json:
        channel = self._workspace.directory.conversation(body["channel"])
        name = body["name"].removeprefix("#")
        return {"channel": self._workspace.rename_channel(channel, name, by=self._administrator).control_json()}

    def _set_archived(self, body: Json, *, is_archived: bool) -> Json:
        conversation = self._workspace.directory.conversation(body["channel"])
        if conversation.is_archived == is_archived:
            raise SlackError("already_archived" if is_archived else "not_archived")
        changed = replace(conversation, is_archived=is_archived)
        return {"channel": self._workspace.put_conversation(changed, by=self._administrator).control_json()}

    def _invite(self, body: Json) -> Json:
        conversation, user = self._channel_and_user(body)
        return {"channel": self._workspace.add_member(conversation, user, by=self._administrator).control_json()}

    def _remove(self, body: Json) -> Json:
        conversation, user = self._channel_and_user(body)
        return {"channel": self._workspace.remove_member(conversation, user, by=self._administrator).control_json()}

    def _channel_and_user(self, body: Json) -> tuple[Conversation, str]:
        directory = self._workspace.directory
        return directory.conversation(body["channel"]), directory.person(body["user"]).id

    def _add_person(self, body: Json) -> Json:
        name = body["name"]
        user = self._workspace.add_person(
            name,
            body.get("real_name", name.title()),
            body.get("email", f"{name}@example.com"),
            team=body.get("team", TEAM_ID),
        )
        return {"person": user.control_json()}

    def _change_person(self, body: Json) -> Json:
        user = self._workspace.directory.person(body["user"])
        changed = {name: value for name, value in body.items() if name != "user"}
        return {"person": self._workspace.change_person(user, **changed).control_json()}

    def _add_channel(self, body: Json) -> Json:
        directory = self._workspace.directory
        everyone = [user.id for user in directory.users.values() if not user.is_stranger]
        members = [directory.person(name).id for name in body["members"]] if "members" in body else everyone
        channel = self._workspace.add_channel(
            body["name"],
            is_private=bool(body.get("is_private") or body.get("is_mpim")),
            members=frozenset(members),
            is_mpim=bool(body.get("is_mpim")),
        )
        return {"channel": channel.control_json()}

    def _add_group(self, body: Json) -> Json:
        users = tuple(self._workspace.directory.person(name).id for name in body["users"])
        group = self._workspace.add_group(body["handle"], body.get("name", body["handle"].title()), users)
        return {"usergroup": group.slack_json(with_users=True)}

    def _uninstall(self, _body: Json) -> Json:
        self._workspace.uninstall()
        return {}

    def _install(self, _body: Json) -> Json:
        self._workspace.install()
        return {}

    def _lose_acks(self, body: Json) -> Json:
        self._delivery.lose_acks(body["kind"], int(body.get("times", 1)))
        return {}

    @property
    def _administrator(self) -> str:
        return self._workspace.directory.administrator.id


def _as_administrator(action: Callable[[Json], Json]) -> Callable[[Request], Awaitable[Json]]:
    async def endpoint(request: Request) -> Json:
        return {"ok": True, **action(await json_object(request))}

    return endpoint
