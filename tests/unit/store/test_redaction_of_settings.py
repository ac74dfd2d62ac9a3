"""No secret is printed or logged, wherever it stands."""

import logging
import sys
from collections.abc import Iterator
from contextlib import closing
from io import StringIO

import pytest
from sqlalchemy.engine import make_url

from signoff.store import redaction
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable
from signoff.store.redaction import redact_logs, redacted, remember_secret, remember_secrets_of, shown_url
from tests.support.growth import assert_linear


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests had hidden is forgotten."""
    monkeypatch.setattr(redaction, "_secrets", set())
    monkeypatch.setattr(redaction, "_known", None)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ana:hunter2@db/signoff", "postgresql://ana:***@db/signoff"),
        ("postgresql://ana@db/signoff?password=hunter2", "postgresql://ana@db/signoff?password=***"),
        ("postgresql://db/signoff?user=ana&PASSWORD=hunter2", "postgresql://db/signoff?PASSWORD=***&user=ana"),
        (
            "postgresql://db/signoff?sslpassword=hunter2&sslmode=require",
            "postgresql://db/signoff?sslmode=require&sslpassword=***",
        ),
        ("postgresql://db/signoff?options=-cx%3Dhunter2", "postgresql://db/signoff?options=***"),
        ("postgresql://ana:hunter2%40x@db/signoff?host=/run/pg", "postgresql://ana:***@db/signoff?host=%2Frun%2Fpg"),
        ("sqlite:///signoff.db?mode=ro&key=hunter2", "sqlite:///signoff.db?key=***&mode=ro"),
        ("sqlite:///signoff.db?mode=hunter2", "sqlite:///signoff.db?mode=***"),
        ("postgresql://db/signoff?sslmode=hunter2", "postgresql://db/signoff?sslmode=***"),
        (
            "postgresql://db/signoff?connect_timeout=hunter2&port=5432",
            "postgresql://db/signoff?connect_timeout=***&port=5432",
        ),
        ("postgresql://db/signoff?dbname=postgresql://u:hunter2@h/x", "postgresql://db/signoff?dbname=***"),
        ("postgresql://db/signoff?dbname=password%3Dhunter2", "postgresql://db/signoff?dbname=***"),
        ("postgresql://db/x?host=h1&host=h2", "postgresql://db/x?host=h1&host=h2"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    """In any place: before the host, and as an option."""
    assert shown_url(make_url(url)) == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:hun@ter2@db/signoff",
        "postgresql://ana:hun@ter2/x@db/signoff",
        "postgresql://ana:pass@hunter2:5432@db/signoff",
        "postgresql://db:5432/signoff?password=hun@ter2",
        "postgresql+psycopg://ana:hun@ter2@db/signoff",
        "cockroachdb://ana:hunter2@db/signoff",
        "postgresql://ana@db:hunter2/signoff",
        "mysql://ana:hun@ter2@db/signoff",
        "mysql://ana@db/signoff?password=hunter2",
        "hunter2",
        "ana:hunter2@db/signoff",
        "sqlite:///hunter2\udcff.db",
    ],
)
def test_an_unusable_url_is_refused_without_quoting_it(url: str) -> None:
    """What cannot be told apart from a password is not shown, and the sentence says what to write."""
    with pytest.raises(DatabaseUnavailable, match="DATABASE_URL") as refused:
        Database(url)
    assert "ter2" not in str(refused.value)
    assert "%40" in str(refused.value) or "Use sqlite:///FILE or postgresql://" in str(refused.value)


@pytest.mark.parametrize("option", ["sslmode", "connect_timeout", "target_session_attrs", "options"])
def test_an_error_about_an_option_does_not_quote_what_it_was_set_to(option: str) -> None:
    """libpq does, and a password may have ended up there."""
    with (
        pytest.raises(DatabaseUnavailable) as failed,
        closing(Database(f"postgresql://127.0.0.1:1/x?{option}=Hunter2x")) as db,
    ):
        db.now()
    assert "Hunter2x" not in str(failed.value)
    assert "Check DATABASE_URL" in str(failed.value)


@pytest.mark.parametrize(
    "text",
    [
        "SLACK_BOT_TOKEN: Slack rejects it (invalid_auth).",
        "SLACK_APP_TOKEN is the wrong kind of token. It must begin with xapp-. Copy it.",
        "Use postgresql://USER:PASSWORD@HOST/NAME.",
        "postgresql://ana:***@db/signoff?sslmode=require&sslpassword=***",
        "Copy the Signing Secret under Basic Information, and set SLACK_SIGNING_SECRET to it.",
        "http://127.0.0.1:3000/slack/events waits for ana@example.com",
    ],
)
def test_sentences_that_only_speak_of_secrets_stay_as_they_are(text: str) -> None:
    """Those of Signoff, which name settings and say how to write them."""
    assert redacted(text) == text


def test_a_secret_of_a_setting_is_hidden_wherever_it_stands() -> None:
    """As it is, and as it is written in a URL; within other words it is no secret."""
    remember_secret("p@ss/word\n")
    remember_secret("hunter2")
    assert redacted("a p@ss/word, p%40ss%2Fword, 'hunter2'") == "a ***, ***, '***'"
    assert redacted("hunter22") == "hunter22"


def test_a_password_that_is_shown_anyway_is_not_hidden() -> None:
    """A database in development may be called, owned and protected by one word, which stands in many sentences."""
    remember_secrets_of(make_url("postgresql://signoff:signoff@db/signoff"))
    remember_secrets_of(make_url("postgresql://ana:signoff@db/orders"))
    remember_secret("close")
    assert redacted("Run `signoff db upgrade`, then close it.") == "Run `signoff db upgrade`, then close it."


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What a handler of the root logger writes, with its format as a program sets it."""
    root, written = logging.getLogger(), StringIO()
    handler = logging.StreamHandler(written)
    root.addHandler(handler)
    redact_logs()
    yield written
    for each in (*root.handlers, logging.lastResort):
        if each is not None:
            each.removeFilter(redaction._of_all)
    root.removeHandler(handler)


def test_every_line_of_the_log_is_hidden(log: StringIO) -> None:
    """Messages, their arguments, tracebacks with their causes, stacks, and what other libraries log."""
    remember_secret("hunter2")
    try:
        try:
            raise OSError("xoxb-1-secrets")
        except OSError as error:
            raise ValueError("the password is hunter2") from error
    except ValueError:
        logging.getLogger("some.library").exception("It failed: %s", "token=abc", stack_info=True)
    logging.getLogger("signoff").warning("%d of %s", 1)
    written = log.getvalue()
    assert "It failed: token=***" in written
    assert "ValueError: the password is ***" in written
    assert "OSError: ***" in written
    assert "%d of %s (1,)" in written
    assert not {"hunter2", "secrets", "abc"} & set(written.replace("=", " ").split())


def test_a_program_without_handlers_is_hidden_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python then writes warnings to stderr by itself."""
    written = StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(sys, "stderr", written)
    redact_logs()
    logging.getLogger("signoff.anything").warning("xoxb-1-secrets")
    assert written.getvalue() == "***\n"


@pytest.mark.parametrize(
    "part", ["://", "://a:", "xoxb-", "token", 'token"', "password = ", "Bearer ", "://a:b@", "a:b@", "=", "xoxe."]
)
def test_redacting_takes_time_in_proportion_to_the_text(part: str) -> None:
    """A hostile text that is logged cannot keep the process busy."""

    assert_linear(lambda size: redacted(part * (size // len(part))), small=5_000)
