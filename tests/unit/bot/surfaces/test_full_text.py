"""Whatever a card or a form leaves out, it counts; and the modal behind “Show all” has all of it."""

import json
import re
from datetime import timedelta
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model

from signoff import Policy
from signoff.bot.blockkit.blocks import Block, Message
from signoff.bot.emulator.blocks.validation import view_violations
from signoff.bot.forms.draft import Draft
from signoff.bot.forms.editor_state import EditorState
from signoff.bot.surfaces.cards import card
from signoff.bot.surfaces.full_text import OpenPage, full_text_modal
from signoff.bot.surfaces.modals import answer_modal, settled_modal
from signoff.bot.surfaces.wording import form_of
from signoff.flows.durable.question import Question
from signoff.store.records.prompts import Delivery, DeliveryState, Outcome, Prompt
from tests.support.models import Approval
from tests.support.prompts import MENTIONS, OPENED, prompt_for, settled
from tests.unit.bot.surfaces.test_cards import buttons, check, texts

SCRIPT = "Run this:\n" + json.dumps({f"step {number}": "do it" * 4 for number in range(400)})
NOTICE = re.compile(r"Not shown here:\* (.*)\.")


def left_out(blocks: list[Block]) -> str:
    """What a card or a form says that it leaves out; empty if it says nothing."""
    found = [NOTICE.search(block["text"]["text"]) for block in blocks if block["type"] == "section" and "text" in block]
    return next((each[1] for each in found if each), "")


