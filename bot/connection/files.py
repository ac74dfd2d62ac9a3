"""The content of a file that was uploaded to Slack."""

import urllib.request
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.bot.blockkit.markup import plain
from signoff.bot.connection.web_client import CALL_TIMEOUT, NO_ANSWER, name_of
from signoff.bot.forms.elements.files import Claim, Content
from signoff.flows.schema.files import MAX_BYTES, format_size

_HOSTS = (".slack.com", ".slack-gov.com")


class Unfetched(Exception):
    """The content could not be had. The message says why, and what to do."""


def fetch(client: WebClient, claim: Claim) -> Content:
    """The file behind a claim, as Slack itself describes it: of the payload only the id is believed.

    Raises:
        Unfetched: It is too large, it is gone, or Slack does not hand it out.
    """
    name = plain(claim.name, 80)
    try:
        file = client.files_info(file=claim.id)["file"]
        url, size = str(file["url_private_download"]), int(file["size"])
        if size > MAX_BYTES:
            raise Unfetched(f"“{name}” has {format_size(size)}; at most {format_size(MAX_BYTES)} can be taken.")
        if not is_of_slack(url, client.base_url):
            raise Unfetched(f"“{name}” is kept outside of Slack: upload the file itself.")
        data = _download(url, str(client.token), size)
    except SlackApiError as error:
        raise Unfetched(
            f"Slack does not hand out “{name}” ({name_of(error)}). Submit again, or upload it again."
        ) from error
    except (KeyError, ValueError) as error:
        raise Unfetched(f"Slack does not say where “{name}” is. Upload it again.") from error
    except NO_ANSWER as error:
        raise Unfetched(f"Slack did not hand over “{name}”. Submit again in a moment.") from error
    if len(data) != size:
        # A token without the scope files:read gets a page to sign in, with the status of a success.
        raise Unfetched(f"Slack handed over something else than “{name}”: the app needs the scope files:read.")
    return Content(str(file.get("name") or claim.name), str(file.get("mimetype") or ""), data)


def is_of_slack(url: str, api_url: str) -> bool:
    """Whether the bot's token may be sent there: to Slack's own hosts, or to where its Web API is."""
    try:
        asked, api = urlsplit(url), urlsplit(api_url)
        if (asked.scheme, asked.hostname, asked.port) == (api.scheme, api.hostname, api.port):
            return True
        return asked.scheme == "https" and asked.port in (None, 443) and str(asked.hostname).endswith(_HOSTS)
    except ValueError:
        return False


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, which would take the token along."""

    def redirect_request(self, req: urllib.request.Request, *_: Any, **__: Any) -> None:
        """No request."""


def _download(url: str, token: str, size: int) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - checked before
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=CALL_TIMEOUT) as response:
            return bytes(response.read(size + 1))
    except HTTPError as error:
        with error:
            if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            return b""
