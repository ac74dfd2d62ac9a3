"""Downloads files that were uploaded to Slack."""

import urllib.request
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.bot.blockkit.markup import plain
from signoff.bot.connection.slack_urls import is_of_slack
from signoff.bot.connection.web_client import CALL_TIMEOUT, CONNECTION_ERRORS, name_of, opener_for
from signoff.bot.forms.elements.files import Claim, Content
from signoff.flows.schema.files import MAX_BYTES, format_size


class FileUnavailable(Exception):
    """The file could not be downloaded. The message says why, and what to do."""


def fetch(client: WebClient, claim: Claim) -> Content:
    """The file behind a claim. Of the payload only the id is trusted; Slack is asked for the rest.

    Raises:
        FileUnavailable: If the file is too large or was deleted, or if Slack does not send it.
    """
    name = plain(claim.name, 80)
    try:
        file = client.files_info(file=claim.id)["file"]
        url, size = str(file["url_private_download"]), int(file["size"])
        if size > MAX_BYTES:
            raise FileUnavailable(f"“{name}” is {format_size(size)}. The limit is {format_size(MAX_BYTES)}.")
        if not is_of_slack(url, client.base_url):
            raise FileUnavailable(f"“{name}” is stored outside of Slack. Upload the file itself.")
        data = _download(url, str(client.token), size)
    except SlackApiError as error:
        raise FileUnavailable(
            f"Slack did not send “{name}” ({name_of(error)}). Submit again, or upload the file again."
        ) from error
    except (KeyError, ValueError) as error:
        raise FileUnavailable(f"Slack did not say where “{name}” is stored. Upload the file again.") from error
    except CONNECTION_ERRORS as error:
        raise FileUnavailable(f"Slack did not send “{name}”. Submit again in a moment.") from error
    if len(data) != size:
        # A token without the scope files:read gets a sign-in page, with status 200.
        raise FileUnavailable(f"Slack sent something other than “{name}”. The app needs the scope files:read.")
    return Content(str(file.get("name") or claim.name), str(file.get("mimetype") or ""), data)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirects, because the token would be sent along."""

    def redirect_request(self, req: urllib.request.Request, *_: Any, **__: Any) -> None:
        """Return no request."""


def _download(url: str, token: str, size: int) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - checked before
    try:
        with opener_for(url, _NoRedirects()).open(request, timeout=CALL_TIMEOUT) as response:
            return bytes(response.read(size + 1))
    except HTTPError as error:
        with error:
            if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            return b""
