"""The formats of JSON Schema that answers are checked against, with messages for people.

Any other format is only an annotation, as the standard says (https://json-schema.org/draft/2020-12).
"""

import base64
import ipaddress
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from pydantic import AnyUrl, TypeAdapter, validate_email

from signoff.flows.schema.json_schema import ZONE
from signoff.flows.schema.slack_ids import CHANNEL_ID, USER_ID

ASK_FOR_USER = "Enter the ID of a person in Slack, such as U024BE7LH."
ASK_FOR_CHANNEL = "Enter the ID of a channel in Slack, such as C024BE91L."

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_URL: TypeAdapter[AnyUrl] = TypeAdapter(AnyUrl)
_DURATION: TypeAdapter[timedelta] = TypeAdapter(timedelta)
_ASK = {
    ("date-time", "none"): "Enter a date and a time without a time zone, such as 2026-01-31T14:30:00.",
    ("date-time", "required"): "Enter a date and a time with their time zone, such as 2026-01-31T14:30:00Z.",
    ("time", "none"): "Enter a time of day without a time zone, such as 14:30:00.",
    ("time", "required"): "Enter a time of day with its time zone, such as 14:30:00Z.",
}


@dataclass(frozen=True, slots=True)
class _Format:
    """A format: a parser that raises ValueError, and the message for that case."""

    read: Callable[[str], Any]
    ask: str


def format_error(text: str, schema: Mapping[str, Any]) -> str | None:
    """The message for a text that does not have the format of `schema`; `None` if it has."""
    form = _FORMATS.get(str(schema.get("format")))
    if form is None:
        return None
    zone = schema.get(ZONE)
    ask = _ASK.get((str(schema["format"]), str(zone)), form.ask)
    try:
        read = form.read(text)
    except ValueError:
        return ask
    if isinstance(read, datetime | time) and zone in ("none", "required"):
        return None if (read.tzinfo is not None) == (zone == "required") else ask
    return None


def _day(text: str) -> date:
    return date.fromisoformat(text) if _DAY.fullmatch(text) else _refuse()


def _moment(text: str) -> datetime:
    # The zone is optional here, as in pydantic's `datetime` and Slack's pickers. The keyword `zone` can require one.
    return datetime.fromisoformat(text) if _DAY.match(text) and len(text) > len("2026-01-31") else _refuse()


def _time(text: str) -> time:
    return time.fromisoformat(text) if ":" in text else _refuse()


def _duration(text: str) -> timedelta:
    return _DURATION.validate_python(text) if text.lstrip("+-").startswith("P") else _refuse()


def _uuid(text: str) -> uuid.UUID:
    return uuid.UUID(text)


def _matching(pattern: re.Pattern[str]) -> Callable[[str], Any]:
    return lambda text: pattern.fullmatch(text) or _refuse()


def _refuse() -> Any:
    raise ValueError


_FORMATS = {
    "date": _Format(_day, "Enter a date such as 2026-01-31."),
    "date-time": _Format(_moment, "Enter a date and a time such as 2026-01-31T14:30:00Z."),
    "time": _Format(_time, "Enter a time of day such as 14:30:00."),
    "duration": _Format(_duration, "Enter a duration such as PT1H30M or P3D."),
    "email": _Format(validate_email, "Enter an e-mail address such as ana@example.com."),
    "idn-email": _Format(validate_email, "Enter an e-mail address such as ana@example.com."),
    "uri": _Format(_URL.validate_python, "Enter a URL such as https://example.com/page."),
    "uuid": _Format(_uuid, "Enter a UUID such as 123e4567-e89b-42d3-a456-426614174000."),
    "ipv4": _Format(ipaddress.IPv4Address, "Enter an IPv4 address such as 192.0.2.10."),
    "ipv6": _Format(ipaddress.IPv6Address, "Enter an IPv6 address such as 2001:db8::1."),
    "base64": _Format(lambda text: base64.b64decode(text, validate=True), "Enter the content in base64."),
    "base64url": _Format(lambda text: base64.b64decode(text, b"-_", validate=True), "Enter the content in base64."),
    "slack-user": _Format(_matching(USER_ID), ASK_FOR_USER),
    "slack-channel": _Format(_matching(CHANNEL_ID), ASK_FOR_CHANNEL),
}
