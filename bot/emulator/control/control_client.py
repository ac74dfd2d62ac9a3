"""The control API from Python: people, channels, faults, and what was called and delivered."""

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

    def want_fault(self, method: str, **fault: Any) -> None:
        """Make the next calls of a Web API method fail, `error="ratelimited", times=2` say."""
        self.post("faults", method=method, **fault)

    def wait_until_held(self) -> None:
        """Returns as soon as a call is held, as a fault with `hold="before"` or `hold="after"` wants it."""
        self.get("held")

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
