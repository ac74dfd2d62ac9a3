"""Where people act: in a message, or in a view. What stands there, and what each person has entered there."""

from dataclasses import dataclass
from typing import Protocol

from signoff.bot.emulator.blocks.walk import find_element
from signoff.bot.emulator.client import payloads
from signoff.bot.emulator.wire import Json, SlackError
from signoff.bot.emulator.workspace.directory import User
from signoff.bot.emulator.workspace.messages import Message
from signoff.bot.emulator.workspace.state_values import initial_state, kept_state
from signoff.bot.emulator.workspace.views import View
from signoff.bot.emulator.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Target:
    """The element that somebody acts on: in the view `view_id`, or else in the message `ts` of `channel`."""

    action_id: str
    block_id: str | None = None
    view_id: str | None = None
    channel: str = ""
    ts: str = ""

    def found_in(self, blocks: list[Json]) -> tuple[Json, Json]:
        """The (block, element). Raises `action_not_found`."""
        if found := find_element(blocks, self.action_id, self.block_id):
            return found
        raise SlackError("action_not_found")


class Place(Protocol):
    """One message or view, as one person has it before them."""

    @property
    def blocks(self) -> list[Json]:
        """What stands there."""
        ...

    @property
    def state(self) -> Json:
        """What the person has entered there so far, as `state.values`."""
        ...

    def enter(self, state: Json) -> None:
        """Record what the person has entered."""
        ...

    def source(self) -> Json:
        """The part of a payload that says where it comes from."""
        ...


class InView:
    """A modal or a home tab."""

    def __init__(self, workspace: Workspace, view: View) -> None:
        self._workspace = workspace
        self._view = view

    @property
    def blocks(self) -> list[Json]:
        """What stands in the view."""
        return self._view.blocks

    @property
    def state(self) -> Json:
        """What is entered in the view."""
        return self._view.state

    def enter(self, state: Json) -> None:
        """Keep it with the view."""
        self._view = self._workspace.views.enter(self._view, state)

    def source(self) -> Json:
        """Container and view."""
        return payloads.in_view(self._view)


Chosen = dict[tuple[str, str, str], tuple[list[Json], Json]]
"""By person, channel and ts: the blocks that were there, and what was chosen in them."""


class InMessage:
    """A message. What people choose in it is kept by their clients, each for themselves."""

    def __init__(self, workspace: Workspace, user: User, message: Message, chosen: Chosen) -> None:
        self._workspace = workspace
        self._user = user
        self._message = message
        self._chosen = chosen
        self._key = (user.id, message.channel, message.ts)

    @property
    def blocks(self) -> list[Json]:
        """What stands in the message."""
        return self._message.content.blocks or []

    @property
    def state(self) -> Json:
        """What the person has chosen, as far as the message still has it."""
        if self._key in self._chosen:
            old_blocks, state = self._chosen[self._key]
            return kept_state(self.blocks, state, old_blocks)
        return initial_state(self.blocks)

    def enter(self, state: Json) -> None:
        """Keep it for this person."""
        if state:
            self._chosen[self._key] = (self.blocks, state)

    def source(self) -> Json:
        """Container, channel, message, state, and a fresh response URL."""
        message = self._message
        return payloads.in_message(
            self._workspace.directory.conversation(message.channel),
            message,
            self._workspace.messages.wire(message),
            self.state,
            self._workspace.response_urls.issue(
                self._user.id, message.channel, message_ts=message.ts, thread_ts=message.thread_ts
            ),
        )


class Places:
    """Finds places."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._chosen: Chosen = {}

    def of(self, user: User, target: Target) -> Place:
        """Where that element is, for this person. Raises `not_found` for a view and `message_not_found`."""
        if target.view_id is not None:
            return InView(self._workspace, self.view(user, target.view_id))
        message = self._workspace.visible_message(user.id, target.channel, target.ts)
        return InMessage(self._workspace, user, message, self._chosen)

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
