"""The containers of interactive elements, messages and views: their blocks, and what each person has entered in them.

"Container" is what Slack's payloads call the message or view in which a person acts.
"""

from dataclasses import dataclass
from typing import Protocol

from signoff.bot.emulator.blocks.walk import find_element
from signoff.bot.emulator.client import payloads
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.workspace.directory import User
from signoff.bot.emulator.workspace.messages import Message
from signoff.bot.emulator.workspace.state_values import initial_state, state_after_update
from signoff.bot.emulator.workspace.views import View
from signoff.bot.emulator.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Target:
    """The element that a person acts on, in the view `view_id` or in the message `ts` of `channel`."""

    action_id: str
    block_id: str | None = None
    view_id: str | None = None
    channel: str = ""
    ts: str = ""

    def found_in(self, blocks: list[Json]) -> tuple[Json, Json]:
        """Find the (block, element) among these blocks. Raises `action_not_found`."""
        if found := find_element(blocks, self.action_id, self.block_id):
            return found
        raise SlackError("action_not_found")


class Container(Protocol):
    """A message or view as one person sees it."""

    @property
    def blocks(self) -> list[Json]:
        """The blocks in it."""
        ...

    @property
    def state(self) -> Json:
        """What the person has entered so far, in the form of `state.values`."""
        ...

    def enter(self, state: Json) -> None:
        """Store what the person has entered."""
        ...

    def payload_fields(self) -> Json:
        """The fields of a payload that identify the container."""
        ...


class ViewContainer:
    """A modal or a home tab."""

    def __init__(self, workspace: Workspace, view: View) -> None:
        self._workspace = workspace
        self._view = view

    @property
    def blocks(self) -> list[Json]:
        """The blocks of the view."""
        return self._view.blocks

    @property
    def state(self) -> Json:
        """The view's state."""
        return self._view.state

    def enter(self, state: Json) -> None:
        """Store it with the view."""
        self._view = self._workspace.views.enter(self._view, state)

    def payload_fields(self) -> Json:
        """`container` and `view`."""
        return payloads.in_view(self._view)


EnteredValues = dict[tuple[str, str, str], tuple[list[Json], Json]]
"""By person, channel and ts: the blocks at that time, and the state that the person entered."""


class MessageContainer:
    """A message. Each person's client keeps what that person has chosen in it."""

    def __init__(self, workspace: Workspace, user: User, message: Message, entered: EnteredValues) -> None:
        self._workspace = workspace
        self._user = user
        self._message = message
        self._entered = entered
        self._key = (user.id, message.channel, message.ts)

    @property
    def blocks(self) -> list[Json]:
        """The text in the message."""
        return self._message.content.blocks or []

    @property
    def state(self) -> Json:
        """What the person has chosen, as far as it still fits the message."""
        if self._key in self._entered:
            old_blocks, state = self._entered[self._key]
            return state_after_update(self.blocks, state, old_blocks)
        return initial_state(self.blocks)

    def enter(self, state: Json) -> None:
        """Store it for this person."""
        if state:
            self._entered[self._key] = (self.blocks, state)

    def payload_fields(self) -> Json:
        """`container`, `channel`, `message`, `state` and a new `response_url`."""
        message = self._message
        return payloads.in_message(
            self._workspace.directory.conversation(message.channel),
            message,
            self._workspace.messages.slack_json(message),
            self.state,
            self._workspace.response_urls.issue(
                self._user.id, message.channel, message_ts=message.ts, thread_ts=message.thread_ts
            ),
        )


class Containers:
    """Finds the container of an element."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._entered: EnteredValues = {}

    def find(self, user: User, target: Target) -> Container:
        """The container of that element for this person. Raises `not_found` for a view and `message_not_found`."""
        if target.view_id is not None:
            return ViewContainer(self._workspace, self.view(user, target.view_id))
        message = self._workspace.visible_message(user.id, target.channel, target.ts)
        return MessageContainer(self._workspace, user, message, self._entered)

    def view(self, user: User, view_id: str) -> View:
        """A view that this person has open. Raises `not_found`."""
        view = self._workspace.views.get(view_id)
        if view.user != user.id:
            raise SlackError("not_found")
        return view

    def view_on_top(self, user: User, view_id: str) -> View:
        """The modal on top of this person's stack. Raises `not_found` or `not_on_top`."""
        view = self.view(user, view_id)
        stack = self._workspace.views.stack(user.id)
        if not stack or stack[-1].id != view.id:
            raise SlackError("not_on_top")
        return view
