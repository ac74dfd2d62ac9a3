"""Cards say what is asked and what was decided, and nothing that is not in the database."""

from datetime import timedelta
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from signoff import Policy
from signoff.bot.blockkit.blocks import Block, Message
from signoff.bot.blockkit.without_pings import without_pings
from signoff.bot.emulator.blocks.text_length import characters
from signoff.bot.emulator.blocks.validation import message_violations
from signoff.bot.surfaces.action_ids import chosen
from signoff.bot.surfaces.cards import card
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Delivery, DeliveryState, Outcome
from tests.support.models import Approval, DataSet, ShirtOrder, Triage
from tests.support.prompts import ANA, MENTIONS, OPENED, prompt_for, settled


def buttons(message: Message) -> dict[str, Block]:
    """The buttons of a message, by label."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {button["text"]["text"]: button for row in rows for button in row}


def texts(message: Message) -> str:
    """All texts of a message, one per line."""

    def written(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["text"]] if isinstance(part.get("text"), str) else []
            return own + [line for value in part.values() for line in written(value)]
        return [line for value in part for line in written(value)] if isinstance(part, list) else []

    return "\n".join(written(list(message.blocks)))


def check(message: Message) -> None:
    """Assert that Slack accepts the message."""
    assert [fault.line() for fault in message_violations({"blocks": message.blocks}, "")] == []
    assert characters(message.blocks) <= 13_200
    assert message.text


def test_an_approval_is_one_press() -> None:
    """A required bool named like an approval becomes Approve and Reject, without another Reject button."""
    shown = buttons(card(prompt_for(Approval, {"version": "1.4"}), MENTIONS))

    assert list(shown) == ["Approve", "Reject", "Edit…"]
    assert [button.get("style") for button in shown.values()] == ["primary", "danger", None]
    assert [chosen(button["action_id"]) for button in shown.values()] == [0, 1, None]


def test_a_bool_of_another_name_is_a_plain_question() -> None:
    """A bool that is not an approval becomes Yes and No, each with what it is about."""

    class Question(BaseModel):
        has_backup: bool

    assert list(buttons(card(prompt_for(Question), {}))) == ["Has Backup: Yes", "Has Backup: No"]


def test_a_literal_becomes_a_button_for_each_option() -> None:
    """The only literal without an initial value becomes buttons, with a separate one to reject."""
    shown = buttons(card(prompt_for(ShirtOrder, {"size": "large"}), MENTIONS))

    assert list(shown) == ["Red", "Green", "Off white", "Edit…", "Reject…"]


def test_a_literal_that_can_reject_is_the_only_rejection() -> None:
    """If one option says no, there is no separate button to reject."""
    assert list(buttons(card(prompt_for(Triage), MENTIONS))) == ["Approve", "Needs work", "Reject"]


def test_a_button_that_opens_a_modal_ends_in_an_ellipsis() -> None:
    """If values are missing, answering opens the form."""
    assert list(buttons(card(prompt_for(DataSet), MENTIONS))) == ["Answer…", "Reject…"]


def test_values_that_are_complete_are_submitted_as_shown() -> None:
    """If no value is missing, one press submits them. Another opens the form to change them first."""
    initial = {"rows": 5, "drop": [], "since": "2026-01-31"}

    assert list(buttons(card(prompt_for(DataSet, initial), MENTIONS))) == [
        "Submit as shown",
        "Edit…",
        "Reject…",
    ]


def test_a_pause_without_input_resumes_or_rejects() -> None:
    """A prompt without a schema asks only whether to continue."""
    assert list(buttons(card(prompt_for(None), MENTIONS))) == ["Resume", "Reject…"]


def test_buttons_carry_the_prompt_and_nothing_else() -> None:
    """The value of every button is the prompt's id."""
    prompt = prompt_for(ShirtOrder)

    assert {button["value"] for button in buttons(card(prompt, MENTIONS)).values()} == {prompt.id}


def test_a_card_can_be_found_again() -> None:
    """The metadata names the prompt and the place, and nothing else."""
    prompt = prompt_for(Approval)

    assert card(prompt, {}).metadata == {
        "event_type": "signoff_prompt",
        "event_payload": {"prompt_id": prompt.id, "place": "channel:"},
    }


def test_the_card_mentions_the_approvers_it_knows() -> None:
    """Approvers with a Slack account are mentioned on the card, the others named. The notification mentions nobody."""
    message = card(prompt_for(Approval), MENTIONS)

    assert "<@U0ANA> or @ben may answer." in texts(message)
    assert "@ana or @ben may answer." in message.text
    assert "<@" not in message.text


def test_without_approvers_anyone_in_the_channel_may_answer() -> None:
    """The card says so in words."""
    assert "Anyone in this channel from this workspace may answer." in texts(
        card(prompt_for(Approval, stored_policy=Policy()), {})
    )


def test_many_approvers_are_counted() -> None:
    """The card names the first approvers and counts the others."""
    message = card(
        prompt_for(Approval, stored_policy=Policy(approvers=tuple(f"@person{number}" for number in range(500)))), {}
    )

    check(message)
    assert "@person10, @person11 or 488 others may answer." in texts(message)


