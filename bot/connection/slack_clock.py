"""Compares this machine's clock with Slack's, which its responses tell."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from slack_sdk.web import SlackResponse

from signoff.store.clock import describe


def skew_to_slack(answer: SlackResponse) -> timedelta | None:
    """How far this machine's clock is ahead of Slack's, to a second; `None` if the response does not tell."""
    headers: Mapping[str, str] = answer.headers
    told = next((value for name, value in headers.items() if name.lower() == "date"), None)
    try:
        at = parsedate_to_datetime(told or "")
    except ValueError:
        return None
    return datetime.fromtimestamp(time.time(), UTC) - at.replace(tzinfo=at.tzinfo or UTC)


def skew_message(skew: timedelta) -> str:
    """What is wrong with the clock, and what to do, for an operator."""
    return (
        f"This machine's clock is {describe(skew)} Slack's. Beyond 5 minutes, nothing that Slack sends by HTTP can be "
        "verified. Set this machine's clock, by NTP for instance."
    )
