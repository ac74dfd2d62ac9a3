"""Invalid settings are named when the bot starts, and what only Slack knows is named in the ledger."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from signoff.bot.service import Service
from signoff.bot.settings import Mode, Settings, load_settings
from signoff.flows.errors import BadSettings
from signoff.testing import SIGNOFF, Emulator
from tests.integration.bot.asking import FLOWS, approve
from tests.integration.bot.running_service import RunningService, settings_for
from tests.support.waiting import until_asked

WRONG: dict[str, tuple[Mode, dict[str, Any]]] = {
    "SLACK_BOT_TOKEN: Slack rejects it (invalid_auth)": (Mode.HTTP, {"slack_bot_token": SecretStr("xoxb-wrong")}),
    "SLACK_BOT_TOKEN is the wrong kind of token": (Mode.HTTP, {"slack_bot_token": SecretStr("xapp-wrong")}),
    "SLACK_BOT_TOKEN is not set": (Mode.HTTP, {"slack_bot_token": None}),
    "SLACK_APP_TOKEN: Slack rejects it (invalid_auth)": (Mode.SOCKET, {"slack_app_token": SecretStr("xapp-wrong")}),
    "SLACK_APP_TOKEN is the wrong kind of token": (Mode.SOCKET, {"slack_app_token": SecretStr("xoxb-wrong")}),
    "Neither SLACK_APP_TOKEN": (Mode.HTTP, {"slack_signing_secret": None}),
    "SIGNOFF_HOST and SIGNOFF_PORT: cannot listen on": (Mode.HTTP, {"host": "192.0.2.1"}),
}


@pytest.mark.parametrize("said", list(WRONG))
def test_a_wrong_setting_is_named(
    slack: Emulator, sqlite_url: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 10: the error names the setting, and contains no token."""
    mode, changed = WRONG[said]
    service = Service(settings_for(slack.api_url, sqlite_url, mode, **changed), FLOWS, with_bot=True)
    with pytest.raises(BadSettings) as refusal, service:
        pytest.fail("it started")
    assert str(refusal.value).startswith(said)
    for secret in ("xoxb-wrong", "xapp-wrong", slack.signing_secret):
        assert secret not in str(refusal.value) + caplog.text


def test_an_outage_of_slack_is_not_blamed_on_the_token(slack: Emulator, sqlite_url: str) -> None:
    """The bot starts, and works as soon as Slack does."""
    slack.client.inject_fault("auth.test", error="service_unavailable", status=503)
    slack.client.inject_fault("apps.connections.open", error="ratelimited", retry_after=0)
    with Service(settings_for(slack.api_url, sqlite_url, Mode.SOCKET), FLOWS, with_bot=True, grace=1.0) as started:
        prompt, card = RunningService(slack, started).ask_in("#releases", approve)
        ana = slack.person("ana")
        ana.wait_until(lambda: slack.client.get("workspace")["connected"], what="the app")
        ana.press("Approve", message=card)
        assert RunningService(slack, started).over(prompt).result == "approved: True"


@pytest.fixture
def without_posting() -> Iterator[Emulator]:
    """A workspace in which the app may not post."""
    with Emulator(manifest=replace(SIGNOFF, scopes=SIGNOFF.scopes - {"chat:write"})) as slack:
        yield slack


def test_a_missing_scope_is_named(without_posting: Emulator, sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The ledger of the prompt without a card names it, and so does the log, with the prompt, its run and channel."""
    with Service(settings_for(without_posting.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(without_posting, started)
        prompt = until_asked(started.db, approve.create_run(db=started.db).id)
        assert service.until_noted(prompt, "card_failed") == {
            "error": "missing_scope (the app needs the scope chat:write)",
            "place": "#releases",
        }
        service.until_logged(caplog, f"of the run {prompt.run_name} in #releases: missing_scope")
        service.until_logged(caplog, f"Could not draw the card of {prompt.label}")


def test_a_successful_start_logs_no_warning(
    slack: Emulator, sqlite_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even if the settings are in the environment, where Bolt reads them too."""
    for name, value in slack.environment().items():
        monkeypatch.setenv(name, value)
    with Service(settings_for(slack.api_url, sqlite_url, Mode.SOCKET), FLOWS, with_bot=True):
        assert [line for line in caplog.records if line.levelno >= logging.WARNING] == []


def test_no_token_is_ever_logged(slack: Emulator, sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Invariant 9: not even at the most verbose level, when Slack rejects it."""
    caplog.set_level(logging.DEBUG)
    slack.client.inject_fault("chat.postMessage", error="invalid_auth")
    with Service(settings_for(slack.api_url, sqlite_url, Mode.SOCKET), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        prompt, card = service.ask_in("#releases", approve)
        slack.person("ana").press("Approve", message=card)
        service.over(prompt)
    for secret in (slack.bot_token, slack.app_token, slack.signing_secret):
        assert secret not in caplog.text


@pytest.mark.parametrize("name", ["SIGNOFF_MAX_IN_MEMORY", "SIGNOFF_MAX_HELD"])
def test_a_renamed_setting_is_still_read_under_its_old_name(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It logs a warning. An option on the command line takes precedence over both names."""
    monkeypatch.setenv(name, "7")
    assert load_settings().max_in_memory == 7
    assert ("SIGNOFF_MAX_HELD is now called SIGNOFF_MAX_IN_MEMORY" in caplog.text) == (name == "SIGNOFF_MAX_HELD")
    assert load_settings(max_in_memory=5).max_in_memory == 5


def test_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant 9: neither as text, nor in the error about a setting that is invalid."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://ana:hunter2@db/signoff\n")
    monkeypatch.setenv("SLACK_BOT_TOKEN", " xoxb-hunter2\n")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "hunter2-signs\r\n")
    settings = load_settings()
    assert settings.database_url == "postgresql://ana:hunter2@db/signoff"
    assert (settings.bot_token(), settings.signing_secret()) == ("xoxb-hunter2", "hunter2-signs")
    assert "hunter2" not in f"{settings} {settings!r}"
    monkeypatch.setenv("SIGNOFF_PORT", "hunter2")
    with pytest.raises(ValidationError) as invalid:
        Settings()
    assert "hunter2" not in str(invalid.value)
    with pytest.raises(BadSettings, match="SIGNOFF_PORT") as refused:
        load_settings()
    assert "hunter2" not in str(refused.value)
