"""Which HTTP proxy leads to an address.

The variables are those that most programs read: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals
or not. They are read here because Slack's SDK ignores `NO_PROXY` for websockets, and `urllib` knows neither
`*.example.com` nor networks such as `10.0.0.0/8`.
"""

import ipaddress
import re
from contextlib import suppress
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from signoff.flows.errors import BadSettings
from signoff.store.redaction import remember_secret

_SECURE = frozenset({"https", "wss"})
_PORT = re.compile(r":([0-9]{1,5})$")


def proxy_for(url: str) -> str | None:
    """The URL of the proxy through which `url` is reached, with its credentials; `None` for no proxy.

    This machine itself is never reached through a proxy, as in Go's `net/http`: to a proxy, `localhost` is the proxy.

    Raises:
        BadSettings: If the variable does not name an HTTP proxy. The message does not show its value.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or (443 if parts.scheme in _SECURE else 80)
    proxies = getproxies()
    if _is_own_machine(host) or _is_exempt(host, port, proxies.get("no", "")) or proxy_bypass(f"{host}:{port}"):
        return None
    # An HTTP_PROXY counts for https, too, as it does for Slack's SDK.
    for scheme in ("https", "http", "all") if parts.scheme in _SECURE else ("http", "all"):
        if value := proxies.get(scheme, "").strip():
            return _checked(value, f"{scheme.upper()}_PROXY")
    return None


def _checked(value: str, name: str) -> str:
    """The URL of a proxy, as both `urllib` and `websockets` understand it."""
    parts = None
    with suppress(ValueError):
        parts = urlsplit(value if "://" in value else f"http://{value}")
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadSettings(f"{name} must be the address of an HTTP proxy, such as http://proxy.example.com:3128.")
    try:
        address = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    except ValueError:
        raise BadSettings(f"{name} has a port that does not exist.") from None
    if parts.username is None:
        return f"{parts.scheme}://{address}"
    password = unquote(parts.password or "")
    remember_secret(password, shown=(parts.username, parts.hostname))
    return f"{parts.scheme}://{quote(unquote(parts.username), safe='')}:{quote(password, safe='')}@{address}"


def _is_own_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Whether one of the entries of `NO_PROXY`, separated by commas or spaces, is about this host."""
    return any(_matches(entry.casefold(), host.casefold(), port) for entry in re.split(r"[,\s]+", no_proxy) if entry)


def _matches(entry: str, host: str, port: int) -> bool:
    """`*`, `example.com` with all that is below it, `.example.com`, `*.example.com`, an address or a network.

    All but `*` and networks may end with a port.
    """
    if entry == "*":
        return True
    if (address := _address(host)) is not None:
        with suppress(ValueError):
            return address in ipaddress.ip_network(entry, strict=False)
    if (found := _PORT.search(entry)) is not None:
        if int(found[1]) != port:
            return False
        entry = entry[: found.start()]
    entry = entry.removeprefix("*").strip("[].")
    return bool(entry) and (host == entry or host.endswith(f".{entry}"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
