"""No secret is printed or logged, wherever it stands."""

import logging
import sys
import time
from collections.abc import Iterator
from io import StringIO

import pytest
from sqlalchemy.engine import make_url

from signoff.store import masking
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable
from signoff.store.masking import mask, mask_logs, remember_secret, remember_secrets_of, shown_url


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests had masked is forgotten."""
    monkeypatch.setattr(masking, "_secrets", set())
    monkeypatch.setattr(masking, "_known", None)


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
        "postgres://ana:hunter2@db/signoff",
        "postgresql://ana@db:hunter2/signoff",
        "mysql://ana:hun@ter2@db/signoff",
        "mysql://ana@db/signoff?password=hunter2",
        "hunter2",
        "ana:hunter2@db/signoff",
    ],
)
def test_an_unusable_url_is_refused_without_quoting_it(url: str) -> None:
    """What cannot be told apart from a password is not shown, and the sentence says what to write."""
    with pytest.raises(DatabaseUnavailable, match="DATABASE_URL") as refused:
        Database(url)
    assert "ter2" not in str(refused.value)
    assert "%40" in str(refused.value) or "Use sqlite:///FILE or postgresql://" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Bearer xoxb-12-ab\\n", "Bearer xoxb-***\\n"),
        ("b'xapp-1-A0-99-ff\\n'", "b'xapp-***\\n'"),
        ("xoxe.xoxp-1-AbC and xoxe-1-AbC", "xoxe.xoxp-*** and xoxe-***"),
        ("cannot reach https://ana:pa@ss@proxy.example/api", "cannot reach https://ana:***@proxy.example/api"),
        ("postgresql://ana:a:b@db, and redis://:pw@x/0", "postgresql://ana:***@db, and redis://:***@x/0"),
        ("host=db password=hunter2 dbname=x", "host=db password=*** dbname=x"),
        ("?sslpassword=a%40b&x=1", "?sslpassword=***&x=1"),
        ('{"api_key": "hunter2", "x": 1}', '{"api_key": "***", "x": 1}'),
        ("token = 'abc'", "token = '***'"),
        ("Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc-_", "Authorization: Bearer ***"),
        ("SLACK_BOT_TOKEN: Slack refuses it (invalid_auth).", "SLACK_BOT_TOKEN: Slack refuses it (invalid_auth)."),
        ("Use postgresql://USER:PASSWORD@HOST/NAME.", "Use postgresql://USER:PASSWORD@HOST/NAME."),
        ("Copy the token (xoxb-…) under Basic Information.", "Copy the token (xoxb-…) under Basic Information."),
        ("http://127.0.0.1:3000/slack/events", "http://127.0.0.1:3000/slack/events"),
        ("http://127.0.0.1:3000 waits for ana@example.com", "http://127.0.0.1:3000 waits for ana@example.com"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, masked: str) -> None:
    """Also if no setting has it. Sentences that only speak of secrets stay as they are."""
    assert mask(text) == masked
    assert mask(masked) == masked


def test_a_secret_of_a_setting_is_masked_wherever_it_stands() -> None:
    """As it is, and as it is written in a URL; within other words it is no secret."""
    remember_secret("p@ss/word\n")
    remember_secret("hunter2")
    assert mask("a p@ss/word, p%40ss%2Fword, 'hunter2'") == "a ***, ***, '***'"
    assert mask("hunter22") == "hunter22"


def test_a_password_that_is_shown_anyway_is_not_masked() -> None:
    """A database in development may be called, owned and protected by one word, which stands in many sentences."""
    remember_secrets_of(make_url("postgresql://signoff:signoff@db/signoff"))
    remember_secret("x")
    assert mask("Run `signoff db upgrade`. x") == "Run `signoff db upgrade`. x"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What a handler of the root logger writes, with its format as a program sets it."""
    root, written = logging.getLogger(), StringIO()
    handler = logging.StreamHandler(written)
    root.addHandler(handler)
    mask_logs()
    yield written
    for each in (*root.handlers, logging.lastResort):
        if each is not None:
            each.removeFilter(masking._filter)
    root.removeHandler(handler)


def test_every_line_of_the_log_is_masked(log: StringIO) -> None:
    """Messages, their arguments, tracebacks with their causes, stacks, and what other libraries log."""
    remember_secret("hunter2")
    try:
        try:
            raise OSError("xoxb-1-secret")
        except OSError as error:
            raise ValueError("the password is hunter2") from error
    except ValueError:
        logging.getLogger("some.library").exception("It failed: %s", "token=abc", stack_info=True)
    logging.getLogger("signoff").warning("%d of %s", 1)
    written = log.getvalue()
    assert "It failed: token=***" in written
    assert "ValueError: the password is ***" in written
    assert "OSError: xoxb-***" in written
    assert "%d of %s (1,)" in written
    assert not {"hunter2", "secret", "abc"} & set(written.replace("=", " ").split())


def test_a_program_without_handlers_is_masked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python then writes warnings to stderr by itself."""
    written = StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(sys, "stderr", written)
    mask_logs()
    logging.getLogger("signoff.anything").warning("xoxb-1-secret")
    assert written.getvalue() == "xoxb-***\n"


@pytest.mark.parametrize(
    "part", ["://", "://a:", "xoxb-", "token", 'token"', "password = ", "Bearer ", "://a:b@", "a:b@", "=", "xoxe."]
)
def test_masking_takes_time_in_proportion_to_the_text(part: str) -> None:
    """A hostile text that is logged cannot keep the process busy."""

    def took(length: int) -> float:
        text = part * (length // len(part))
        return min(_seconds(text) for _ in range(3))

    assert took(80_000) < 12 * took(20_000) + 0.01


def _seconds(text: str) -> float:
    began = time.process_time()
    mask(text)
    return time.process_time() - began
