"""Every input element can be filled on the page, and the app gets the state value object that Slack would send."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.acceptance.emulator.conftest import OpenAs
from tests.acceptance.emulator.form_app import FormApp, Json, option, question

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = [option("Small"), option("Medium"), option("Large")]
ANA, BEN, RELEASES, ORDERS = "U0ANARUIZ1", "U0BENOKAF1", "C0RELEASE1", "C0ORDERS01"


def the_box(page: Page) -> Locator:
    """What the label Answer names."""
    return page.get_by_label("Answer", exact=True)


def typing(text: str) -> Callable[[Page], None]:
    """Fill the box with this text."""
    return lambda page: the_box(page).fill(text)


def checking(*names: str) -> Callable[[Page], None]:
    """Check the boxes with these names."""

    def check(page: Page) -> None:
        for name in names:
            page.get_by_role("dialog").get_by_label(name, exact=True).check()

    return check


def picking(*searches: tuple[str, str]) -> Callable[[Page], None]:
    """For each pair: type the first into the select, choose the option called by the second."""

    def pick(page: Page) -> None:
        for typed, name in searches:
            page.get_by_role("combobox", name="Answer").click()
            page.keyboard.type(typed)
            page.get_by_role("option", name=name).click()
        # The list of a select for several choices stays open until one goes on.
        page.keyboard.press("Tab")

    return pick


def when(page: Page) -> None:
    """Fill in a date and a time."""
    the_box(page).fill("2026-05-06")
    page.get_by_label("Answer: time", exact=True).fill("14:30")


def write_richly(page: Page) -> None:
    """Write a plain and a bold word, and a list."""
    the_box(page).press_sequentially("Ship ")
    page.keyboard.press("Control+b")
    page.keyboard.type("it")
    page.keyboard.press("Control+b")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Bulleted list").click()
    page.keyboard.type("today")


def rich(*elements: Json) -> Json:
    """A rich text value."""
    return {"type": "rich_text", "elements": list(elements)}


def words(*elements: Json) -> Json:
    """A section of rich text."""
    return {"type": "rich_text_section", "elements": list(elements)}


@dataclass(frozen=True)
class Case:
    """An element, how a person fills it in, and what the app must get besides the type."""

    element: Json
    fill: Callable[[Page], None]
    state: Json

    @property
    def type(self) -> str:
        """The element's type."""
        return str(self.element["type"])


def case(element: str, fill: Callable[[Page], None], state: Json, **more: Any) -> Case:
    """A case in one line."""
    return Case({"type": element, **more}, fill, state)


CASES = [
    case("plain_text_input", typing("2.4.0"), {"value": "2.4.0"}),
    case("plain_text_input", typing("two\nlines"), {"value": "two\nlines"}, multiline=True),
    case("number_input", typing("7"), {"value": "7"}, is_decimal_allowed=False, min_value="1", max_value="9"),
    case("number_input", typing("0.25"), {"value": "0.25"}, is_decimal_allowed=True),
    case("email_text_input", typing("ana@example.com"), {"value": "ana@example.com"}),
    case("url_text_input", typing("https://example.com/x"), {"value": "https://example.com/x"}),
    case("datepicker", typing("2026-05-06"), {"selected_date": "2026-05-06"}),
    case("timepicker", typing("14:30"), {"selected_time": "14:30"}),
    # Ana is in Madrid, two hours before UTC in May.
    case("datetimepicker", when, {"selected_date_time": int(datetime(2026, 5, 6, 12, 30, tzinfo=UTC).timestamp())}),
    case("checkboxes", checking("Small", "Large"), {"selected_options": [SIZES[0], SIZES[2]]}, options=SIZES),
    case("radio_buttons", checking("Medium"), {"selected_option": SIZES[1]}, options=SIZES),
    case("static_select", picking(("lar", "Large")), {"selected_option": SIZES[2]}, options=SIZES),
    case(
        "static_select",
        picking(("", "Small")),
        {"selected_option": SIZES[0]},
        option_groups=[{"label": {"type": "plain_text", "text": "Sizes"}, "options": SIZES}],
    ),
    case("external_select", picking(("sig", "sig-2")), {"selected_option": option("sig-2")}, min_query_length=2),
    case("users_select", picking(("ben", "Ben Okafor")), {"selected_user": BEN}),
    case("channels_select", picking(("rel", "releases")), {"selected_channel": RELEASES}),
    case("conversations_select", picking(("ord", "orders")), {"selected_conversation": ORDERS}),
    case(
        "multi_static_select",
        picking(("sm", "Small"), ("la", "Large")),
        {"selected_options": [SIZES[0], SIZES[2]]},
        options=SIZES,
        max_selected_items=2,
    ),
    case(
        "multi_external_select",
        picking(("sig", "sig-1"), ("ops", "ops-3")),
        {"selected_options": [option("sig-1"), option("ops-3")]},
        min_query_length=1,
    ),
    case("multi_users_select", picking(("ana", "Ana Ruiz"), ("ben", "Ben Okafor")), {"selected_users": [ANA, BEN]}),
    case(
        "multi_channels_select",
        picking(("rel", "releases"), ("ord", "orders")),
        {"selected_channels": [RELEASES, ORDERS]},
    ),
    case("multi_conversations_select", picking(("ord", "orders")), {"selected_conversations": [ORDERS]}),
    case(
        "rich_text_input",
        write_richly,
        {
            "rich_text_value": rich(
                words({"type": "text", "text": "Ship "}, {"type": "text", "text": "it", "style": {"bold": True}}),
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "indent": 0,
                    "elements": [words({"type": "text", "text": "today"})],
                },
            )
        },
    ),
]


