"""Press, then ask only for what is missing: which field becomes buttons."""

from typing import Any, Literal

import pytest
from pydantic import create_model

from signoff.bot.forms import Form, Verdict, verdict_of

SIX = Literal["a", "b", "c", "d", "e", "f"]


def verdict(fields: dict[str, Any], initial: dict[str, Any]) -> Verdict | None:
    """The verdict of a model with these fields, given as annotations or with their defaults."""
    definitions: dict[str, Any] = {
        name: given if isinstance(given, tuple) else (given, ...) for name, given in fields.items()
    }
    return verdict_of(Form.of(create_model("Model", **definitions).model_json_schema()), initial)


@pytest.mark.parametrize(
    ("fields", "initial", "found"),
    [
        ({"ok": bool}, {}, "ok"),
        ({"ok": bool, "reason": str}, {}, "ok"),
        ({"ok": (bool, False)}, {}, None),
        ({"ok": bool}, {"ok": True}, None),
        ({"ok": bool | None}, {}, None),
        ({"size": Literal["s", "m"]}, {}, "size"),
        ({"size": Literal["s", "m"], "color": Literal["red"]}, {}, None),
        ({"size": Literal["s", "m"], "color": Literal["red"]}, {"size": "m"}, "color"),
        ({"size": Literal["s", "m"], "ok": bool}, {}, "ok"),
        ({"ok": bool, "sure": bool}, {}, None),
        ({"one": SIX}, {}, None),
        ({"one": Literal[1, 2]}, {}, None),
        ({"one": Literal["x" * 31]}, {}, None),
        ({"name": str}, {}, None),
    ],
)
def test_the_one_open_choice_is_the_verdict(fields: dict[str, Any], initial: dict[str, Any], found: str | None) -> None:
    """A required bool or short literal without an initial value decides; of several only the one bool."""
    verdict_found = verdict(fields, initial)

    assert (verdict_found and verdict_found.field.name) == found


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("approve", ["Approve", "Reject"]),
        ("approved", ["Approve", "Reject"]),
        ("ok", ["Approve", "Reject"]),
        ("accept_terms", ["Approve", "Reject"]),
        ("publish", ["Approve", "Reject"]),
        ("has_backup", ["Yes", "No"]),
        ("value", ["Yes", "No"]),
    ],
)
def test_a_bool_named_like_an_approval_approves(name: str, labels: list[str]) -> None:
    """The name decides between Approve and Reject, and Yes and No."""
    found = verdict({name: bool}, {})

    assert found is not None
    assert [choice.label for choice in found.choices] == labels
    assert [choice.value for choice in found.choices] == [True, False]


def test_options_are_told_as_people_write_them() -> None:
    """An option of a literal loses its underscores; those that say yes or no widget like it."""
    found = verdict({"decision": Literal["approve", "needs_work", "reject"]}, {})

    assert found is not None
    assert [(choice.label, choice.style) for choice in found.choices] == [
        ("Approve", "primary"),
        ("Needs work", None),
        ("Reject", "danger"),
    ]
    assert found.can_reject
