"""Removes secrets from every message and every line of the log, and from text that Signoff did not write.

It knows the secrets of the settings, and recognizes others by their shape and by the name in front of them. That is a
second line of defence. What may hold a secret is not posted in the first place.
"""

import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from sqlalchemy import URL

HIDDEN = "***"
"""Replaces a secret."""

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL
)
_IN_ADDRESS = re.compile(r"(?<=://)(?!USER:PASSWORD@|[^\s/:@]*:\*\*\*@)[^\s/]*@")
"""The user and password of an address. A password may contain an unescaped `@`, so the last one ends it.

What `shown_url` has left of it stays, and so does the hint of how to write one.
"""

_NAMES = (
    r"(?:token|secret|password|passwd|pwd|passphrase|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|authorization|credential|cookie|signature)"
)
_NAMED = re.compile(
    r"""((?<![\w-])(?!SLACK_[A-Z_]{1,20}: )[\w-]{0,40}?"""
    rf"""{_NAMES}[\w-]{{0,40}}["']?\s{{0,4}}[=:]\s{{0,4}})"""
    r"""((?:bearer|basic)\s+)?("[^"\n]*"|'[^'\n]*'|[^\s,;&"'<>()\[\]{}]+)""",
    re.IGNORECASE,
)
_IS_NAME = re.compile(_NAMES, re.IGNORECASE)
_LONGEST_NAME = 80
_LOOKS_RANDOM = re.compile(r"(?=.{8}).*?(?:\d|[a-z][A-Z]|[A-Z]{2}[a-z])", re.DOTALL)
"""Text that is hardly a word of a sentence, as in `Password: use 8 characters` or `Token: Required`."""

_SHAPED = re.compile(
    r"\b(?:"
    r"(?:xox[a-z]|xapp|xwfp)-[\w.-]{6,}"  # Slack
    r"|gh[a-z]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}"  # GitHub, GitLab
    r"|(?:AKIA|ASIA)[0-9A-Z]{12,}"  # AWS
    r"|sk[-_](?=[\w-]{0,200}\d)[\w-]{16,}"  # Stripe, OpenAI and others; not `sk-learn-something-long`
    r"|(?<!-)eyJ[\w-]{8,4096}\.[\w-]{8,}(?:\.[\w-]+)?"  # JSON Web Tokens; one start a word, for linear time
    r"|hooks\.slack\.com/[\w/-]+"
    r")"
)
_SCHEME = re.compile(r"\b(Bearer|Basic)\s+([\w.~+/=-]{8,})")


_NAME = re.compile(r"[^\s=@]*")
"""A name in a database URL. The name of a database may also be an address, or a list of options, with a password."""

_NUMBER = re.compile(r"[0-9]{1,6}")
_SHOWN_OPTIONS = {
    **dict.fromkeys(("application_name", "dbname", "host", "hostaddr", "service", "user"), _NAME),
    **dict.fromkeys(("connect_timeout", "port"), _NUMBER),
    "mode": re.compile("ro|rw|rwc|memory"),
    "sslmode": re.compile("disable|allow|prefer|require|verify-ca|verify-full"),
}
"""The options in a database URL that are shown, and their values. Any other option, or value, may be a secret."""

_SHORTEST = 6
"""Shorter texts are no secrets, and occur everywhere."""

_PRODUCT = "signoff"
"""Also the name of the command, which messages say how to use. As a password it protects nothing."""

_secrets: set[str] = set()
_known: re.Pattern[str] | None = None


def names_secret(name: str) -> bool:
    """Whether what has this name, such as a header or an attribute, is a secret."""
    return len(name) <= _LONGEST_NAME and _IS_NAME.search(name) is not None


def mentions_secret(text: str) -> bool:
    """Whether something in a text may have the name of a secret."""
    return _IS_NAME.search(text) is not None


