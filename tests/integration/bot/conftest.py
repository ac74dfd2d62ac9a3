"""All of Signoff in the test's process, with a database file and the emulator."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from signoff.bot.service import Service
from signoff.bot.settings import Mode
from signoff.testing import Emulator
from tests.integration.bot import long_forms
from tests.integration.bot.asking import FLOWS
from tests.integration.bot.running_service import RunningService, copied, settings_for
from tests.support.generous_limits import GENEROUS_SECONDS, limits_of_the_bot


@pytest.fixture
def real_limits() -> None:
    """The limits are those that users have, for a test that waits for one of them."""


@pytest.fixture(autouse=True)
def generous_limits(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Let a press wait longer for the database and for Slack than an ack may take, as on a busy machine it has to."""
    if "real_limits" in request.fixturenames:
        return
    for module, name in limits_of_the_bot():
        monkeypatch.setattr(module, name, GENEROUS_SECONDS)


@pytest.fixture
def sqlite_url(sqlite_file: Path, tmp_path: Path) -> str:
    """The URL of a new database."""
    return copied(sqlite_file, tmp_path / "signoff.db")


@pytest.fixture
def service(slack: Emulator, sqlite_url: str, request: pytest.FixtureRequest) -> Iterator[RunningService]:
    """Signoff, in the mode that the test is parametrised with, or else with signed HTTP."""
    mode = getattr(request, "param", Mode.HTTP)
    with Service(
        settings_for(slack.api_url, sqlite_url, mode), [*FLOWS, *long_forms.FLOWS], with_bot=True, grace=1.0
    ) as started:
        service = RunningService(slack, started)
        if mode is Mode.HTTP:
            slack.deliver_to(service.request_url)
        yield service