@pytest.mark.parametrize(
    ("at_deadline", "said"),
    [
        ("fail", "then the run fails."),
        ("continue", "then the run continues with the values shown."),
        ("approve", "then its policy approves it."),
        ("reject", "then its policy rejects it."),
    ],
)
def test_the_card_says_what_happens_at_the_deadline(at_deadline: str, said: str) -> None:
    """The deadline is in the reader's time zone on the card, and in UTC in the notification."""
    prompt = prompt_for(
        Approval,
        deadline=OPENED + timedelta(hours=4),
        stored_policy=Policy.model_validate({"at_deadline": at_deadline}),
    )
    message = card(prompt, {})

    assert f"|May 1, 2026, 16:00 UTC>, {said}" in texts(message)
    assert f"Times out May 1, 2026, 16:00 UTC, {said}" in message.text


def test_the_values_under_decision_are_shown() -> None:
    """Initial values and defaults are shown under their titles, except empty defaults."""
    shown = texts(card(prompt_for(Approval, {"version": "1.4", "at": "2026-05-01T10:00:00Z"}), {}))

    assert "*Version*\n1.4\n*Go live at*\n<!date^1777629600^" in shown
    assert "*Reason*" not in shown


@pytest.mark.parametrize(
    ("outcome", "answer", "said"),
    [
        (Outcome.SUBMITTED, {"approved": True, "version": "1.4"}, "✅ *Approved* by <@U0ANA>"),
        (Outcome.SUBMITTED, {"approved": False, "version": "1.4"}, "❌ *Rejected* by <@U0ANA>"),
        (Outcome.REJECTED, None, "❌ *Rejected* by <@U0ANA>"),
        (Outcome.CANCELLED, None, "🚫 *Cancelled* by <@U0ANA>"),
        (Outcome.TIMED_OUT, None, "⌛ *Timed out* · "),
    ],
)
def test_a_settled_card_says_how_it_ended(outcome: Outcome, answer: dict[str, Any] | None, said: str) -> None:
    """In place of the buttons are the outcome, who decided and when. A timeout is not a rejection."""
    message = card(prompt_for(Approval, {"version": "1.4"}, **settled(outcome, answer=answer)), MENTIONS)

    assert said in texts(message)
    assert "<!date^1777640400^" in texts(message)
    assert not buttons(message)


def test_changes_against_the_initial_values_are_marked() -> None:
    """A value that was changed also shows its initial value."""
    answer = {"approved": True, "version": "1.5", "at": None, "reason": "hotfix"}
    shown = texts(card(prompt_for(Approval, {"version": "1.4"}, **settled(answer=answer)), {}))

    assert "*Version*\n1.5  (was 1.4)\n*Go live at*" not in shown
    assert "*Version*\n1.5  (was 1.4)\n*Reason*\nhotfix" in shown


def test_a_reason_is_shown() -> None:
    """The reason of a rejection is on the card and in the notification."""
    message = card(prompt_for(ShirtOrder, **settled(Outcome.REJECTED, reason="Too *late*\nfor May")), {})

    assert "*Reason*\nToo *late*\nfor May" in texts(message)
    assert message.text.endswith("Rejected by Ana Ruiz: Too \u200b*\u200blate\u200b*\u200b for May")


def test_a_person_without_a_slack_id_is_named() -> None:
    """A person who answered on the command line is shown by name, escaped."""
    message = card(prompt_for(None, **settled(actor=Actor("cli:eve", "Eve <!here>"))), {})

    assert "*Resumed* by Eve &lt;!here&gt;" in texts(message)


@pytest.mark.parametrize(
    ("requester", "shown"),
    [(Actor("@eve", "Eve <!here>"), "Requested by Eve &lt;!here&gt;"), (ANA, "Requested by <@U0ANA>")],
)
def test_the_card_says_who_requested_the_run(requester: Actor, shown: str) -> None:
    """By name, or as a mention if Slack knows the person. The first post does not notify them."""
    message = card(prompt_for(None, requester=requester), {})

    assert shown in texts(message)
    assert "<@" not in texts(without_pings(message, [], lambda _: "Ana Ruiz"))
    assert "Requested" not in texts(card(prompt_for(None), {}))


@pytest.mark.parametrize(
    ("delivery", "said"),
    [
        (Delivery(DeliveryState.PENDING), "Sending it to prefect…"),
        (Delivery(DeliveryState.PENDING, error="503"), "Sending it to prefect… The last attempt failed"),
        (Delivery(DeliveryState.ACCEPTED, "RUNNING"), "prefect accepted it."),
        (Delivery(DeliveryState.REFUSED), "⚠️ prefect refused it."),
        (Delivery(DeliveryState.REFUSED, "<!here> not paused"), "⚠️ prefect refused it: &lt;!here&gt; not paused"),
    ],
)
def test_a_settled_card_says_whether_its_engine_has_the_outcome(delivery: Delivery, said: str) -> None:
    """On the card and in the sentence that stands for it."""
    message = card(prompt_for(None, engine="prefect", delivery=delivery, **settled()), {})

    check(message)
    assert said in texts(message)
    assert said in message.text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://x.example/|<!here>", "https://x.example/\n", ""])
