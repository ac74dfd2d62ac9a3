"""The signature of Slack's requests: https://docs.slack.dev/authentication/verifying-requests-from-slack.

Bolt has a verifier of its own. It is not used, because it raises on headers that it cannot read, logs the body, and
runs only after the body has been parsed.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

MAX_AGE = 300.0
"""Seconds by which the timestamp of a request may differ from this machine's clock."""

_TIMESTAMP = re.compile(rb"[0-9]{1,12}")
_DIGEST = re.compile(rb"v0=[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Signature:
    """What the headers of a request claim. Nothing in the request may be used until `signs` has confirmed it.

    Attributes:
        timestamp: Seconds since the epoch, as Slack wrote them.
        digest: `v0=` and an HMAC in hexadecimal digits.
    """

    timestamp: bytes
    digest: bytes

    @classmethod
    def read(cls, headers: Iterable[tuple[bytes, bytes]], *, now: float) -> Self | None:
        """The signature in the headers of a request.

        Args:
            headers: Names in lower case, and values.
            now: Seconds since the epoch.

        Returns:
            `None` if a header is missing, repeated or malformed, or if the timestamp is too old or in the future.
        """
        timestamps, digests = [], []
        for name, value in headers:
            if name == b"x-slack-request-timestamp":
                timestamps.append(value)
            elif name == b"x-slack-signature":
                digests.append(value)
        match timestamps, digests:
            case [timestamp], [digest]:
                is_well_formed = _TIMESTAMP.fullmatch(timestamp) and _DIGEST.fullmatch(digest)
                if is_well_formed and abs(now - int(timestamp)) <= MAX_AGE:
                    return cls(timestamp, digest)
        return None

    def signs(self, body: bytes, secret: str) -> bool:
        """Whether a request with this body was signed with `secret`."""
        expected = hmac.new(secret.encode(), b"v0:%b:%b" % (self.timestamp, body), hashlib.sha256).hexdigest()
        return hmac.compare_digest(f"v0={expected}".encode(), self.digest)
