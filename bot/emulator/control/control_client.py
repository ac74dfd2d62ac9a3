"""The control API from Python: people, channels, faults, and what was called and delivered."""

from collections.abc import Sequence
from typing import Any

from signoff.bot.emulator.control.http_client import HttpClient
from signoff.bot.emulator.control.person import Person
from signoff.bot.emulator.wire import Json


class ControlClient(HttpClient):
    """The control API of a workspace at that address."""

    def person(self, reference: str) -> Person:
        """A person to act as: `ana`, `@ana`, an id or a full name. Raises LookupError for nobody."""
        wanted = reference.removeprefix("@")
        for shown in self.get("workspace")["people"]:
            if wanted in {shown["id"], shown["name"], shown["real_name"]}:
                return Person(self, shown["id"], shown["name"])
        raise LookupError(f"There is nobody called {reference!r} in the workspace.")

    def add_person(self, name: str, **details: str) -> Person:
        """A further person of the workspace."""
        self.post("people", name=name, **details)
        return self.person(name)

    def add_channel(self, name: str, **details: Any) -> str:
        """A further channel; gives its id. Everybody is in it, the app too, unless `members` says otherwise."""
        channel: str = self.post("channels", name=name.removeprefix("#"), **details)["channel"]["id"]
        return channel

    def change_person(self, reference: str, **changed: Any) -> None:
        """Change somebody's `name`, `real_name`, `title` or `email`, or deactivate them with `deleted=True`."""
        self.post("profile", user=reference, **changed)

    def archive(self, channel: str) -> None:
        """Archive a channel."""
        self.post("archive", channel=channel)

    def unarchive(self, channel: str) -> None:
        """Open an archived channel again."""
        self.post("unarchive", channel=channel)

    def invite(self, reference: str, channel: str) -> None:
        """Make a person, or the app (`@signoff`), a member of a channel."""
        self.post("invite", user=reference, channel=channel)

    def remove(self, reference: str, channel: str) -> None:
        """Take a person, or the app, out of a channel."""
        self.post("remove", user=reference, channel=channel)

    def set_user_group(self, handle: str, users: Sequence[str], **details: str) -> None:
        """Add a user group, or give one other people or another `name`."""
        self.post("usergroups", handle=handle.removeprefix("@"), users=list(users), **details)

    def uninstall(self) -> None:
        """Remove the app: every call with its token fails with `account_inactive`."""
        self.post("uninstall")

    def install(self) -> None:
        """Install the app again, with the same tokens."""
        self.post("install")

    def want_fault(self, method: str, **fault: Any) -> None:
        """Make the next calls of a Web API method fail, `error="ratelimited", times=2` say."""
        self.post("faults", method=method, **fault)

    def wait_until_held(self) -> None:
        """Returns as soon as a call is held, as a fault with `hold="before"` or `hold="after"` wants it."""
        self.get("held")

    def lose_acks(self, kind: str = "event_callback", times: int = 1) -> None:
        """Have the app's next acks lost, of events or of another kind of payload: to Slack they came too late."""
        self.post("lost_acks", kind=kind, times=times)

    def clear_faults(self) -> None:
        """Let every call succeed again."""
        self.delete("faults")

    def calls(self, method: str | None = None) -> list[Json]:
        """The Web API calls so far, oldest first."""
        return [call for call in self.get("calls") if method in {None, call["method"]}]

    def deliveries(self) -> list[Json]:
        """What the app was sent so far and how it acked, oldest first."""
        delivered: list[Json] = self.get("deliveries")
        return delivered

    def events(self, kind: str = "", *, at_least: int = 0) -> list[Json]:
        """The attempts to send the app an event so far, of one type or subtype if named, oldest first.

        Waits until there are `at_least` so many, ten seconds at most.
        """
        attempts: list[Json] = self.get("events", kind=kind, at_least=str(at_least))
        return attempts
