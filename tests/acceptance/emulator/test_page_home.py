"""The app's home tab on the page, and its shortcuts in the menus of messages and of the composer."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from signoff.bot.service import Service
from signoff.testing import Emulator
from tests.integration.bot.asking import shirt
from tests.integration.bot.running_service import settings_for
from tests.support.generous_limits import ACK_LIMIT_SECONDS
from tests.support.waiting import until_asked


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Service]]:
    """Signoff in a workspace, where everybody may start runs."""
    url = f"sqlite:///{tmp_path_factory.mktemp('home')}/signoff.db"
    with Emulator(ack_limit_seconds=ACK_LIMIT_SECONDS) as slack:
        settings = settings_for(slack.api_url, url, may_start=("everyone",))
        with Service(settings, [shirt], with_bot=True, grace=1.0) as started:
            assert started.bot is not None
            assert started.bot.request_url is not None
            slack.deliver_to(started.bot.request_url)
            yield slack, started


def opened(page: Page, slack: Emulator) -> None:
    """The page, as Mei."""
    page.goto("about:blank")
    page.goto(f"{slack.url}/#as={slack.person('mei').id}")
    expect(page.get_by_text("Signoff is connected")).to_be_visible()


def test_the_home_tab_is_opened_with_the_keyboard_and_stays_up_to_date(
    page: Page, service: tuple[Emulator, Service]
) -> None:
    """It has the roles of tabs, and its buttons open what they open elsewhere."""
    slack, started = service
    opened(page, slack)
    page.get_by_role("navigation").get_by_role("button", name="Signoff").click()
    messages = page.get_by_role("tab", name="Messages")
    expect(messages).to_have_attribute("aria-selected", "true")
    messages.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Home")).to_have_attribute("aria-selected", "true")
    home = page.get_by_role("tabpanel", name="Home")
    expect(home).to_contain_text("Nothing is waiting for you.")
    expect(page.get_by_role("combobox", name="Message ")).to_be_hidden()
    until_asked(started.db, shirt.create_run({}, db=started.db).id)
    expect(home.get_by_role("heading", name="Waiting for you (1)")).to_be_visible()
    home.get_by_role("button", name="Open").click()
    expect(page.get_by_role("dialog")).to_contain_text("Which one?")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Messages").click()
    expect(home).to_be_hidden()
    expect(page.get_by_role("combobox", name="Message ")).to_be_visible()


def test_shortcuts_are_in_the_menus_of_the_composer_and_of_a_message(
    page: Page, service: tuple[Emulator, Service]
) -> None:
    """Both are reached with the keyboard, and open the app's modal."""
    slack, _ = service
    slack.person("ana").say("The shop is closed", in_="#general")
    opened(page, slack)
    for button, item in (
        ("Shortcuts", "Start a run"),
        ("Menu of the message from Ana Ruiz", "Start a run with this"),
    ):
        page.get_by_role("button", name=button).last.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("menuitem", name=item)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog").get_by_role("heading", name="Start a run")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
