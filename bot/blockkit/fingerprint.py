"""The hash of what Slack was given to show, for the ledger."""

import json
from hashlib import sha256
from typing import Any


def fingerprint(shown: Any) -> str:
    """The SHA-256 hash of blocks, or of other JSON that Slack shows, as 64 hexadecimal digits."""
    return sha256(json.dumps(shown, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
