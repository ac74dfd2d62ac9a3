"""What was entered in a modal is read from a payload in which anything may stand."""

from typing import Any

import pytest

from signoff.bot.forms import ACTION
from signoff.bot.surfaces.entered import chosen, ticked, typed, user


def entered(**value: Any) -> dict[str, Any]:
    """The state of a modal with one block."""
    return {"block": {ACTION: value}}


def test_what_was_entered_is_read() -> None:
    """As Slack reports it for a text, a select, boxes and a person."""
    assert typed(entered(value=" because\0 "), "block") == "because"
    assert chosen(entered(selected_option={"value": "hour"}), "block") == "hour"
    assert ticked(entered(selected_options=[{"value": "a"}, {"value": "b"}]), "block") == ["a", "b"]
    assert user(entered(selected_user="U0ANA"), "block") == "U0ANA"


@pytest.mark.parametrize("odd", [None, 5, "text", [], [5], {}, {"value": 5}, {"value": None}, [{"value": []}]])
def test_what_makes_no_sense_is_nothing(odd: Any) -> None:
    """And never an error."""
    keys = ("value", "selected_option", "selected_options", "selected_user")
    for state in (*(entered(**{key: odd}) for key in keys), {"block": {ACTION: odd}}, {"block": odd}):
        assert chosen(state, "block") == ""
        assert ticked(state, "block") == []
        assert typed(state, "block") in ("", odd)
        assert user(state, "block") in ("", odd)
    assert typed({}, "block") == ""
