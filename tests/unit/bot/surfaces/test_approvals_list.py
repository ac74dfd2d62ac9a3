"""`/approvals` lists the prompts that are waiting for an answer."""

from datetime import timedelta

import pytest

from signoff import Policy
from signoff.bot.surfaces.action_ids import OPEN
from signoff.bot.surfaces.approvals_list import approvals_list
from signoff.bot.surfaces.listings import Listing
from tests.support.models import Approval
from tests.support.prompts import OPENED, prompt_for
from tests.unit.bot.surfaces.test_cards import check, texts

NOW = OPENED + timedelta(days=1, hours=3)


def test_an_empty_list_says_so() -> None:
    """It is a sentence, not an empty message."""
    message = approvals_list([], NOW)

    check(message)
    assert message.text == "Nothing is waiting for your answer."


def test_a_listed_prompt_shows_what_people_need_to_choose_it() -> None:
    """The question comes first, beside a button that opens it, then what it is about; flow and run come last."""
    prompt = prompt_for(
        Approval, title="Release *1.4*?", description="Ships the **new** checkout.", deadline=OPENED + timedelta(days=2)
    )
    message = approvals_list([prompt], NOW, Listing("all"))
    entry, small_print = message.blocks[-2:]

    check(message)
    assert entry["text"]["text"] == "*Release \u200b*\u200b1.4\u200b*\u200b?*\nShips the new checkout."
    assert "open for 1 d 3 h · times out <!date^1777809600^" in texts(message)
    assert small_print["elements"][0]["text"].endswith(f" · #releases · release · bold-lemur · {prompt.id[:8]}")
    assert (entry["accessory"]["action_id"], entry["accessory"]["value"]) == (OPEN, prompt.id)


def test_a_channel_known_by_its_id_is_linked() -> None:
    """A channel id becomes a link to the channel."""
    assert "<#C0RELEASES>" in texts(
        approvals_list([prompt_for(Approval, stored_policy=Policy(channel="C0RELEASES"))], NOW)
    )


def test_more_prompts_than_a_message_holds_are_counted() -> None:
    """Each page of a hundred long prompts fits into a message, and has buttons for the pages beside it."""
    found = [
        prompt_for(Approval, title=f"{number} {'<*>' * 900}", description="<&>" * 900, flow="&" * 90, run_name="<" * 90)
        for number in range(90)
    ]
    every = Listing("all")
    first, last = approvals_list(found, NOW, every), approvals_list(found, NOW, every, page=6)

    check(first)
    check(last)
    assert first.text == "90 prompts are waiting for an answer."
    assert texts(first).endswith("Page 1 of 6\nNext")
    assert "*89 &lt;" in texts(last)
    assert texts(last).endswith("Page 6 of 6\nBack")
    assert [button["value"] for each in (first, last) for button in each.blocks[-1]["elements"]] == ["all 2", "all 5"]


def test_a_list_that_is_not_complete_says_so() -> None:
    """There may be more prompts than can be looked at while an ack waits. Turning the page looks at more."""
    message = approvals_list([prompt_for(Approval)] * 90, NOW, Listing("all"), page=6, are_all=False)
    none_yet = approvals_list([], NOW, are_all=False)

    check(message)
    check(none_yet)
    assert message.text == "At least 90 prompts are waiting for an answer."
    assert texts(message).endswith("Page 6 of 6 or more\nBack\nNext")
    assert "Nothing" not in none_yet.text
    assert texts(none_yet).endswith("Look further")


def test_the_list_of_what_waits_says_where_the_others_are() -> None:
    """Whether it is empty or not."""
    for found in ([], [prompt_for(Approval)]):
        message = approvals_list(found, NOW)
        check(message)
        assert "`/approvals all` lists every prompt that you may see" in texts(message)


@pytest.mark.parametrize(
    ("claimed", "listing", "page"),
    [
        ("list 3", Listing(), 3),
        ("flow 2 shirt order 2", Listing("flow", "shirt order 2"), 2),
        ("7", Listing("all"), 7),
        ("mine", Listing("mine"), 1),
        ("secret 2", Listing(), 2),
        ("", Listing(), 1),
        ("all 99999999999999999999", Listing("all"), 1),
    ],
)
def test_a_button_names_its_list_and_page(claimed: str, listing: Listing, page: int) -> None:
    """One that makes no sense is the first page of what waits; one of an earlier version had one list."""
    assert Listing.read(claimed) == (listing, page)
