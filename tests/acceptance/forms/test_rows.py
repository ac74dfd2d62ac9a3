"""Each type that a person can be asked for is filled in by a real browser, with what will not do first."""

import re

import pytest
from playwright.sync_api import expect

from tests.acceptance.forms.conftest import Ask
from tests.acceptance.forms.filling import expect_error, held, submit, top, typing
from tests.acceptance.forms.rows import ROWS
from tests.integration.bot.running_service import RunningService

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("name", ROWS)
def test_a_wrong_value_is_refused_under_its_field_and_a_right_one_reaches_the_flow(
    name: str, open_form: Ask, service: RunningService
) -> None:
    """Every error stands under its field, the modal stays open with all that was typed, and then the run goes on."""
    row = ROWS[name]
    page, prompt = open_form(name, row.opens)
    row.wrong(page)
    submit(page)
    for label, error in row.errors.items():
        expect_error(page, label, error)
    row.right(page)
    submit(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert service.over(prompt).result == row.result


def test_entries_of_a_list_are_added_edited_and_removed_in_modals_of_their_own(
    open_form: Ask, service: RunningService
) -> None:
    """An entry's error stands under its field in its own modal; that of the list as a whole at the top of the form."""
    page, prompt = open_form("a list of models", "Answer…")
    basket = page.get_by_role("dialog", name="Basket")

    def add(article: str, pieces: str) -> None:
        top(page).get_by_role("button", name="Add Line…").click()
        expect(page.get_by_role("dialog", name="Add Line")).to_be_visible()
        typing(Article=article, Pieces=pieces)(page)

    def save(shown: str) -> None:
        submit(page)
        # The list shows the entry before the entry's own modal closes.
        expect(page.get_by_role("dialog")).to_have_count(1)
        expect(basket).to_contain_text(shown)

    def menu(entry: int, act: str) -> None:
        top(page).get_by_role("button", name="More").nth(entry).click()
        page.get_by_role("menuitem", name=act).click()

    add("Mug", "13")
    submit(page)
    expect_error(page, "Pieces", "taken")
    typing(Pieces="2")(page)
    save("Article: Mug · Pieces: 2")
    submit(page)
    expect(basket).to_contain_text(re.compile("at least 2"))
    add("Cap", "1")
    save("Article: Cap · Pieces: 1")
    add("Pen", "5")
    save("Article: Pen · Pieces: 5")
    expect(basket.get_by_role("button", name="Add Line…")).to_have_count(0)
    menu(1, "Remove")
    expect(basket).not_to_contain_text("Cap")
    menu(1, "Edit…")
    expect(page.get_by_role("dialog", name="Edit Line")).to_be_visible()
    typing(Pieces="6")(page)
    save("Article: Pen · Pieces: 6")
    submit(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert service.over(prompt).result == {"lines": [{"article": "Mug", "pieces": 2}, {"article": "Pen", "pieces": 6}]}


def test_an_error_of_the_whole_model_stands_at_the_top(open_form: Ask, service: RunningService) -> None:
    """What was typed stays."""
    page, prompt = open_form("a rule of the whole model", "Answer…")
    typing(Least="5", Most="3")(page)
    submit(page)
    expect(top(page)).to_contain_text("The least must not be more than the most.")
    expect(top(page).get_by_label("Least")).to_have_value("5")
    typing(Most="7")(page)
    submit(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert service.over(prompt).result == {"least": 5, "most": 7}


def test_more_fields_than_a_modal_holds_stand_on_pages_that_keep_what_was_typed(
    open_form: Ask, service: RunningService
) -> None:
    """Back keeps what was typed on the second page; an error on the first is shown there, and what was typed stays."""
    page, prompt = open_form("pages", "Edit…")
    typing(Hall_005="13")(page)
    submit(page)
    expect(top(page)).to_contain_text("Page 2 of 2")
    typing(Hall_110="7")(page)
    top(page).get_by_role("button", name="Back").click()
    expect(top(page)).to_contain_text("Page 1 of 2")
    submit(page)
    expect(held(page, "Hall 110").locator("input")).to_have_value("7")
    submit(page)
    expect(top(page)).to_contain_text("Hall 005: That is taken.")
    expect(held(page, "Hall 005").locator("input")).to_have_value("13")
    typing(Hall_005="5")(page)
    submit(page)
    expect(top(page)).to_contain_text("Page 2 of 2")
    submit(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    result = service.over(prompt).result
    assert (result["hall_005"], result["hall_110"], len(result)) == (5, 7, 120)
