"""The control API from Python, in this process or another."""

import json
from datetime import date, datetime
from datetime import time as clock_time
from typing import Any

import httpx

from signoff.bot.emulator.control.person import PATIENCE_SECONDS, Person
from signoff.bot.emulator.wire import Json


class ActFailed(Exception):
    """An act that the workspace refused, or that the app failed to take.

    `error` is its name (`invalid_input`, `operation_timeout`, …), `errors` what stands under the inputs, by block id.
    """

    def __init__(self, answer: Json) -> None:
        self.error: str = answer["error"]
        self.errors: dict[str, str] = answer.get("errors", {})
        self.answer = answer
        super().__init__(f"{self.error}: {answer.get('message') or self.errors or ''}".rstrip(": "))


class ControlClient:
    """The control API of a workspace at that address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/control", trust_env=False, timeout=PATIENCE_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def person(self, reference: str) -> Person:
        """A person to act as: `ana`, `@ana`, an id or a full name. Raises LookupError for nobody."""
        wanted = reference.removeprefix("@")
        for shown in self.get("workspace")["people"]:
            if wanted in {shown["id"], shown["name"], shown["real_name"]}:
                return Person(self, shown["id"], shown["name"])
        raise LookupError(f"There is nobody called {reference!r} in the workspace.")

    def get(self, path: str, **query: str) -> Any:
        """Read. Raises `ActFailed`."""
        return _answer(self._http.get(path, params=query))

    def post(self, path: str, **body: Any) -> Json:
        """Do. Raises `ActFailed` when it is refused or fails."""
        response = self._http.post(path, content=json.dumps(body, default=_plain))
        answer: Json = _answer(response)
        return answer

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
        _answer(self._http.delete("faults"))

    def calls(self, method: str | None = None) -> list[Json]:
        """The Web API calls so far, oldest first."""
        return [call for call in self.get("calls") if method in {None, call["method"]}]

    def deliveries(self) -> list[Json]:
        """What the app was sent so far and how it acked, oldest first."""
        delivered: list[Json] = self.get("deliveries")
        return delivered


def _answer(response: httpx.Response) -> Any:
    answer = response.json()
    if isinstance(answer, dict) and answer.get("ok") is False:
        raise ActFailed(answer)
    return answer


def _plain(value: Any) -> Any:
    """Dates and times as state value objects hold them."""
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, clock_time):
        return value.strftime("%H:%M")
    return list(value) if isinstance(value, (set, frozenset, tuple)) else str(value)
