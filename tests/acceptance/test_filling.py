"""What takes more than one modal, filled in by a real browser, with a wrong value first."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from signoff.bot.service import Service
from signoff.testing import Emulator
from tests.integration.bot import long_forms
from tests.integration.bot.running_service import RunningService, copied, settings_for

pytestmark = pytest.mark.browser


@pytest.fixture
def service(slack: Emulator, sqlite_file: Path, tmp_path: Path) -> Iterator[RunningService]:
    """Signoff, served by signed HTTP."""
    database_url = copied(sqlite_file, tmp_path / "signoff.db")
    with Service(settings_for(slack.api_url, database_url), long_forms.FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def opened(service: RunningService, page: Page, button: str) -> None:
    """The page as Ana has it, with the form of the newest card open."""
    ana = service.slack.person("ana")
    page.goto(f"{service.slack.url}/#as={ana.id}")
    page.get_by_role("link", name="orders").or_(page.get_by_role("button", name="orders")).first.click()
    page.get_by_role("button", name=button).first.click()


def test_a_guest_is_added_edited_and_removed(service: RunningService, page: Page) -> None:
    """An entry's error stands under its field on top of the list, and the list shows what is done."""
    prompt, _ = service.ask_in("#orders", long_forms.invite)
    opened(service, page, "Answer…")
    page.get_by_role("button", name="Add Guest…").click()
    entry = page.get_by_role("dialog", name="Add Guest")
    entry.get_by_label("Name").fill("ada")
    entry.get_by_role("button", name="Done").click()
    expect(entry.get_by_text("String should match pattern")).to_be_visible()
    entry.get_by_label("Name").fill("Ada")
    entry.get_by_role("button", name="Done").click()
    form = page.get_by_role("dialog", name="Party")
    expect(form).to_contain_text("Ada")
    form.get_by_label("Note").fill("Soon")
    form.get_by_role("button", name="Submit").click()

    assert service.over(prompt).result == {"guests": [{"name": "Ada", "age": None, "visits": []}], "note": "Soon"}


def test_another_kind_asks_for_its_own_fields(service: RunningService, page: Page) -> None:
    """They appear as soon as it is chosen, and what was typed in the other one is there again afterwards."""
    prompt, _ = service.ask_in("#orders", long_forms.pay)
    opened(service, page, "Edit…")
    form = page.get_by_role("dialog", name="How?")
    form.get_by_label("Days").fill("47")
    form.get_by_label("Card").check()
    expect(form.get_by_role("textbox", name="Number")).to_be_visible()
    form.get_by_label("Invoice").check()
    expect(form.get_by_label("Days")).to_have_value("47")
    form.get_by_role("button", name="Submit").click()
    expect(form.get_by_text("Input should be a multiple of 5")).to_be_visible()
    form.get_by_label("Days").fill("45")
    form.get_by_role("button", name="Submit").click()

    assert service.over(prompt).result["by"] == {"method": "invoice", "company": "Acme", "days": 45}
