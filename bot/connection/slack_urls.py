"""Which URLs belong to Slack. A URL in a payload or a response is used only if it does."""

import re
from typing import TypeGuard
from urllib.parse import urlsplit

_FILE_HOSTS = (".slack.com", ".slack-gov.com")
_RESPONSE_URL = re.compile(r"https://hooks\.slack(?:-gov)?\.com/[!-~]*")


def is_of_slack(url: str, api_url: str) -> bool:
    """Whether the bot's token may be sent to `url`: only to Slack's own hosts, and to the host of the Web API."""
    try:
        target, api = urlsplit(url), urlsplit(api_url)
        if (target.scheme, target.hostname, target.port) == (api.scheme, api.hostname, api.port):
            return True
        return target.scheme == "https" and target.port in (None, 443) and str(target.hostname).endswith(_FILE_HOSTS)
    except ValueError:
        return False


def is_response_url(url: object, api_url: str) -> TypeGuard[str]:
    """Whether `url` can be the `response_url` of a payload: it is Slack's, or that of the emulator at `api_url`.

    Compared as text, because URL parsers disagree about where the host of an odd URL ends.
    """
    if not isinstance(url, str):
        return False
    api = urlsplit(api_url)
    own = re.compile(rf"{re.escape(f'{api.scheme}://{api.netloc}')}/[!-~]*")
    return bool(_RESPONSE_URL.fullmatch(url) or own.fullmatch(url))
