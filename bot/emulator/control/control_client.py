"""A Python client for the control API: people, channels, injected faults and logs."""

from collections.abc import Sequence
from typing import Any

from signoff.bot.emulator.control.http_client import HttpClient
from signoff.bot.emulator.control.person import Person
from signoff.bot.emulator.protocol import Json


class ControlClient(HttpClient):
    """A client for the control API of the workspace at `url`."""

    def person(self, reference: str) -> Person:
        """Find a person to act as, by `ana`, `@ana`, an id or a full name. Raises LookupError."""
        wanted = reference.removeprefix("@")
        for person in self.get("workspace")["people"]:
            if wanted in {person["id"], person["name"], person["real_name"]}:
                return Person(self, person["id"], person["name"])
        raise LookupError(f"There is no person {reference!r} in the workspace.")

    def add_person(self, name: str, **details: str) -> Person:
        """Add a person, who joins every public channel; one of another workspace, the id `team`, joins none."""
        return self.person(self.post("people", name=name, **details)["person"]["id"])

    def add_channel(self, name: str, **details: Any) -> str:
        """Add a channel and return its id. Without `members`, everybody and the app are members."""
        channel: str = self.post("channels", name=name.removeprefix("#"), **details)["channel"]["id"]
        return channel

    def change_person(self, reference: str, **changed: Any) -> None:
        """Change a person's `name`, `real_name`, `title` or `email`, or deactivate the account with `deleted=True`."""
        self.post("profile", user=reference, **changed)

    def archive(self, channel: str) -> None:
        """Archive a channel."""
        self.post("archive", channel=channel)

    def unarchive(self, channel: str) -> None:
        """Unarchive a channel."""
        self.post("unarchive", channel=channel)

    def rename(self, channel: str, name: str) -> None:
        """Give a channel another name."""
        self.post("rename", channel=channel, name=name)

    def invite(self, reference: str, channel: str) -> None:
        """Add a person, or the app (`@signoff`), to a channel."""
        self.post("invite", user=reference, channel=channel)

    def remove(self, reference: str, channel: str) -> None:
        """Remove a person, or the app, from a channel."""
        self.post("remove", user=reference, channel=channel)

    def set_user_group(self, handle: str, users: Sequence[str], **details: str) -> None:
        """Add a user group, or change the people and the `name` of an existing one."""
        self.post("usergroups", handle=handle.removeprefix("@"), users=list(users), **details)

    def uninstall(self) -> None:
        """Uninstall the app. Calls with its token then fail with `account_inactive`."""
        self.post("uninstall")

    def install(self) -> None:
        """Install the app again, with the same tokens."""
        self.post("install")

    def inject_fault(self, method: str, **fault: Any) -> None:
        """Make the next calls of a Web API method fail: `error="ratelimited", times=2`, for example.

        `per_minute=20` limits the rate of the method instead, as Slack's tiers do.
        """
        self.post("faults", method=method, **fault)

    def wait_until_held(self) -> None:
        """Return as soon as a call is held by a fault with `hold="before"` or `hold="after"`."""
        self.get("held")

    def lose_acks(self, kind: str = "event_callback", times: int = 1) -> None:
        """Discard the app's next acks: of events, of one type or subtype, or of interactions. Slack sees a timeout."""
        self.post("lost_acks", kind=kind, times=times)

    def clear_faults(self) -> None:
        """Remove all injected faults."""
        self.delete("faults")

    def calls(self, method: str | None = None) -> list[Json]:
        """The Web API calls so far, oldest first."""
        return [call for call in self.get("calls") if method in {None, call["method"]}]

    def deliveries(self) -> list[Json]:
        """The interactions that the app was sent so far, with their acks, oldest first."""
        delivered: list[Json] = self.get("deliveries")
        return delivered

    def events(self, kind: str = "", *, at_least: int = 0) -> list[Json]:
        """The attempts to send an event so far, oldest first. `kind` selects a type or subtype.

        Waits up to 30 seconds until there are `at_least` that many.
        """
        attempts: list[Json] = self.get("events", kind=kind, at_least=str(at_least))
        return attempts
