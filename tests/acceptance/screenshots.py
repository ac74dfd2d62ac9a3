"""Pictures of the demo, in light and dark, wide and narrow.

    uv run python -m tests.acceptance.screenshots FOLDER [PICTURE ...]

makes all of them, or those that are named. The README's are made with

    uv run python -m tests.acceptance.screenshots docs/images demo-light demo-dark
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from signoff.bot.emulator.control.control_client import ControlClient
from signoff.bot.emulator.control.person import Person
from tests.acceptance.command import Command
from tests.acceptance.conftest import CHROMIUMS, QUIETLY

SIZES = {"": (1280, 800), "-narrow": (390, 844)}
THEMES = ("light", "dark")


@dataclass(frozen=True)
class Scene:
    """What is to be seen: who looks at which channel, and what they did before."""

    name: str
    person: str
    channel: str
    prepare: Callable[[Person], None]
    with_thread: bool = False


def wait_for_cards(person: Person) -> None:
    """Until every example has asked."""
    for channel in ("#releases", "#orders", "#data"):
        person.wait_for_message(channel, lambda message: bool(message.buttons))


def order_the_impossible(person: Person) -> None:
    """Ask for the one shirt that is not made."""
    person.press("Edit…", "#orders")
    person.wait_for_modal()
    person.submit({"Color": "green"})


def ask_what_waits(person: Person) -> None:
    """`/approvals`."""
    person.command("/approvals")
    person.wait_for_message("#general", lambda message: "Open" in message.buttons)


def approve(person: Person) -> None:
    """Approve the release, and wait for the end of its run."""
    person.press("Approve", "#releases")
    person.wait_for_message("#releases", "completed")


SCENES = (
    Scene("demo", "ana", "releases", wait_for_cards),
    Scene("form", "chloe", "orders", order_the_impossible),
    Scene("approvals", "ben", "general", ask_what_waits),
    Scene("settled", "ana", "releases", approve, with_thread=True),
)
"""In the order in which they happen."""


def main() -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description="Make pictures of the demo.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("pictures", nargs="*", help="for example demo-light; all of them by default")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Command("demo", "--port", "0", folder=Path(folder)) as demo,
        opened_pages() as pages,
    ):
        workspace = ControlClient(demo.address())
        for scene in SCENES:
            scene.prepare(workspace.person(scene.person))
            for look, page in pages.items():
                picture = f"{scene.name}-{look}"
                if not wanted.pictures or picture in wanted.pictures:
                    show(page, workspace, scene)
                    page.screenshot(path=wanted.folder / f"{picture}.png")
                    print(wanted.folder / f"{picture}.png")


@contextmanager
def opened_pages() -> Iterator[dict[str, Page]]:
    """A page for each look: `light`, `light-narrow`, `dark`, `dark-narrow`."""
    pages = {}
    executable = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*QUIETLY])
        for theme, (suffix, (width, height)) in product(THEMES, SIZES.items()):
            pages[f"{theme}{suffix}"] = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if theme == "dark" else "light",
                reduced_motion="reduce",
            )
        yield pages
        browser.close()


def show(page: Page, workspace: ControlClient, scene: Scene) -> None:
    """Bring the scene onto the page."""
    person = workspace.person(scene.person)
    channel = next(each for each in workspace.get("workspace")["channels"] if each["name"] == scene.channel)
    address = f"{workspace.url}/#as={person.id}&channel={channel['id']}"
    if scene.with_thread:
        address += f"&thread={next(seen for seen in person.sees(scene.channel) if seen.reply_count).ts}"
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_text("Signoff is connected")).to_have_count(1)
    expect(page.locator(".message:visible").first).to_be_visible()
    page.evaluate("document.fonts.ready")


if __name__ == "__main__":
    main()
