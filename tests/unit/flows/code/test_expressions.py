"""Which expressions of a flow's code can be evaluated without running it."""

import ast
from datetime import timedelta
from typing import Any

import pytest

from signoff import Policy
from signoff.flows.code.expressions import NotConstant, constant

called: list[str] = []


class Mine:
    """Somebody's class: to make one may do anything."""

    def __init__(self) -> None:
        called.append("made")


class Lazy:
    """Its attribute is computed."""

    @property
    def policy(self) -> Policy:
        """Does something."""
        called.append("computed")
        return Policy()


NAMES: dict[str, Any] = {
    "Policy": Policy,
    "timedelta": timedelta,
    "Mine": Mine,
    "lazy": Lazy(),
    "LEADS": Policy(approvers=["@ana"]),
    "find": lambda: called.append("called"),
}


def value(code: str, **assigned: str | None) -> Any:
    """The value of an expression, where these local names are assigned these expressions."""
    local = {name: None if each is None else _parsed(each) for name, each in assigned.items()}
    return constant(_parsed(code), NAMES, local)


def _parsed(code: str) -> ast.expr:
    return ast.parse(code, mode="eval").body


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("LEADS", NAMES["LEADS"]),
        ("Policy(approvers=['@ana', '@ben'], quorum=2)", Policy(approvers=["@ana", "@ben"], quorum=2)),
        ("2 * timedelta(minutes=30)", timedelta(hours=1)),
        ("{'a': (1, -2)}['a'][0]", 1),
    ],
)
def test_what_is_the_same_in_every_run_is_known(code: str, expected: Any) -> None:
    """Values, and the classes that policies are made of."""
    assert value(code) == expected


def test_a_local_name_that_is_assigned_once_stands_for_its_value() -> None:
    """As in `leads = Policy(…)` before the pause, through several names."""
    assert value("Policy(deadline=2 * wait)", wait="timedelta(hours=unit)", unit="1").deadline == timedelta(hours=2)


@pytest.mark.parametrize(
    "code",
    [
        "find()",
        "Mine()",
        "lazy.policy",
        "[find() for _ in (1,)]",
        "Policy(approvers=[find()])",
        "f'{find()}'",
        "LEADS if find() else LEADS",
        "LEADS.approvers",
        "unknown",
        "Policy(quorum=0)",
        "1 / 0",
        "parameter",
        "twice",
        "itself",
    ],
)
def test_what_only_a_run_can_tell_is_not_evaluated(code: str) -> None:
    """Nothing is called that might do something, and a fault is none of the reader's."""
    with pytest.raises(NotConstant):
        value(code, parameter=None, twice=None, itself="[itself]")
    assert called == []


def test_a_function_is_made_and_not_called() -> None:
    """As in the rules of a policy."""
    assert callable(value("lambda values: find()"))
    assert called == []
