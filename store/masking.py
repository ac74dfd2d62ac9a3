"""Masks secrets in whatever is printed or logged: those of the settings, and texts that look like secrets.

`mask` is the one function for it. `mask_logs` applies it to every line of the log, tracebacks included.
"""

import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from sqlalchemy import URL

MASK = "***"

_SHAPES = re.compile(
    r"(?P<token>xox[a-z](?:\.xox[a-z])?-|xapp-)[A-Za-z0-9-]+"
    r"|(?P<user>://[^\s/:@]*:)(?!PASSWORD@)[^\s/]*@"
    r"|(?P<header>Bearer )[A-Za-z0-9._~+/=-]{16,}"
    r"|(?P<name>(?i:password|passwd|pwd|secret|token|api_?key)(?: ?= ?[\"']?|[\"'] ?: ?[\"']))[^\s\"'&,;)}\]]+"
)
"""Slack's tokens, the password in a URL (unless it is the word in a message that asks for one), the value of an
`Authorization` header, and `password=…` with its relatives."""

_SHOWN_OPTIONS = frozenset(
    {"application_name", "connect_timeout", "dbname", "host", "hostaddr", "mode", "port", "service", "sslmode", "user"}
)
"""The options in a database URL that are shown. Any other one, such as `sslpassword`, may be a secret."""

_SHORTEST = 4
"""Shorter texts are no secrets, and occur everywhere."""

_secrets: set[str] = set()
_known: re.Pattern[str] | None = None


def remember_secret(secret: str | None, *, shown: Iterable[str | None] = ()) -> None:
    """Have `mask` hide a secret from now on, however it is quoted in a URL.

    Args:
        shown: Texts that are shown anyway, such as the name of the user. A secret that is one of them is not
            remembered: a database in development may be called, owned and protected by the one word `postgres`.
    """
    global _known
    secret = (secret or "").strip()
    if len(secret) < _SHORTEST or secret in shown:
        return
    _secrets.update({secret, quote(secret, safe=""), unquote(secret)})
    longest_first = sorted(_secrets, key=len, reverse=True)
    _known = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, longest_first))})(?![A-Za-z0-9])")


def mask(text: str) -> str:
    """`text` with every secret replaced by `***`."""
    if _known is not None:
        text = _known.sub(MASK, text)
    return _SHAPES.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    kept = found[found.lastgroup or 0]
    return f"{kept}{MASK}@" if found.lastgroup == "user" else f"{kept}{MASK}"


def shown_url(url: "URL") -> str:
    """A database URL for people to read, without its secrets."""
    options = {name: value if name.lower() in _SHOWN_OPTIONS else MASK for name, value in url.query.items()}
    shown = url.set(drivername=url.get_backend_name(), query=options).render_as_string(hide_password=True)
    return mask(shown.replace("%2A%2A%2A", MASK))


def remember_secrets_of(url: "URL") -> None:
    """Have `mask` hide the password of a database URL, and the options that may be secrets."""
    shown = (url.username, url.host, url.database, url.get_backend_name())
    remember_secret(url.password, shown=shown)
    for name, values in url.normalized_query.items():
        if name.lower() not in _SHOWN_OPTIONS:
            for value in values:
                remember_secret(value, shown=shown)


class _MaskFilter(logging.Filter):
    """Masks secrets in a record: its message, its traceback and its stack."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - Python would print the record as it is
            message = f"{record.msg} {record.args}"
        record.msg, record.args = mask(message), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        if record.stack_info:
            record.stack_info = mask(record.stack_info)
        return True


_filter = _MaskFilter()


def mask_logs() -> None:
    """Mask secrets in whatever the handlers of the root logger write, those of other libraries included.

    Without handlers, Python logs through its handler of last resort.
    """
    for handler in (*logging.getLogger().handlers, logging.lastResort):
        if handler is not None:
            handler.addFilter(_filter)
