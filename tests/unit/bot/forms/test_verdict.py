"""The verdict of a form becomes buttons."""

from typing import Any, Literal

import pytest
from pydantic import create_model

from signoff.bot.forms import Form, VerdictButtons, verdict_buttons
from signoff.flows.durable.question import Question
from signoff.flows.schema import verdict as schema_verdict
from tests.golden.zoo import ZOO


def verdict(fields: dict[str, Any], initial: dict[str, Any]) -> VerdictButtons | None:
    """The verdict of a model with these fields, each an annotation or one with its default."""
    definitions: dict[str, Any] = {
        name: given if isinstance(given, tuple) else (given, ...) for name, given in fields.items()
    }
    return verdict_buttons(Form.of(create_model("Model", **definitions).model_json_schema()), initial)


@pytest.mark.parametrize("name", ZOO)
def test_the_values_of_the_verdict_become_buttons(name: str) -> None:
    """Each value of the schema's verdict has a button. No other field has any."""
    question = Question.of(ZOO[name])
    found = verdict_buttons(Form.of(question.schema or {}), question.initial_values)
    wanted = schema_verdict.verdict_of(question.schema, question.initial_values)
    if wanted is None:
        assert found is None
    else:
        assert found is not None
        assert found.field.path == (wanted.name,)
        assert [choice.value for choice in found.choices] == [each.value for each in wanted.values]


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("approve", ["Approve", "Reject"]),
        ("approved", ["Approve", "Reject"]),
        ("ok", ["Approve", "Reject"]),
        ("accept_terms", ["Approve", "Reject"]),
        ("publish", ["Approve", "Reject"]),
        ("has_backup", ["Has Backup: Yes", "Has Backup: No"]),
        ("value", ["Yes", "No"]),
    ],
)
def test_a_bool_named_like_an_approval_approves(name: str, labels: list[str]) -> None:
    """The name decides whether the buttons are Approve and Reject or Yes and No."""
    found = verdict({name: bool}, {})

    assert found is not None
    assert [choice.label for choice in found.choices] == labels
    assert [choice.value for choice in found.choices] == [True, False]


def test_options_are_shown_in_words() -> None:
    """Underscores become spaces, and options that approve or reject are coloured."""
    found = verdict({"decision": Literal["approve", "needs_work", "reject"]}, {})

    assert found is not None
    assert [(choice.label, choice.style) for choice in found.choices] == [
        ("Approve", "primary"),
        ("Needs work", None),
        ("Reject", "danger"),
    ]
    assert found.can_reject
