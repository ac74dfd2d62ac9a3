"""People and channels are chosen from those that exist, and shown as mentions."""

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, create_model

from signoff.bot.blockkit.blocks import Block, Message, mrkdwn, plain_text, section
from signoff.bot.blockkit.without_pings import without_pings
from signoff.bot.forms import UNSET, Form
from signoff.bot.forms.layout import blocks_of
from signoff.flows.schema.json_schema import schema_of
from signoff.input import SlackChannel, SlackUser
from tests.unit.bot.forms.slack import check, submitted_as_drawn

IDS = st.from_regex(r"U[A-Z0-9]{2,11}", fullmatch=True)


def form_of(annotation: Any, **field: Any) -> Form:
    """The form of a model with the one field `it`."""
    return Form.of(schema_of(create_model("Model", it=(annotation, Field(**field)))))


def drawn(form: Form, value: Any = UNSET) -> Block:
    """The element with `value` filled in, without what all elements have in common."""
    blocks = blocks_of(form, {} if value is UNSET else {"it": value})
    check(blocks)
    return {key: part for key, part in blocks[0]["element"].items() if key != "action_id"}


AT_MOST_THREE = Annotated[list[SlackUser], Field(max_length=3)]
CHANNELS = {"filter": {"include": ["public", "private"]}}


@pytest.mark.parametrize(
    ("annotation", "value", "element"),
    [
        (SlackUser, UNSET, {"type": "users_select"}),
        (SlackUser, "U0ANA", {"type": "users_select", "initial_user": "U0ANA"}),
        (SlackUser | None, "U0ANA", {"type": "users_select", "initial_user": "U0ANA"}),
        (SlackUser, "@ana", {"type": "users_select"}),
        (SlackChannel, "C0ALL", {"type": "conversations_select", "initial_conversation": "C0ALL", **CHANNELS}),
        (list[SlackUser], ["U0ANA", 5], {"type": "multi_users_select", "initial_users": ["U0ANA"]}),
        (set[SlackChannel], UNSET, {"type": "multi_conversations_select", **CHANNELS}),
        (
            Annotated[list[SlackUser], Field(max_length=3)],
            UNSET,
            {"type": "multi_users_select", "max_selected_items": 3},
        ),
    ],
)
def test_people_and_channels_have_selects_of_their_own(annotation: Any, value: Any, element: Block) -> None:
    """The selects have the initial ids chosen. Those for channels offer no direct messages."""
    assert drawn(form_of(annotation), value) == element


@given(IDS, st.lists(IDS, unique=True))
def test_the_chosen_ids_are_read_back(one: str, several: list[str]) -> None:
    """They are not changed."""
    model = create_model("Model", one=(SlackUser, ...), several=(list[SlackUser], ...), to=(SlackChannel, ...))
    form = Form.of(schema_of(model))
    values = {"one": one, "several": several, "to": f"C{one}"}
    reading = form.read(submitted_as_drawn(blocks_of(form, values)), {})
    assert reading.errors == {}
    assert reading.values == values


@pytest.mark.parametrize("claimed", ["C0ALL", "<!channel>", 5, ["U0ANA"]])
def test_anything_but_a_person_is_refused(claimed: Any) -> None:
    """Whatever a payload claims."""
    form = form_of(SlackUser)
    reading = form.read({"/it": {"value": {"selected_user": claimed}}}, {})
    assert reading.errors == {("it",): "Choose a person."}


def test_only_ids_are_shown_as_mentions() -> None:
    """A broadcast such as `<!channel>` is shown as text."""
    (one,) = form_of(SlackUser).fields
    (several,) = form_of(list[SlackChannel]).fields
    assert one.element.show("U0ANA") == "<@U0ANA>"
    assert "<" not in one.element.show("<!channel>")
    assert several.element.show(["C0ALL", "C0OPS"]) == "<#C0ALL>, <#C0OPS>"
    assert several.element.show(["C0ALL"] * 32).count("<#C0ALL>") == 32


def test_a_card_notifies_nobody_who_is_merely_a_value() -> None:
    """The first post has their names. Mentions of approvers and text that looks like a mention stay as they are."""
    blocks = [section(mrkdwn("<@U0ANA> and <@U0BEN> and <@U0BAD>")), section(plain_text("<@U0BEN>"))]
    said = without_pings(Message("text", blocks), {"<@U0ANA>"}, {"U0BEN": "Ben <!here> Okafor"}.get)
    assert said.blocks[0]["text"]["text"] == "<@U0ANA> and @Ben &lt;!here&gt; Okafor and @U0BAD"
    assert said.blocks[1]["text"]["text"] == "<@U0BEN>"


def test_two_people_of_one_name_are_told_apart() -> None:
    """By their ids, as long as Slack would notify them if they were mentioned."""
    names = {"U0ANA": "Ana Ruiz", "U0BEN": "ana  ruiz", "U0MEI": "Mei"}
    said = without_pings(Message("text", [section(mrkdwn("<@U0ANA>, <@U0BEN>, <@U0MEI>"))]), set(), names.get)
    assert said.blocks[0]["text"]["text"] == "@Ana Ruiz (U0ANA), @ana ruiz (U0BEN), @Mei"
