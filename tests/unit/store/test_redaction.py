"""Secrets are removed from text that Signoff did not write, and nothing else is."""

import pytest

from signoff.store.redaction import redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("token=abc", "token=***"),
        ("GET /?access_token=abc&page=2 failed", "GET /?access_token=***&page=2 failed"),
        ('{"api_key": "abc def", "size": 3}', '{"api_key": ***, "size": 3}'),
        ("DB_PASSWORD: 'p w'", "DB_PASSWORD: ***"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: ***"),
        ("sent Bearer abcdefgh12", "sent Bearer ***"),
        ("sent Bearer abcdefghijkl", "sent Bearer ***"),
        ("sent Basic dXNlcjpwYXNz", "sent Basic ***"),
        ("Password: hunter2hunter2 is wrong", "Password: *** is wrong"),
        ("token = AbCdEfGh", "token = ***"),
        ("api_key: 'short'", "api_key: ***"),
        ("password=use", "password=***"),
        ("sk-proj-abcdefgh1jklmnop", "***"),
        ("postgresql://ann:p@ss:word@db.example/x is away", "postgresql://***@db.example/x is away"),
        ("https://ghp@example.com/a", "https://***@example.com/a"),
        ("xoxb-12-34-abcdef expired", "*** expired"),
        ("used ghp_abcdefghijklmnop1234", "used ***"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2ln bad", "*** bad"),
        ("https://hooks.slack.com/services/T0/B0/xyz", "https://***"),
        ("a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b", "a *** b"),
    ],
)
def test_a_secret_is_removed(text: str, shown: str) -> None:
    """By its shape, or by the name in front of it."""
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: invalid literal for int() with base 10: 'x'",
        "https://example.com/a?page=2#b",
        "mail ana@example.com about the tokens",
        "Enter a whole number, such as 12.",
        "Password: use 8 characters, one of them a digit.",
        "Token: must be set",
        "Secret: Required.",
        "cookie = chocolate",
        "secretary: Anna",
        "Signature: Anna Christophersen",
        "sk-learn-something-long-version",
        "Basic authentication is turned off.",
    ],
)
def test_other_text_stays(text: str) -> None:
    """A message without secrets is not changed."""
    assert redacted(text) == text


@pytest.mark.parametrize(
    "text", ["token-" * 20_000, "://" * 50_000, "eyJ" * 50_000, "eyJ-" * 50_000, "-----BEGIN " * 20_000, "a-" * 99_999]
)
@pytest.mark.timeout(20)
def test_no_text_takes_long(text: str) -> None:
    """It is linear, because people and programs may say anything."""
    redacted(text)