def everything(prompt: Prompt, values: dict[str, Any] | None = None) -> str:
    """All pages of the modal, each accepted by Slack."""
    shown, number = [], 0
    while True:
        view = full_text_modal(prompt, prompt.initial_values if values is None else values, OpenPage(number))
        assert [fault.line() for fault in view_violations(view, "")] == []
        shown += [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"]
        if not any(button == "Next" for button in labels(view)):
            return "\n".join(shown)
        number += 1


def labels(view: Block) -> list[str]:
    """The buttons of a modal."""
    rows = [block["elements"] for block in view["blocks"] if block["type"] == "actions"]
    return [each["text"]["text"] for row in rows for each in row]


def test_a_card_that_is_cut_says_so_right_above_its_buttons() -> None:
    """With the number of missing characters, and a button that opens all of them. Pressing is still allowed."""
    message = card(prompt_for(Approval, {"version": "1.4"}, description=SCRIPT), MENTIONS)
    kinds = [block["type"] for block in message.blocks]
    notice = message.blocks[kinds.index("actions") - 1]
    (markdown,) = (block["text"] for block in message.blocks if block["type"] == "markdown")

    check(message)
    assert markdown.startswith('Run this:\n{"step 0": "do it')
    assert left_out([notice]) == re.findall(r"\((.*)\)$", markdown)[0]
    assert notice["accessory"]["text"]["text"] == "Show all"
    assert "Approve" in buttons(message)
    assert SCRIPT.split("\n")[1] in everything(prompt_for(Approval, description=SCRIPT)).replace("\n", "")


def test_a_card_that_shows_everything_says_nothing() -> None:
    """There is no button then."""
    assert left_out(list(card(prompt_for(Approval, {"version": "1.4"}, description="Short"), {}).blocks)) == ""


@pytest.mark.parametrize("where", ["title", "description", "value", "unknown", "reason"])
def test_every_text_that_is_cut_is_counted_and_can_be_read(where: str) -> None:
    """Wherever it stands on a card."""
    text = " ".join(f"word{number}" for number in range(4000))
    changes: dict[str, Any] = {"title": {"title": text}, "description": {"description": text}}.get(where, {})
    initial = {"value": {"version": text}, "unknown": {"more": text}}.get(where, {})
    if where == "reason":
        changes = settled(Outcome.REJECTED, None, reason=text)
    prompt = prompt_for(Approval, initial, **changes)
    message = card(prompt, {})
    found = re.fullmatch(r"([\d,]+) more characters", left_out(list(message.blocks)))

    check(message)
    assert found is not None
    assert 15_000 < int(found[1].replace(",", "")) < len(text)
    assert "word0" in texts(message)
    assert "word3999" not in texts(message)
    assert "word3999" in everything(prompt)


def test_values_without_a_row_are_counted_and_can_be_read() -> None:
    """A message holds 50 blocks."""
    prompt = prompt_for(None, {f"field {number}": f"<value {number}>" for number in range(300)})
    message = card(prompt, {})

    check(message)
    assert left_out(list(message.blocks)) == "280 more values"
    assert "<value 299>" in everything(prompt)


class Entry(BaseModel):
    """One of a list."""

    name: str
    note: str = ""


class Listed(BaseModel):
    """A list of models, and a choice."""

    entries: list[Entry]
    size: Literal["small", "large"]


def test_a_list_entry_that_is_cut_is_counted_and_can_be_read() -> None:
    """On the card and in the form."""
    note = "n" * 400 + "END"
    prompt = prompt_for(Listed, {"entries": [{"name": "Ana", "note": note}]})
    view = answer_modal(prompt, EditorState(form_of(prompt), Draft(prompt.initial_values)))

    assert left_out(list(card(prompt, {}).blocks)).endswith("more characters")
    assert left_out(view["blocks"]).endswith("more characters")
    assert f"*Entries 1 › Note*\n{note}" in everything(prompt)


def test_the_texts_of_a_form_can_be_read_in_full() -> None:
    """Titles, descriptions and options have less room in a form than in a schema."""

    class Size(Enum):
        """Long values with a common beginning."""

        SMALL = "s" * 100 + "mall"
        LARGE = "s" * 100 + "large"

    model = create_model(
        "Model",
        size=(Size, Field(title="T" * 2100 + "TITLE", description="d " * 1100 + "DESCRIPTION")),
        text=(str, Field(default="x" * 4000 + "VALUE")),
    )
    prompt = prompt_for(model)
    view = answer_modal(prompt, EditorState(form_of(prompt), Draft({})))

    assert [fault.line() for fault in view_violations(view, "")] == []
    assert left_out(view["blocks"]).endswith("more characters")
    assert "x" * 1000 in json.dumps(view)
    shown = everything(prompt).replace("\n", "")
    for end in ("TITLE", "DESCRIPTION", "smalL"[:4], "mall", "VALUE"):
        assert end in shown


def test_the_question_of_a_form_is_cut_within_its_line() -> None:
    """3,153 characters were too many for a form, and all but the first line disappeared."""
    prompt = prompt_for(Approval, description="Run this:\n" + "x" * 3143)
    view = answer_modal(prompt, EditorState(form_of(prompt), Draft({})))

    assert f"Run this:\n{'x' * 2900}" in json.dumps(view).replace("\\n", "\n")
    assert re.fullmatch(r"1\d\d more characters|2\d\d more characters", left_out(view["blocks"]))


def test_a_settled_prompt_shows_what_was_decided_with_what_was_changed() -> None:
    """In full, like an open one."""
    prompt = prompt_for(
        Approval,
        {"version": "a" * 3000 + "BEFORE"},
        **settled(answer={"approved": True, "version": "b" * 3000 + "AFTER", "at": None, "reason": ""}),
    )
    shown = everything(prompt, dict(prompt.answer or {}))

    assert "AFTER" in shown
    assert "*Version (before)*" in shown
    assert "BEFORE" in shown
    assert "✅ *Approved* by <@U0ANA>" in shown
    assert left_out(settled_modal(prompt)["blocks"]).endswith("more characters")


def test_pages_have_buttons_to_the_next_and_the_previous_one() -> None:
    """The first page has no way back, the last none forward, and a number beyond it is the last one."""
    prompt = prompt_for(None, description="line\n" * 20_000)

    def page(number: int) -> Block:
        return full_text_modal(prompt, {}, OpenPage(number))

    assert labels(page(0)) == ["Next"] * 2
    assert labels(page(1)) == ["Back", "Next"] * 2
    assert labels(page(99_999)) == ["Back"] * 2
    assert "Page 2 of 9" in json.dumps(page(1))
    assert labels(full_text_modal(prompt_for(None), {}, OpenPage())) == []


@settings(deadline=None, max_examples=60)
@given(st.text() | st.sampled_from(["<!channel> *x*", "👍🏽", "\u202e&lt;", "<@U1>\n", " "]), st.integers(1, 20_000))
def test_slack_accepts_every_page_whatever_it_says(text: str, times: int) -> None:
    """And no text becomes markup."""
    said = text * times
    everything(prompt_for(Approval, {"version": said[:50_000], said[:300]: said[:500]}, description=said[:100_000]))


@pytest.mark.parametrize(
    ("description", "title", "rest"),
    [
        ("Publish 1.4?", "Publish 1.4?", ""),
        ("## Publish 1.4?\n\nIt is *big*.", "Publish 1.4?", "It is *big*."),
        ("long " * 40, "Input needed", "long " * 40),
    ],
)
def test_a_plain_type_can_be_given_a_question(description: str, title: str, rest: str) -> None:
    """The first line of its description becomes the title, if it is short enough for one."""
    asked = Question.of(bool, description)

    assert (asked.title, asked.description) == (title, rest)
    assert asked.schema == Question.of(bool).schema
    assert Question.of(None, "Go on?").title == "Go on?"
    assert Question.of(Approval, "Why so?").title == "Approval"
    assert Question.of(Approval, "Why so?").description == "Why so?"


def test_a_yes_says_to_what() -> None:
    """The buttons of a bool carry its name, and those of a text stand below it with what it means."""

    class Canary(BaseModel):
        canary: bool = Field(description="One server first")

    class Color(BaseModel):
        color: Literal["red", "Red"] = Field(title="Paint")

    assert list(buttons(card(prompt_for(Canary), {}))) == ["Canary: Yes", "Canary: No"]
    assert "One server first" in texts(card(prompt_for(Canary), {}))
    assert list(buttons(card(prompt_for(Color), {})))[:2] == ['Red ("red")', 'Red ("Red")']
    assert "*Paint*" in texts(card(prompt_for(Color), {}))
    plain = Question.of(bool, "Go?")
    assert list(buttons(card(prompt_for(None, schema=plain.schema), {}))) == ["Yes", "No"]


def test_fields_variants_and_entries_that_look_alike_are_told_apart() -> None:
    """By their names, and by what is in them."""

    class Dates(BaseModel):
        start: str = Field(title="Date")
        end: str = Field(title="date ")

    cat = create_model("Cat", __config__={"title": "Pet"}, lives=(int, ...))
    dog = create_model("Dog", __config__={"title": "Pet"}, name=(str, ...))
    pets = create_model("Pets", pet=(cat | dog, ...))
    twins = prompt_for(Listed, {"entries": [{"name": "Ana\u200b"}, {"name": "ana"}, {"name": "Ben"}]})

    assert [field.label for field in form_of(prompt_for(Dates)).fields] == ["Date (start)", "date (end)"]
    (pet,) = form_of(prompt_for(pets)).fields
    assert [variant.label for variant in pet.element.variants] == ["Pet (Cat)", "Pet (Dog)"]  # type: ignore[attr-defined]
    shown = texts(card(twins, {}))
    assert '{"name":"Ana\\u200b"}' in shown
    assert '{"name":"ana"}' in shown
    assert '{"name":"Ben"}' not in shown


def test_the_question_comes_first_in_the_notification() -> None:
    """Then what it is about, who may answer and until when. Flow and run come last."""
    prompt = prompt_for(Approval, description="Ships the **new** checkout.", deadline=OPENED + timedelta(hours=4))

    assert card(prompt, {}).text == (
        "Release 1.4 to production? – Ships the new checkout. @ana or @ben may answer. "
        "Times out May 1, 2026, 16:00 UTC, then the run fails. (release · bold-lemur)"
    )
    assert card(prompt_for(Approval, {"version": "1.4"}), {}).text.startswith(
        "Release 1.4 to production? – Version: 1.4. @ana"
    )
    assert texts(card(prompt, {})).startswith("Release 1.4 to production?\nShips the")
    assert texts(card(prompt, {})).endswith("release · bold-lemur")


def test_approvers_and_words_of_an_engine_are_counted_and_can_be_read() -> None:
    """A card names the first approvers, and the beginning of what an engine said."""
    policy = Policy(approvers=tuple(f"@person{number}" for number in range(500)))
    asked = prompt_for(None, stored_policy=policy)
    words = Delivery(DeliveryState.REFUSED, "no " * 300 + "END")
    refused = prompt_for(None, engine="prefect", delivery=words, **settled())

    assert left_out(list(card(asked, {}).blocks)).endswith("more characters")
    assert "@person499" in everything(asked)
    assert left_out(list(card(refused, {}).blocks)) == "403 more characters"
    assert "no END" in everything(refused)


def test_values_that_are_not_all_shown_are_not_submitted_as_shown() -> None:
    """The button says what it does."""
    model = create_model("Model", text=(str, ...), note=(str, "fine"))

    assert "Submit as shown" in buttons(card(prompt_for(model, {"text": "short"}), {}))
    assert "Submit unchanged" in buttons(card(prompt_for(model, {"text": "long " * 400}), {}))


@pytest.mark.parametrize(
    ("title", "description", "question", "rest"),
    [
        ("Approval", "Deploy **1.4** to production?", "Deploy 1.4 to production?", ""),
        ("Approval", "Deploy 1.4?\n\nIt is _big_.", "Deploy 1.4?", "It is _big_."),
        ("Which shirt?", "Is it late?", "Which shirt?", "Is it late?"),
        ("Approval", "It is late.\nDeploy?", "Approval", "It is late.\nDeploy?"),
        ("Approval", "Deploy [this](https://example.com)?", "Approval", "Deploy [this](https://example.com)?"),
        ("Approval", f"{'long ' * 40}?", "Approval", f"{'long ' * 40}?"),
    ],
)
def test_a_question_comes_before_the_name_of_a_model(title: str, description: str, question: str, rest: str) -> None:
    """Where the description begins with a question, and the title is none. The title is then in small print."""
    prompt = prompt_for(Approval, title=title, description=description)
    message = card(prompt, {})
    view = answer_modal(prompt, EditorState(form_of(prompt), Draft({})))
    small_print = message.blocks[-1]["elements"][0]["text"]

    assert message.text.startswith(question)
    assert message.blocks[0]["text"]["text"] == question
    assert [block["text"] for block in message.blocks if block["type"] == "markdown"] == [rest] * bool(rest)
    assert small_print == ("release · bold-lemur" if question == title else f"{title} · release · bold-lemur")
    assert len(question) <= 24 or question in texts(Message("", view["blocks"]))
