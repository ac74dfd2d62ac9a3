"""A Python client that acts as a person, over the control API."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from websockets.sync.client import connect

from signoff.bot.emulator.control.http_client import REQUEST_TIMEOUT, HttpClient
from signoff.bot.emulator.control.visible import Home, Modal, VisibleMessage
from signoff.bot.emulator.protocol import Json

T = TypeVar("T")


class Person:
    """A person, who sees what Slack would show and acts on it."""

    def __init__(self, client: HttpClient, user_id: str, name: str) -> None:
        self._client = client
        self.id = user_id
        self.name = name

    def sees(self, channel: str) -> list[VisibleMessage]:
        """The messages that this person sees in a channel, including replies and ephemeral ones, oldest first.

        The channel `@signoff` is the direct messages with the app, `@ben` those with a person.
        """
        messages = self._client.get("messages", channel=channel, **{"as": self.id})["messages"]
        return [VisibleMessage(message) for message in messages]

    @property
    def modal(self) -> Modal | None:
        """The top modal, or None if none is open."""
        views = self._client.get("views", **{"as": self.id})["views"]
        return Modal(views[-1]) if views else None

    def press(
        self,
        label: str,
        in_: str | None = None,
        *,
        message: VisibleMessage | None = None,
        home: Home | None = None,
        value: Json | None = None,
    ) -> Json:
        """Press the button, or change the element, with that text or action id.

        It is looked up in `message` or `home`, or in the newest message of channel `in_` that has it, or in the open
        modal. `value` is the state value object for an element other than a button. Returns the control API's response.
        Raises `ActionFailed` if the app failed, and LookupError if there is no such element.
        """
        if message is None and in_ is None:
            view = home or self._open_modal()
            shown: Home | Modal | VisibleMessage = view
            container: Json = {"view_id": view.id}
        else:
            shown = message = message or self._newest_with(label, in_ or "")
            container = {"channel": message.channel, "ts": message.ts}
        element = shown.element(label)
        if element is None:
            raise LookupError(f"There is no element {label!r} to press.")
        return self._act("press", **container, **shown.reference(element), value=value)

    def submit(self, values: Mapping[str, Any] | None = None) -> Json:
        """Submit the open modal with values by label (text, number, True, option, list of options) or by block id."""
        return self._act("submit", view_id=self._open_modal().id, values=dict(values or {}))

    def close(self) -> Json:
        """Close the open modal."""
        return self._act("close", view_id=self._open_modal().id)

    def command(self, text: str, in_: str = "#general") -> Json:
        """Type a slash command."""
        return self._act("command", channel=in_, text=text)

    def shortcut(self, callback_id: str, *, message: VisibleMessage | None = None) -> Json:
        """Choose one of the app's shortcuts: in the menu of a message, or without one a global one."""
        place = {} if message is None else {"channel": message.channel, "ts": message.ts}
        return self._act("shortcut", callback_id=callback_id, **place)

    def say(self, text: str, in_: str = "#general", *, thread_ts: str | None = None) -> VisibleMessage:
        """Post a message, in a thread if `thread_ts` is given."""
        posted = self._act("say", channel=in_, text=text, thread_ts=thread_ts)
        return VisibleMessage(posted["message"])

    def edit(self, message: VisibleMessage, text: str) -> VisibleMessage:
        """Edit one of this person's messages."""
        edited = self._act("edit", channel=message.channel, ts=message.ts, text=text)
        return VisibleMessage(edited["message"])

    def delete(self, message: VisibleMessage) -> None:
        """Delete one of this person's messages. An administrator, such as Ana, can delete any message."""
        self._act("delete", channel=message.channel, ts=message.ts)

    def react(self, message: VisibleMessage, name: str) -> VisibleMessage:
        """Add an emoji to a message, by its name, such as `thumbsup`."""
        reacted = self._act("react", channel=message.channel, ts=message.ts, name=name)
        return VisibleMessage(reacted["message"])

    def unreact(self, message: VisibleMessage, name: str) -> VisibleMessage:
        """Remove an emoji that this person added to a message."""
        reacted = self._act("unreact", channel=message.channel, ts=message.ts, name=name)
        return VisibleMessage(reacted["message"])

    def join(self, channel: str) -> None:
        """Join a public channel."""
        self._act("join", channel=channel)

    def leave(self, channel: str) -> None:
        """Leave a channel."""
        self._act("leave", channel=channel)

    def open_home(self, tab: str | None = None) -> None:
        """Open the app's home at the tab `home` or `messages`. By default it is the first tab that the app has."""
        self._act("open_home", tab=tab)

    @property
    def home(self) -> Home | None:
        """The home tab that the app has published for this person, or None."""
        view = self._client.get("home", **{"as": self.id})["view"]
        return Home(view) if view else None

    def wait_for_home(self, wanted: str = "", *, timeout: float = REQUEST_TIMEOUT) -> Home:
        """Wait for a home tab that contains this text."""

        def find() -> Home | None:
            home = self.home
            return home if home and wanted in home.full_text else None

        return self.wait_until(find, what="the home tab", timeout=timeout)

    def wait_for_message(
        self,
        channel: str,
        wanted: str | Callable[[VisibleMessage], bool] = "",
        *,
        timeout: float = REQUEST_TIMEOUT,
    ) -> VisibleMessage:
        """Wait for a message that contains this text or satisfies this condition; return the newest one."""

        def find() -> VisibleMessage | None:
            matching = [
                message
                for message in self.sees(channel)
                if (wanted in message.full_text if isinstance(wanted, str) else wanted(message))
            ]
            return matching[-1] if matching else None

        return self.wait_until(find, what=f"a message in {channel}", timeout=timeout)

    def wait_for_modal(self, wanted: str | Callable[[Modal], bool] = "", *, timeout: float = REQUEST_TIMEOUT) -> Modal:
        """Wait for an open modal that contains this text or satisfies this condition."""

        def find() -> Modal | None:
            modal = self.modal
            if modal is None:
                return None
            matches = wanted in modal.full_text if isinstance(wanted, str) else wanted(modal)
            return modal if matches else None

        return self.wait_until(find, what="a modal", timeout=timeout)

    def wait_until_no_modal(self, *, timeout: float = REQUEST_TIMEOUT) -> None:
        """Wait until no modal is open."""
        self.wait_until(lambda: self.modal is None, what="the modal to close", timeout=timeout)

    def wait_until(self, find: Callable[[], T | None], *, what: str = "it", timeout: float = REQUEST_TIMEOUT) -> T:
        """Wait until `find` returns something true, and return that. It is called after each change that they see.

        Raises TimeoutError after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        # Often it is there already, and to listen for changes takes a connection.
        if found := find():
            return found
        with self._changes() as next_change:
            while True:
                if found := find():
                    return found
                try:
                    next_change(deadline - time.monotonic())
                except TimeoutError:
                    raise TimeoutError(f"{self.name} waited {timeout:g} s for {what}") from None

    @contextmanager
    def _changes(self) -> Iterator[Callable[[float], None]]:
        address = f"{self._client.url.replace('http', 'ws', 1)}/control/updates?as={self.id}"
        with connect(address, proxy=None, compression=None, max_size=None) as updates:
            updates.recv()  # hello: from here on no change is missed

            def next_change(seconds: float) -> None:
                updates.recv(timeout=max(seconds, 0))
                with suppress(TimeoutError):  # one call of `find` is enough for several changes
                    while True:
                        updates.recv(timeout=0)

            yield next_change

    def _act(self, action: str, **body: Any) -> Json:
        return self._client.post(action, **{"as": self.id}, **body)

    def _open_modal(self) -> Modal:
        modal = self.modal
        if modal is None:
            raise LookupError(f"{self.name} has no modal open.")
        return modal

    def _newest_with(self, label: str, channel: str) -> VisibleMessage:
        messages = self.sees(channel)
        for message in reversed(messages):
            if message.element(label):
                return message
        buttons = sorted({text for message in messages for text in message.buttons})
        raise LookupError(f"There is no element {label!r} to press in {channel}. The buttons are: {buttons}.")
