"""Which proxy leads to an address, by the variables that companies set."""

import socket
import ssl
from urllib.error import URLError

import pytest

from signoff.bot.connection.proxies import proxy_for
from signoff.bot.connection.web_client import explain
from signoff.flows.errors import BadSettings
from signoff.store.redaction import redacted

API, SOCKET = "https://slack.com/api/", "wss://wss-primary.slack.com/link/?ticket=1"
NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("variable", "url", "proxy"),
    [
        ("HTTPS_PROXY", API, "http://proxy.corp:3128"),
        ("https_proxy", API, "http://proxy.corp:3128"),
        ("HTTPS_PROXY", SOCKET, "http://proxy.corp:3128"),
        ("HTTP_PROXY", SOCKET, "http://proxy.corp:3128"),
        ("ALL_PROXY", SOCKET, "http://proxy.corp:3128"),
        ("all_proxy", "http://slack.corp/api/", "http://proxy.corp:3128"),
        ("HTTPS_PROXY", "http://slack.corp/api/", None),
        ("NO_SUCH_PROXY", API, None),
        *(
            ("ALL_PROXY", url, None)
            for url in ("http://localhost:4000/api/", "ws://127.0.0.1:4000/", "http://[::1]:4000/", "ws://127.9.9.9/")
        ),
    ],
)
def test_a_proxy_is_found_in_the_usual_variables(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str, proxy: str | None
) -> None:
    """For the Web API and for websockets; this machine is never reached through one."""
    monkeypatch.setenv(variable, "proxy.corp:3128")
    assert proxy_for(url) == proxy


@pytest.mark.parametrize(
    ("no_proxy", "host", "is_exempt"),
    [
        ("*", "slack.com", True),
        ("slack.com", "slack.com", True),
        ("slack.com", "wss-primary.slack.com", True),
        ("slack.com", "notslack.com", False),
        (".slack.com", "wss-primary.slack.com", True),
        ("*.slack.com", "wss-primary.slack.com", True),
        ("SLACK.com", "slack.COM", True),
        ("localhost, 127.0.0.1,slack.com", "slack.com", True),
        ("localhost 127.0.0.1 slack.com", "slack.com", True),
        ("slack.com:443", "slack.com", True),
        ("slack.com:8443", "slack.com", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3:443", "10.1.2.3", True),
        ("fd00::/8", "[fd00::1]", True),
        ("[fd00::1]:443", "[fd00::1]", True),
        ("com", "slack.com", True),
        (",, ,", "slack.com", False),
        (".", "slack.com", False),
    ],
)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_no_proxy_names_what_is_reached_directly(
    monkeypatch: pytest.MonkeyPatch, variable: str, no_proxy: str, host: str, is_exempt: bool
) -> None:
    """Names, domains, addresses and networks, in the forms that curl, Go and requests understand."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.corp:3128")
    monkeypatch.setenv(variable, no_proxy)
    assert (proxy_for(f"wss://{host}/link") is None) == is_exempt
    assert (proxy_for(f"https://{host}/api/") is None) == is_exempt


def test_the_password_of_a_proxy_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is masked wherever it is written, as in the URL or as it is."""
    monkeypatch.setenv("HTTPS_PROXY", "http://ana:correct-h%40rse@proxy.corp:3128/")
    proxy = proxy_for(API)
    assert proxy == "http://ana:correct-h%40rse@proxy.corp:3128"
    assert "rse" not in redacted(f"cannot reach {proxy}, with the password correct-h@rse")


def test_a_name_without_a_password_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library for websockets wants both."""
    monkeypatch.setenv("HTTPS_PROXY", "http://ana@proxy.corp")
    assert proxy_for(API) == "http://ana:@proxy.corp:80"


@pytest.mark.parametrize(
    "value", ["socks5://ana:s3cret-word@proxy.corp:1080", "http://", "http://ana:s3cret-word@x:99999"]
)
def test_what_is_no_http_proxy_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """The message names the variable."""
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(BadSettings, match="ALL_PROXY") as refused:
        proxy_for(API)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (URLError(ssl.SSLCertVerificationError(1, "certificate verify failed")), "SSL_CERT_FILE"),
        (URLError(socket.gaierror(-2, "Name or service not known")), "Check DNS"),
        (URLError(OSError("Tunnel connection failed: 407 Proxy Authentication Required")), "HTTPS_PROXY"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_it_is_said_why_slack_cannot_be_reached(error: Exception, told: str) -> None:
    """And what to do."""
    assert told in explain(error)
