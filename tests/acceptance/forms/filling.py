"""How a person fills in an open form in the page."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

Fill = Callable[[Page], None]


def top(page: Page) -> Locator:
    """The modal on top."""
    return page.get_by_role("dialog").last


def labelled(label: str) -> re.Pattern[str]:
    """A label, with the word that Slack puts behind that of an optional input."""
    return re.compile(rf"^{re.escape(label)}( \(optional\))?$")


def typing(**texts: str) -> Fill:
    """Fill these texts into the inputs of these labels; `_` in a label stands for a blank."""

    def type_all(page: Page) -> None:
        for label, text in texts.items():
            held(page, label.replace("_", " ")).locator("input, textarea").fill(text)

    return type_all


def checking(label: str, *names: str) -> Fill:
    """Check the buttons or boxes with these names under that label."""

    def check_all(page: Page) -> None:
        for name in names:
            held(page, label).get_by_label(name, exact=True).check()

    return check_all


def at(label: str, day: str, time: str) -> Fill:
    """Fill in the day and the time of a moment."""

    def fill(page: Page) -> None:
        top(page).get_by_label(labelled(label)).fill(day)
        top(page).get_by_label(f"{label}: time", exact=True).fill(time)

    return fill


def picking(label: str, *searches: str) -> Fill:
    """In the select of that label, search for each of these and choose it."""

    def pick_all(page: Page) -> None:
        for name in searches:
            top(page).get_by_role("combobox", name=labelled(label)).click()
            page.keyboard.type(name)
            page.get_by_role("option", name=name).first.click()
        page.keyboard.press("Tab")

    return pick_all


def uploading(label: str, name: str, content: bytes) -> Fill:
    """Upload a file, and wait until it is there: a form is not submitted while one is on its way."""

    def upload(page: Page) -> None:
        file = {"name": name, "mimeType": "text/csv", "buffer": content}
        top(page).get_by_label(labelled(label)).set_input_files(file)  # type: ignore[arg-type]
        expect(top(page).get_by_role("button", name=f"Remove {name}")).to_be_visible()

    return upload


def each(*fills: Fill) -> Fill:
    """One after the other."""

    def fill_all(page: Page) -> None:
        for fill in fills:
            fill(page)

    return fill_all


def untouched(page: Page) -> None:
    """Fill in nothing."""


def submit(page: Page) -> None:
    """Submit the modal on top."""
    top(page).locator(".modal__foot button[type=submit]").click()


def held(page: Page, label: str) -> Locator:
    """The input of that label, with its hint and its error."""
    words = page.locator(".input__label").get_by_text(labelled(label))
    return top(page).locator(".input").filter(has=words)


def expect_error(page: Page, label: str, error: str) -> None:
    """The error stands under the input of that label, in a modal that is still open."""
    expect(held(page, label).get_by_role("alert")).to_contain_text(re.compile(error))