def open_form(app: FormApp, open_as: OpenAs, channel: str, *blocks: Json, **answer: Any) -> Page:
    """The page with the form open."""
    app.offer(channel, *blocks, **answer)
    page = open_as("ana")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_role("dialog", name="A form")).to_be_visible()
    return page


def send(page: Page) -> None:
    """Submit the form, which the app takes."""
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("filled", CASES, ids=[f"{number}-{each.type}" for number, each in enumerate(CASES, 1)])
def test_what_is_filled_in_reaches_the_app(filled: Case, app: FormApp, open_as: OpenAs, channel: str) -> None:
    """Left empty, a required input is refused under its field; filled in, its value arrives as Slack sends it."""
    page = open_form(app, open_as, channel, question(filled.element))
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Please complete this required field.")
    filled.fill(page)
    send(page)
    assert app.submitted() == {"type": filled.type, **filled.state}


def test_a_file_is_uploaded_and_named_in_the_value(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """A file of a wrong type is refused at once; one of the right type reaches the app as a file of the workspace."""
    page = open_form(app, open_as, channel, question({"type": "file_input", "filetypes": ["txt"], "max_files": 1}))
    box = page.get_by_label("Answer", exact=True)
    box.set_input_files({"name": "tool.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"})
    expect(page.get_by_text("tool.exe is not one of: txt.")).to_be_visible()
    box.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Ship it"})
    expect(page.get_by_role("button", name="Remove notes.txt")).to_be_visible()
    send(page)
    (file,) = app.submitted()["files"]
    assert (file["name"], file["mimetype"], file["size"]) == ("notes.txt", "text/plain", 7)


@pytest.mark.parametrize(
    ("typed", "error"),
    [("many", "Enter a number."), ("0", "Enter a number of at least 1."), ("2.5", "Enter a whole number.")],
)
def test_a_number_out_of_its_rules_is_refused(
    typed: str, error: str, app: FormApp, open_as: OpenAs, channel: str
) -> None:
    """What is no number, or breaks a bound, gets its error under the field, and what was typed stays."""
    rules = {"is_decimal_allowed": False, "min_value": "1", "max_value": "9"}
    page = open_form(app, open_as, channel, question({"type": "number_input", **rules}))
    the_box(page).fill(typed)
    the_box(page).press("Enter")
    expect(page.get_by_role("alert")).to_have_text(error)
    expect(the_box(page)).to_have_value(typed)


def test_half_a_moment_is_not_silently_dropped(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """A date without its time gets an error, even where the moment is optional."""
    page = open_form(app, open_as, channel, question({"type": "datetimepicker"}, optional=True))
    page.get_by_label("Answer (optional)", exact=True).fill("2026-05-06")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Enter a time as well.")


def test_a_select_works_by_keyboard_alone(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """Arrows open the list and move in it, Enter chooses, Escape closes only the list, Backspace takes back."""
    select = {"type": "multi_static_select", "options": SIZES, "max_selected_items": 2}
    page = open_form(app, open_as, channel, question(select))
    box = page.get_by_role("combobox", name="Answer")
    expect(box).to_be_focused()
    for keys in ("ArrowDown", "Enter", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(keys)
    expect(page.get_by_role("button", name="Remove")).to_have_count(2)
    expect(page.get_by_text("You can choose at most 2")).to_be_visible()
    expect(page.get_by_role("option", disabled=True)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Backspace")
    send(page)
    assert app.submitted()["selected_options"] == [SIZES[0]]


def test_initial_values_are_shown_and_sent_back(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """A form that nobody touches gives back what the app put into it."""
    moment = int(datetime(2026, 1, 31, 23, 15, tzinfo=UTC).timestamp())
    page = open_form(app, open_as, channel, question({"type": "datetimepicker", "initial_date_time": moment}))
    # In Madrid the next month has begun by then.
    expect(the_box(page)).to_have_value("2026-02-01")
    send(page)
    assert app.submitted()["selected_date_time"] == moment
