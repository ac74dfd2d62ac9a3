"""A workspace with a small app, and the page opened as somebody."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from signoff.testing import ActionFailed, Emulator
from tests.acceptance.emulator.form_app import FormApp
from tests.support.generous_limits import ACK_LIMIT_SECONDS

OpenAs = Callable[[str], Page]
ROOM_NUMBERS = count(1)


@pytest.fixture(scope="module")
def workspace() -> Iterator[Emulator]:
    """A workspace in which the app has more time to ack than in Slack."""
    with Emulator(ack_limit_seconds=ACK_LIMIT_SECONDS) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def connected_app(workspace: Emulator) -> Iterator[FormApp]:
    """A small app, connected."""
    app = FormApp(workspace)
    workspace.person("ana").wait_until(lambda: workspace.client.get("workspace")["connected"])
    yield app
    app.close()


@pytest.fixture
def app(connected_app: FormApp) -> FormApp:
    """The small app, without what it heard in other tests."""
    connected_app.forget()
    return connected_app


@pytest.fixture
def channel(workspace: Emulator) -> str:
    """The id of a channel of the test's own."""
    return workspace.client.add_channel(f"room-{next(ROOM_NUMBERS)}")


@pytest.fixture
def open_as(page: Page, workspace: Emulator, connected_app: FormApp, channel: str) -> Iterator[OpenAs]:
    """Opens the page as somebody, by name, in the test's channel, once it is live. Afterwards every modal is closed."""

    def opened(name: str) -> Page:
        page.goto("about:blank")
        page.goto(f"{workspace.url}/#as={workspace.person(name).id}&channel={channel}")
        expect(page.get_by_text("Signoff is connected")).to_be_visible()
        return page

    yield opened
    for name in ("ana", "ben"):
        person = workspace.person(name)
        while person.modal:
            # It may close by itself just now.
            with suppress(LookupError, ActionFailed):
                person.close()
