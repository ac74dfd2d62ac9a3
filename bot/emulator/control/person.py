"""Acting as a person from Python, over the control API."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from websockets.sync.client import connect

from signoff.bot.emulator.control.http_client import REQUEST_TIMEOUT, HttpClient
from signoff.bot.emulator.control.seen import Home, Modal, SeenMessage
from signoff.bot.emulator.wire import Json

T = TypeVar("T")


class Person:
    """One person, who sees what Slack would show them and acts on it."""

    def __init__(self, client: HttpClient, user_id: str, name: str) -> None:
        self._client = client
        self.id = user_id
        self.name = name

    def sees(self, channel: str) -> list[SeenMessage]:
        """The messages that this person sees there, oldest first, replies and ephemeral ones among them.

        `@signoff` is the direct messages with the app.
        """
        listed = self._client.get("messages", channel=channel, **{"as": self.id})["messages"]
        return [SeenMessage(message) for message in listed]

    @property
    def modal(self) -> Modal | None:
        """The modal on top, if one is open."""
        views = self._client.get("views", **{"as": self.id})["views"]
        return Modal(views[-1]) if views else None

    def press(
        self,
        label: str,
        in_: str | None = None,
        *,
        message: SeenMessage | None = None,
        home: Home | None = None,
        value: Json | None = None,
    ) -> Json:
        """Press the button, or change the select, with that text or action id.

        It is looked for in `message` or `home`, else in the newest message of channel `in_` that has it, else in the
        open modal.
        `value` is the state value object for anything but a button. Gives the control API's answer; raises `ActFailed`
        when the app did not take it and LookupError when there is nothing to press.
        """
        if message is None and in_ is None:
            view = home or self._open_modal()
            place: Json = {"view_id": view.id}
            element = view.element(label)
        else:
            message = message or self._newest_with(label, in_ or "")
            place = {"channel": message.channel, "ts": message.ts}
            element = message.element(label)
        if element is None:
            raise LookupError(f"There is nothing to press called {label!r}.")
        pressed = {"action_id": element.action_id, "block_id": element.block_id, "value": value}
        return self._act("press", **place, **pressed)

    def submit(self, values: Mapping[str, Any] | None = None) -> Json:
        """Submit the open modal with values by label (text, number, True, option, list of options) or block id."""
        return self._act("submit", view_id=self._open_modal().id, values=dict(values or {}))

    def close(self) -> Json:
        """Close the open modal."""
        return self._act("close", view_id=self._open_modal().id)

    def command(self, text: str, in_: str = "#general") -> Json:
        """Type a slash command."""
        return self._act("command", channel=in_, text=text)

    def say(self, text: str, in_: str = "#general", *, thread_ts: str | None = None) -> SeenMessage:
        """Post a message, in a thread if one is named."""
        said = self._act("say", channel=in_, text=text, thread_ts=thread_ts)
        return SeenMessage(said["message"])

    def edit(self, message: SeenMessage, text: str) -> SeenMessage:
        """Change one of this person's messages."""
        edited = self._act("edit", channel=message.channel, ts=message.ts, text=text)
        return SeenMessage(edited["message"])

    def delete(self, message: SeenMessage) -> None:
        """Delete one of this person's messages; an administrator (Ana is one) may delete any."""
        self._act("delete", channel=message.channel, ts=message.ts)

    def join(self, channel: str) -> None:
        """Become a member of a public channel."""
        self._act("join", channel=channel)

    def leave(self, channel: str) -> None:
        """Leave a channel."""
        self._act("leave", channel=channel)

    def open_home(self, tab: str | None = None) -> None:
        """Open the app's home, at its tab `home` or `messages`; the first one that it has by default."""
        self._act("open_home", tab=tab)

    @property
    def home(self) -> Home | None:
        """The home tab that the app published for this person, if it did."""
        view = self._client.get("home", **{"as": self.id})["view"]
        return Home(view) if view else None

    def wait_for_home(self, wanted: str = "", *, timeout: float = REQUEST_TIMEOUT) -> Home:
        """The home tab, as soon as one is published that contains this text."""

        def find() -> Home | None:
            home = self.home
            return home if home and wanted in home.full_text else None

        return self.wait_until(find, what="the home tab", timeout=timeout)

    def wait_for_message(
        self,
        channel: str,
        wanted: str | Callable[[SeenMessage], bool] = "",
        *,
        timeout: float = REQUEST_TIMEOUT,
    ) -> SeenMessage:
        """The newest message there that contains this text or satisfies this condition, as soon as there is one."""

        def find() -> SeenMessage | None:
            matching = [
                message
                for message in self.sees(channel)
                if (wanted in message.full_text if isinstance(wanted, str) else wanted(message))
            ]
            return matching[-1] if matching else None

        return self.wait_until(find, what=f"a message in {channel}", timeout=timeout)

    def wait_for_modal(self, wanted: str | Callable[[Modal], bool] = "", *, timeout: float = REQUEST_TIMEOUT) -> Modal:
        """The open modal, as soon as one is open that contains this text or satisfies this condition."""

        def find() -> Modal | None:
            modal = self.modal
            if modal is None:
                return None
            fits = wanted in modal.full_text if isinstance(wanted, str) else wanted(modal)
            return modal if fits else None

        return self.wait_until(find, what="a modal", timeout=timeout)

    def wait_until_no_modal(self, *, timeout: float = REQUEST_TIMEOUT) -> None:
        """Returns as soon as no modal is open."""
        self.wait_until(lambda: self.modal is None or None, what="the modal to close", timeout=timeout)

    def wait_until(self, find: Callable[[], T | None], *, what: str = "it", timeout: float = REQUEST_TIMEOUT) -> T:
        """What `find` gives as soon as it gives something; it is tried again after each change this person sees.

        Raises TimeoutError after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        with self._changes() as next_change:
            while True:
                if (found := find()) is not None:
                    return found
                try:
                    next_change(deadline - time.monotonic())
                except TimeoutError:
                    raise TimeoutError(f"{self.name} waited {timeout:g} s for {what}") from None

    @contextmanager
    def _changes(self) -> Iterator[Callable[[float], None]]:
        address = f"{self._client.url.replace('http', 'ws', 1)}/control/live?as={self.id}"
        with connect(address, proxy=None, compression=None) as live:
            live.recv()  # hello: from here on no change is missed

            def next_change(seconds: float) -> None:
                live.recv(timeout=max(seconds, 0))
                with suppress(TimeoutError):  # many changes at once are worth one look
                    while True:
                        live.recv(timeout=0)

            yield next_change

    def _act(self, act: str, **body: Any) -> Json:
        return self._client.post(act, **{"as": self.id}, **body)

    def _open_modal(self) -> Modal:
        modal = self.modal
        if modal is None:
            raise LookupError(f"{self.name} has no modal open.")
        return modal

    def _newest_with(self, label: str, channel: str) -> SeenMessage:
        seen = self.sees(channel)
        for message in reversed(seen):
            if message.element(label):
                return message
        offered = sorted({text for message in seen for text in message.buttons})
        raise LookupError(f"There is nothing to press called {label!r} in {channel}, only {offered}.")
