"""Everything that a prompt says, read page by page in a real browser with the keyboard alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from signoff.bot.service import Service
from signoff.testing import Emulator
from tests.integration.bot.running_service import RunningService, copied, settings_for
from tests.integration.bot.test_full_text import change

pytestmark = pytest.mark.browser


@pytest.fixture
def service(slack: Emulator, sqlite_file: Path, tmp_path: Path) -> Iterator[RunningService]:
    """Signoff, served by signed HTTP."""
    database_url = copied(sqlite_file, tmp_path / "signoff.db")
    with Service(settings_for(slack.api_url, database_url), [change], with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def test_pages_are_turned_with_the_keyboard(service: RunningService, page: Page) -> None:
    """The focus stays on the button, so that Enter turns page after page, and Escape leads back to the card."""
    service.ask_in("#releases", change)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{service.slack.url}/#as={service.slack.person('ana').id}&channel=C0RELEASE1")
    card = page.locator(".message:visible").last
    expect(card).to_contain_text("Not shown here:")
    card.get_by_role("button", name="Show all").focus()
    page.keyboard.press("Enter")
    modal = page.get_by_role("dialog", name="Full text")
    expect(modal).to_contain_text("Page 1 of")
    modal.get_by_role("button", name="Next").last.focus()
    for number in (2, 3, 4):
        page.keyboard.press("Enter")
        expect(modal).to_contain_text(f"Page {number} of")
        expect(modal.get_by_role("button", name="Next").last).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Escape")
    expect(modal).to_have_count(0)
    expect(card.get_by_role("button", name="Approve")).to_be_visible()
