"""Removes secrets from text that Signoff did not write: the messages of exceptions, and what other engines say.

It recognizes secrets by their shape and by the name in front of them, so it is a second line of defence. What may hold
a secret is not posted in the first place.
"""

import re

HIDDEN = "***"
"""What stands in the place of a secret."""

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL
)
_IN_ADDRESS = re.compile(r"(?<=://)[^\s/]*@")
"""The user and password of an address. A password may contain an unescaped `@`, so the last one ends it."""

_NAMED = re.compile(
    r"""((?<![\w-])[\w-]{0,40}?(?:token|secret|password|passwd|pwd|passphrase|api[_-]?key|access[_-]?key|private[_-]?key"""
    r"""|authorization|credential|cookie|signature)[\w-]{0,40}["']?\s{0,4}[=:]\s{0,4})"""
    r"""(?:(?:bearer|basic)\s+)?("[^"\n]*"|'[^'\n]*'|[^\s,;&"'<>()\[\]{}]+)""",
    re.IGNORECASE,
)
_SHAPED = re.compile(
    r"\b(?:"
    r"(?:xox[a-z]|xapp|xwfp)-[\w.-]{6,}"  # Slack
    r"|gh[a-z]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}"  # GitHub, GitLab
    r"|(?:AKIA|ASIA)[0-9A-Z]{12,}"  # AWS
    r"|sk[-_][\w-]{16,}"  # Stripe, OpenAI and others
    r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]+)?"  # JSON Web Tokens
    r"|hooks\.slack\.com/[\w/-]+"
    r")"
)
_SCHEME = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}")


def redacted(text: str) -> str:
    """`text` without what looks like a secret: tokens, passwords, keys, and the credentials in addresses."""
    text = _PRIVATE_KEY.sub(HIDDEN, text)
    text = _IN_ADDRESS.sub(f"{HIDDEN}@", text)
    text = _NAMED.sub(lambda found: f"{found[1]}{HIDDEN}", text)
    text = _SHAPED.sub(HIDDEN, text)
    return _SCHEME.sub(lambda found: f"{found[1]} {HIDDEN}", text)