def test_only_a_web_address_becomes_a_link(link: str) -> None:
    """An engine cannot forge markup by it."""
    assert "Open in" not in texts(card(prompt_for(None, engine="prefect"), {}, link=link))
    assert "<https://x.example/?a&amp;b|Open in prefect>" in texts(
        card(prompt_for(None, engine="prefect"), {}, link="https://x.example/?a&b")
    )


HOSTILE = st.text() | st.sampled_from(["<!channel> *x*", "`", "a", "é\u202e", "<@U1>\n"])
TIMES = st.sampled_from([1, 200, 20_000])


@settings(deadline=None)
@given(texts=st.tuples(*[HOSTILE] * 7), times=st.tuples(*[TIMES] * 7), outcome=st.sampled_from([None, *Outcome]))
def test_whatever_people_write_the_card_notifies_nobody_and_fits(
    texts: tuple[str, ...], times: tuple[int, ...], outcome: Outcome | None
) -> None:
    """Slack accepts the message with any text anywhere, and it mentions only the approvers."""
    title, description, version, reason, approver, requester, words = map(str.__mul__, texts, times)
    ended = settled(outcome, Actor("cli", reason), reason=reason, answer={"version": title}) if outcome else {}
    prompt = prompt_for(
        Approval,
        {"version": version, "unknown": description},
        title=title,
        description=description,
        stored_policy=Policy(approvers=(approver or "@eve",)),
        requester=Actor("@eve", requester),
        engine="prefect",
        delivery=Delivery(DeliveryState.REFUSED, words),
        **ended,
    )
    message = card(prompt, {})

    check(message)
    marked = [part for part in _markup(list(message.blocks)) if "<!date" not in part]
    assert not any(mention in part for part in [*marked, message.text] for mention in ("<!", "<@", "<#"))


def _markup(part: Any) -> list[str]:
    """Every text that Slack parses as markup."""
    if isinstance(part, list):
        return [text for value in part for text in _markup(value)]
    if not isinstance(part, dict):
        return []
    if part.get("type") in ("mrkdwn", "markdown"):
        return [part["text"]]
    return [text for value in part.values() for text in _markup(value)]


def test_more_values_than_a_message_holds_are_counted() -> None:
    """A card with a hundred fields shows the first ones, and says how many it leaves out."""
    message = card(prompt_for(None, {f"field_{number}": "x" * 90 for number in range(100)}), {})

    check(message)
    assert "and 80 more" in texts(message)


class Cat(BaseModel):
    """Purrs"""

    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    """Barks"""

    kind: Literal["dog"]
    name: str


class Household(BaseModel):
    """Who lives there"""

    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    guests: list[Dog] = []
    limit: int | Literal["none"] = "none"


def rows_of(answer: dict[str, Any], initial: dict[str, Any]) -> list[tuple[str, str]]:
    """The labels and values of a settled card."""
    blocks = card(prompt_for(Household, initial, **settled(answer=answer)), MENTIONS).blocks
    cells = [cell["text"] for block in blocks for cell in block.get("fields", ())]
    return list(zip(cells[::2], cells[1::2], strict=True))


def test_changes_are_marked_at_any_depth() -> None:
    """Added, changed and removed entries are marked, and changed values within a union."""
    rex, max_, ada = ({"kind": "dog", "name": name} for name in ("Rex", "Max", "Ada"))
    initial = {"pet": {"kind": "cat", "lives": 9}, "guests": [rex, max_], "limit": 3}
    answer = {"pet": {"kind": "cat", "lives": 8}, "guests": [max_, ada], "limit": 4}

    assert rows_of(answer, initial) == [
        ("*Pet*", "Cat"),
        ("*Pet › Lives*", "8  (was 9)"),
        ("*Guests*", "Kind: dog · Name: Rex  (removed)"),
        ("*Guests 1*", "Kind: dog · Name: Max"),
        ("*Guests 2*", "Kind: dog · Name: Ada  (added)"),
        ("*Limit › Whole number*", "4  (was 3)"),
    ]


def test_another_variant_shows_the_old_value() -> None:
    """Its own fields are not marked, because there is nothing to compare them with."""
    answer = {"pet": {"kind": "dog", "name": "Rex"}, "guests": [], "limit": "none"}

    assert rows_of(answer, {"pet": {"kind": "cat", "lives": 7}, "limit": 3}) == [
        ("*Pet*", "Dog  (was Cat · Lives: 7)"),
        ("*Pet › Name*", "Rex"),
        ("*Limit*", "none  (was 3)"),
    ]


@pytest.mark.parametrize(("answer", "sign"), [(True, "✅"), (False, "❌")])
def test_a_no_does_not_look_like_a_yes(answer: bool, sign: str) -> None:
    """People look at the sign before they read."""

    class Question(BaseModel):
        value: bool

    shown = card(prompt_for(Question, **settled(answer={"value": answer})), {})
    assert sign in texts(shown)
