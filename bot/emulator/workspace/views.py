"""Each person's stack of open modals, and each person's home tab."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from signoff.bot.emulator.blocks.returned import returned
from signoff.bot.emulator.blocks.walk import with_ids
from signoff.bot.emulator.protocol import Json, SlackError, new_id
from signoff.bot.emulator.workspace.changes import HomeChanged, Notify, ViewsChanged
from signoff.bot.emulator.workspace.directory import APP_ID, BOT_ID, TEAM_ID
from signoff.bot.emulator.workspace.state_values import initial_state, state_after_update
from signoff.bot.emulator.workspace.timestamps import Timestamps

MAX_STACK_DEPTH = 3


@dataclass(frozen=True, slots=True)
class View:
    """A view of one person: what the app sent (`body`) and what the person has entered so far (`state`)."""

    id: str
    user: str
    body: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    state: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Json]:
        """The blocks, each with an id."""
        blocks: list[Json] = self.body["blocks"]
        return blocks

    def slack_json(self) -> Json:
        """The form in which `views.open` returns it and payloads contain it."""
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
            "type": self.body["type"],
            "callback_id": self.body.get("callback_id", ""),
            "external_id": self.body.get("external_id", ""),
            "private_metadata": self.body.get("private_metadata", ""),
            "title": self.body.get("title"),
            "submit": self.body.get("submit"),
            "close": self.body.get("close"),
            "clear_on_close": self.body.get("clear_on_close", False),
            "notify_on_close": self.body.get("notify_on_close", False),
            "blocks": self.blocks,
            "state": {"values": self.state},
            "hash": self.hash,
            "root_view_id": self.root_view_id,
            "previous_view_id": self.previous_view_id,
        }

    def control_json(self) -> Json:
        """The form in which the control API returns it."""
        return self.slack_json() | {"user": self.user, "errors": self.errors}


class Views:
    """All open modals and home tabs."""

    def __init__(self, timestamps: Timestamps, notify: Notify) -> None:
        self._timestamps = timestamps
        self._notify = notify
        self._stacks: defaultdict[str, list[View]] = defaultdict(list)
        self._homes: dict[str, View] = {}

    def stack(self, user: str) -> list[View]:
        """A person's open views, bottom first."""
        return list(self._stacks[user])

    def home(self, user: str) -> View | None:
        """The person's home tab, or None if the app has not published one."""
        return self._homes.get(user)

    def get(self, view_id: str) -> View:
        """Find an open view by id or external id. Raises `not_found`."""
        for view in self._all():
            if view_id in {view.id, view.body.get("external_id") or None}:
                return view
        raise SlackError("not_found")

    def open(self, user: str, body: Json) -> View:
        """Open a modal, which replaces all modals that the person had open."""
        self._stacks[user].clear()
        return self.push(user, body)

    def push(self, user: str, body: Json) -> View:
        """Push a view onto the person's stack. Raises `push_limit_reached` if there are three."""
        stack = self._stacks[user]
        if len(stack) >= MAX_STACK_DEPTH:
            raise SlackError("push_limit_reached")
        view = self._new(user, body, stack[-1] if stack else None)
        stack.append(view)
        self._stack_changed(user)
        return view

    def update(self, view: View, body: Json, *, expected_hash: str | None = None) -> View:
        """Replace the content of a view. Inputs that stay keep what was entered. Raises `hash_conflict`."""
        if expected_hash not in {None, view.hash}:
            raise SlackError("hash_conflict")
        body = self._completed(body, replaced=view)
        return self._replace(
            replace(
                view,
                body=body,
                hash=self._new_hash(),
                state=state_after_update(body["blocks"], view.state, view.blocks),
                errors={},
            )
        )

    def enter(self, view: View, state: Json) -> View:
        """Store what the person has entered."""
        return self._replace(replace(view, state=state, errors={}))

    def show_errors(self, view: View, errors: dict[str, str]) -> View:
        """Show the app's errors under the inputs."""
        return self._replace(replace(view, errors=errors))

    def close(self, view: View) -> None:
        """Close a view, which shows the one below it again."""
        self._stacks[view.user] = [other for other in self._stacks[view.user] if other.id != view.id]
        self._stack_changed(view.user)

    def clear(self, user: str) -> None:
        """Close all views of the person."""
        self._stacks[user].clear()
        self._stack_changed(user)

    def publish(self, user: str, body: Json, *, expected_hash: str | None = None) -> View:
        """Set a person's home tab. Raises `hash_conflict`."""
        old = self._homes.get(user)
        if old is None:
            return self._replace(self._new(user, body, None))
        return self.update(old, body, expected_hash=expected_hash)

    def _stack_changed(self, user: str) -> None:
        self._notify(ViewsChanged(user, [view.control_json() for view in self._stacks[user]]))

    def _all(self) -> Iterator[View]:
        for stack in self._stacks.values():
            yield from stack
        yield from self._homes.values()

    def _new(self, user: str, body: Json, below: View | None) -> View:
        view_id = new_id("V")
        body = self._completed(body)
        return View(
            id=view_id,
            user=user,
            body=body,
            hash=self._new_hash(),
            root_view_id=below.root_view_id if below else view_id,
            previous_view_id=below.id if below else None,
            state=initial_state(body["blocks"]),
        )

    def _replace(self, view: View) -> View:
        if view.body["type"] == "home":
            self._homes[view.user] = view
            self._notify(HomeChanged(view.user, view.control_json()))
            return view
        stack = self._stacks[view.user]
        for index, open_view in enumerate(stack):
            if open_view.id == view.id:
                stack[index] = view
                self._stack_changed(view.user)
                return view
        raise SlackError("not_found")

    def _completed(self, body: Json, replaced: View | None = None) -> Json:
        external_id = body.get("external_id")
        if external_id and any(
            view.body.get("external_id") == external_id and (replaced is None or view.id != replaced.id)
            for view in self._all()
        ):
            raise SlackError("duplicate_external_id")
        completed: dict[str, Any] = returned(body | {"blocks": with_ids(body["blocks"])})
        return completed

    def _new_hash(self) -> str:
        return f"{self._timestamps.next()}.{new_id('')[:8].lower()}"