def redacted(text: str) -> str:
    """`text` without the secrets of the settings, and without what looks like a secret.

    That is tokens, passwords, keys, and the credentials in addresses.
    """
    if _known is not None:
        text = _known.sub(HIDDEN, text)
    text = _PRIVATE_KEY.sub(HIDDEN, text)
    text = _IN_ADDRESS.sub(f"{HIDDEN}@", text)
    text = _NAMED.sub(_without_value, text)
    text = _SHAPED.sub(HIDDEN, text)
    return _SCHEME.sub(_without_credentials, text)


def _without_value(found: re.Match[str]) -> str:
    """A name and what follows it, without the value if that is a secret. Sentences have names and colons too."""
    name, scheme, value = found.groups()
    is_secret = name.endswith("=") or scheme or value[0] in "\"'" or _LOOKS_RANDOM.match(value)
    return f"{name}{HIDDEN}" if is_secret else found[0]


def _without_credentials(found: re.Match[str]) -> str:
    scheme, value = found.groups()
    return f"{scheme} {HIDDEN}" if scheme == "Bearer" or _LOOKS_RANDOM.match(value) else found[0]


def remember_secret(secret: str | None, *, shown: Iterable[str | None] = ()) -> None:
    """Have `redacted` hide a secret from now on, also as it is written in a URL.

    Args:
        shown: Texts that are shown anyway, such as the name of the user. A secret that is one of them is not
            remembered: a database in development may be called, owned and protected by the one word `postgres`.
    """
    global _known
    secret = (secret or "").strip()
    if len(secret) < _SHORTEST or secret.lower() == _PRODUCT or secret in shown:
        return
    _secrets.update({secret, quote(secret, safe=""), unquote(secret)})
    longest_first = sorted(_secrets, key=len, reverse=True)
    _known = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, longest_first))})(?![A-Za-z0-9])")


def remember_secrets_of(url: "URL") -> None:
    """Have `redacted` hide the password of a database URL, and the options that may be secrets."""
    shown = (url.username, url.host, url.database, url.get_backend_name())
    remember_secret(url.password, shown=shown)
    for name, values in url.normalized_query.items():
        for value in values:
            if not _is_shown(name, value):
                remember_secret(value, shown=shown)


def shown_url(url: "URL") -> str:
    """A database URL for people to read, without its secrets."""
    options = {
        name: tuple(value if _is_shown(name, value) else HIDDEN for value in values)
        for name, values in url.normalized_query.items()
    }
    shown = url.set(drivername=url.get_backend_name(), query=options).render_as_string(hide_password=True)
    return shown.replace(quote(HIDDEN), HIDDEN)


def _is_shown(option: str, value: str) -> bool:
    shown = _SHOWN_OPTIONS.get(option.lower())
    return shown is not None and shown.fullmatch(value) is not None


class _RedactingFilter(logging.Filter):
    """Removes secrets from a record: its message, its traceback and its stack. A record without any stays as it is.

    Args:
        name: The logger whose records are meant, with those of its children; empty for every logger.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if not super().filter(record):
            return True
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - Python would print the record with its arguments
            message = f"{record.msg} {record.args}"
            record.msg, record.args = message, None
        if (hidden := redacted(message)) != message:
            record.msg, record.args = hidden, None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redacted(record.exc_text)
        if record.stack_info:
            record.stack_info = redacted(record.stack_info)
        return True


_of_all = _RedactingFilter()
_of_signoff = _RedactingFilter(_PRODUCT)


def redact_logs(*, only_signoff: bool = False) -> None:
    """Remove secrets from whatever the handlers of the root logger write, also for other libraries.

    Without handlers, Python logs through its handler of last resort.

    Args:
        only_signoff: Leave the lines of other libraries as they are. In a program that uses Signoff as a library,
            the log is not Signoff's.
    """
    for handler in (*logging.getLogger().handlers, logging.lastResort):
        if handler is not None:
            handler.addFilter(_of_signoff if only_signoff else _of_all)
