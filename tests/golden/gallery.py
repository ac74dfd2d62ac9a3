"""Takes pictures of the zoo's cards and first modals, as the emulator's page shows them.

    uv run python -m tests.golden.gallery FOLDER [MODEL ...]

takes pictures of all models, or of those that are named. `--docs` takes those that docs/gallery.md shows:

    uv run python -m tests.golden.gallery docs/images/gallery --docs
"""

import argparse
import base64
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from signoff import Policy, flow, suspend_flow_run
from signoff.bot.service import Service
from signoff.testing import Emulator
from tests.acceptance.conftest import CHROMIUMS, QUIETLY
from tests.golden.zoo import ZOO
from tests.integration.bot.running_service import settings_for

WIDTH, HEIGHT = 1280, 1400
DOCS = Path(__file__).parents[2] / "docs" / "gallery.md"
PICTURE = re.compile(r"images/gallery/(\w+)\.png")
OPENS_THE_FORM = re.compile("Edit…|Answer…")
SHEET = """
<style>
  body { margin: 0; font: 13px sans-serif; background: #e9e9ec }
  main { display: inline-flex; align-items: flex-start; gap: 16px; padding: 16px }
  img { border-radius: 12px; background: white; box-shadow: 0 1px 4px #0003 }
</style>
"""


@flow(name="zoo")
def ask(name: str, channel: str) -> None:
    """Ask for one of the models."""
    suspend_flow_run(wait_for_input=ZOO[name], policy=Policy(channel=channel))


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description="Make pictures of the zoo.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="*", help="for example union_tagged; all of them by default")
    parser.add_argument("--docs", action="store_true", help="those that docs/gallery.md shows")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    names = PICTURE.findall(DOCS.read_text(encoding="utf-8")) if wanted.docs else wanted.models or list(ZOO)
    for name, picture in pictures(names):
        (wanted.folder / f"{name}.png").write_bytes(picture)
        print(wanted.folder / f"{name}.png", len(picture))


def pictures(names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """A picture of each model's card, and of its first modal if it has one."""
    with tempfile.TemporaryDirectory() as folder, Emulator() as slack:
        settings = settings_for(slack.api_url, f"sqlite:///{folder}/signoff.db")
        with Service(settings, [ask], with_bot=True, grace=1.0) as service, two_pages() as (page, sheet):
            assert service.bot is not None
            slack.deliver_to(str(service.bot.request_url))
            ana = slack.person("ana")
            for name in names:
                # A channel for each model, because a card that was deleted would be posted again.
                channel = f"#{name.replace('_', '-')}"
                channel_id = slack.client.add_channel(channel)
                ask.create_run({"name": name, "channel": channel}, db=service.db)
                ana.wait_for_message(channel, lambda seen: bool(seen.buttons))
                page.goto("about:blank")
                page.goto(f"{slack.url}/#as={ana.id}&channel={channel_id}")
                yield name, side_by_side(sheet, list(seen_on(page)))
                if ana.modal:
                    ana.close()


def seen_on(page: Page) -> Iterator[bytes]:
    """The card, and the modal behind its button."""
    card = page.locator(".message:visible")
    expect(card).to_have_count(1)
    box = card.bounding_box() or {"height": 0}
    page.set_viewport_size({"width": WIDTH, "height": max(HEIGHT, int(box["height"]) + 300)})
    page.evaluate("document.fonts.ready")
    yield card.screenshot()
    button = card.get_by_role("button", name=OPENS_THE_FORM)
    if button.count():
        button.first.click()
        yield whole(page.get_by_role("dialog"))


def whole(dialog: Locator) -> bytes:
    """The modal, after its animations."""
    expect(dialog).to_be_visible()
    dialog.evaluate("each => Promise.all(each.getAnimations({subtree: true}).map(one => one.finished))")
    return dialog.screenshot()


def side_by_side(sheet: Page, images: Iterable[bytes]) -> bytes:
    """One picture of several."""
    shown = "".join(f'<img src="data:image/png;base64,{base64.b64encode(image).decode()}">' for image in images)
    sheet.set_content(f"{SHEET}<main>{shown}</main>")
    return sheet.locator("main").screenshot()


@contextmanager
def two_pages() -> Iterator[tuple[Page, Page]]:
    """The emulator's page, and a page on which pictures are combined."""
    executable = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*QUIETLY])
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce"
        )
        yield page, browser.new_page(viewport={"width": 2 * WIDTH, "height": HEIGHT + 100})
        browser.close()


if __name__ == "__main__":
    main()
