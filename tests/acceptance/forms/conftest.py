"""Signoff with one flow, which asks for what it is told, beside the emulator."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from signoff import Policy, flow, suspend_flow_run
from signoff.bot.service import Service
from signoff.store.records.prompts import Prompt
from signoff.testing import Emulator
from tests.acceptance.forms import models
from tests.acceptance.forms.rows import ROWS
from tests.integration.bot.running_service import RunningService, copied, settings_for
from tests.support.generous_limits import ACK_LIMIT_SECONDS

OTHERS = {"a list of models": models.Basket, "a rule of the whole model": models.Range, "pages": models.Halls}
ROOM_NUMBERS = count(1)

Ask = Callable[[str, str], tuple[Page, Prompt]]


@flow(name="ask")
def ask(name: str, room: str) -> object:
    """Ask for one of the models, and return what was answered as JSON."""
    asked = ROWS[name].asked if name in ROWS else OTHERS[name]
    return suspend_flow_run(wait_for_input=asked, policy=Policy(channel=room)).model_dump(mode="json")


@pytest.fixture(scope="module")
def service(sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """The whole of Signoff in this process."""
    database_url = copied(sqlite_file, tmp_path_factory.mktemp("forms") / "signoff.db")
    with (
        Emulator(ack_limit_seconds=ACK_LIMIT_SECONDS) as slack,
        Service(settings_for(slack.api_url, database_url), [ask], with_bot=True, grace=1.0) as started,
    ):
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


@pytest.fixture
def open_form(page: Page, service: RunningService) -> Iterator[Ask]:
    """Has a model asked for, and opens its form in the page as Ana, in a channel of its own, by that button.

    Afterwards every modal is closed.
    """
    ana = service.slack.person("ana")

    def opened(name: str, button: str) -> tuple[Page, Prompt]:
        room = f"#room-{next(ROOM_NUMBERS)}"
        channel = service.slack.client.add_channel(room)
        prompt, _ = service.ask_in(room, ask, name=name, room=room)
        page.goto(f"{service.slack.url}/#as={ana.id}&channel={channel}")
        page.locator(".message").get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        return page, prompt

    yield opened
    while ana.modal:
        ana.close()
